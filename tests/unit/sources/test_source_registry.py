"""The name of a source opens it, and a wrong one is explained."""

from __future__ import annotations

import pytest

from stock_ai.clock import utc_now
from stock_ai.errors import InvalidInputError
from stock_ai.settings import SourceSettings
from stock_ai.sources.registry import is_live, open_source


def no_pacer():
    raise AssertionError("nothing is asked over the network here")


def test_known_names_open_their_source(tmp_path):
    (tmp_path / "FPT.csv").write_text("symbol,date,open,high,low,close,volume\n")
    assert open_source(SourceSettings(PRICE_SOURCE="simulated"), utc_now, no_pacer).name == "simulated"
    assert open_source(SourceSettings(PRICE_SOURCE="csv", PRICE_DATA=tmp_path), utc_now, no_pacer).name == "csv"


def test_an_unknown_name_is_refused():
    with pytest.raises(InvalidInputError, match=r"PRICE_SOURCE 'nyse' is unknown; known are vnstock, csv, simulated"):
        open_source(SourceSettings(PRICE_SOURCE="nyse"), utc_now, no_pacer)


def test_csv_needs_data():
    with pytest.raises(InvalidInputError, match="PRICE_DATA is missing"):
        open_source(SourceSettings(PRICE_SOURCE="csv"), utc_now, no_pacer)


def test_only_vnstock_is_live_and_it_is_paced():
    asked = []
    source = open_source(SourceSettings(PRICE_SOURCE="vnstock"), utc_now, lambda: asked.append(1))
    assert is_live(source)
    assert asked == [1]
    assert not is_live(open_source(SourceSettings(PRICE_SOURCE="simulated"), utc_now, no_pacer))
