"""The name of a source opens it, and a wrong one is explained."""

from __future__ import annotations

import pytest

from stock_ai.clock import utc_now
from stock_ai.errors import InvalidInputError
from stock_ai.settings import SourceSettings
from stock_ai.sources.registry import open_source


def test_known_names_open_their_source(tmp_path):
    (tmp_path / "FPT.csv").write_text("symbol,date,open,high,low,close,volume\n")
    assert open_source(SourceSettings(PRICE_SOURCE="simulated"), utc_now).name == "simulated"
    assert open_source(SourceSettings(PRICE_SOURCE="csv", PRICE_DATA=tmp_path), utc_now).name == "csv"


def test_an_unknown_name_is_refused():
    with pytest.raises(InvalidInputError, match=r"PRICE_SOURCE 'nyse' is unknown; known are csv, simulated"):
        open_source(SourceSettings(PRICE_SOURCE="nyse"), utc_now)


def test_csv_needs_data():
    with pytest.raises(InvalidInputError, match="PRICE_DATA is missing"):
        open_source(SourceSettings(PRICE_SOURCE="csv"), utc_now)
