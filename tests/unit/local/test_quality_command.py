"""`stock-ai quality`: what it shows of a report."""

import datetime as dt
import io
import json

import numpy as np
import pytest
from rich.console import Console

from local.cli.quality import chosen, rendered
from stock_ai.errors import NotFoundError
from stock_ai.quality.assessment import assess
from stock_ai.quality.report import SetAside
from tests.fakes.clock import FixedClock
from tests.fakes.daily_bars import EVERY_WEEKDAY, daily_bars, weekdays, without

NOW = dt.datetime(2024, 5, 20, 9, 0, tzinfo=dt.UTC)
DAYS = weekdays(100)


@pytest.fixture(scope="module")
def report():
    close = np.full(100, 20_000.0)
    history = np.where(np.arange(100) < 50, 10_000.0, 20_000.0)
    symbols = [daily_bars(close, name) for name in ("AAA", "BBB")] + [
        without(daily_bars(close, "FPT", adjusted_close=history, volume=np.zeros(100)), 3, *range(60, 90)),
        daily_bars(close, "SIM", source="simulated"),
        daily_bars(close, "ODD", volume=1_234_567 + 100 * np.arange(100)),
    ]
    symbols = [without(bars, 2) for bars in symbols]
    return assess(symbols, [SetAside("FPT", None, "undecodable")], EVERY_WEEKDAY, FixedClock(NOW))


def text(quality):
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(rendered(quality))
    return console.export_text()


def test_the_market_is_shown_with_its_gaps_and_its_worst(report):
    shown = text(chosen(report, None))
    for part in (
        "Market: quality",
        "2024-01-01 to 2024-05-17",
        "several (SIMULATED)",
        "undecodable 1",
        "Least complete",
    ):
        assert part in shown
    assert "Sessions without a bar of any symbol" in shown
    assert str(DAYS[2]) in shown
    assert "1 at 2024-05-20 09:00 UTC" in shown


def test_a_symbol_is_shown_with_its_gaps_actions_and_newest_warnings(report):
    shown = text(chosen(report, " fpt "))
    assert f"{DAYS[60]} to {DAYS[89]}" in shown
    for part in ("trading halt", "0.5000", "stock", "zero_volume", "more; --json shows them"):
        assert part in shown
    odd = text(chosen(report, "ODD"))
    assert "1,244,467" in odd
    assert "1,244,400" in odd
    sound = text(chosen(report, "AAA"))
    assert "Warnings" not in sound
    assert "Corporate actions" not in sound


def test_an_unknown_symbol_is_named(report):
    with pytest.raises(NotFoundError, match="--symbol: 'XYZ'"):
        chosen(report, "XYZ")


def test_the_json_is_what_the_api_tells(report):
    content = json.loads(json.dumps(chosen(report, "FPT").model_dump(mode="json")))
    assert (content["symbol"], content["warnings"]["zero_volume"], content["sessions_behind"]) == ("FPT", 68, 1)
