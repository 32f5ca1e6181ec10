"""`stock-ai track-record`: what it shows."""

import datetime as dt
import io

import pytest
from rich.console import Console

from local.cli.track_record import rendered
from stock_ai.track_record.tallies import of_symbol
from tests.fakes.track_record import MODEL, make_signal

NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)


def text(record, symbol=None):
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(rendered(record, symbol))
    return console.export_text()


@pytest.mark.parametrize("simulated", [False, True])
def test_groups_doubts_and_the_world_are_shown(simulated):
    unproven = MODEL.model_copy(update={"proven_skill": False})
    shown = text(of_symbol([make_signal("FPT", simulated=simulated, model=unproven)], [], NOW), "FPT")
    for part in ("FPT: signals of 2024-01-01", "BUY", "0.50 to 0.55", "logistic v1 (no proven skill)", "2024-01"):
        assert part in shown
    assert ("SIMULATED" in shown) is simulated
    assert "too late" not in shown


def test_late_signals_are_apart():
    knowing = MODEL.model_copy(update={"trained_until": dt.date(2024, 2, 1)})
    shown = text(of_symbol([make_signal("FPT", model=knowing)], [], NOW))
    assert "Market: signals" in shown
    assert "too late to count" in shown
