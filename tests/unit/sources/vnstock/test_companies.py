"""From rows as the providers give them to listings."""

from __future__ import annotations

import datetime as dt

import pytest

from stock_ai.errors import RetryableError
from stock_ai.models.listing import Listing, Sector
from stock_ai.sources.vnstock.companies import listings, sectors

DAY = dt.date(2026, 11, 25)
ROW = {"symbol": "FPT", "exchange": "HOSE", "name": "CTCP FPT", "name_en": "FPT Corp", "kind": "stock"}


def test_a_company_becomes_a_listing():
    assert listings([ROW], DAY, "vnstock") == [
        Listing(symbol="FPT", exchange="HOSE", name="CTCP FPT", name_en="FPT Corp", as_of=DAY, source="vnstock")
    ]


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"exchange": "HSX"}, "exchange", "HOSE"),
        ({"exchange": "DELISTED"}, "exchange", None),
        ({"exchange": float("nan")}, "exchange", None),
        ({"name": float("nan")}, "name", None),
        ({"name": None}, "name", None),
        ({"name": "  CTCP \u200b FPT\n"}, "name", "CTCP FPT"),
        ({"name": "a" * 900}, "name", "a" * 200),
        ({"name": "Vie\u0302\u0323t"}, "name", "Việt"),
        ({"kind": "ETF"}, "symbol", "FPT"),
    ],
)
def test_cells_are_made_clean(change, field, value):
    (found,) = listings([ROW | change], DAY, "vnstock")
    assert getattr(found, field) == value


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "bond"},
        {"kind": None},
        {"symbol": "VN30F1M"},
        {"symbol": "VNINDEX"},
        {"symbol": None},
        {"symbol": "fpt' --"},
    ],
)
def test_what_is_no_stock_is_left_out(change):
    assert [one.symbol for one in listings([ROW | change, ROW | {"symbol": "VNM"}], DAY, "vnstock")] == ["VNM"]
    with pytest.raises(RetryableError, match="no stock in 1 rows"):
        listings([ROW | change], DAY, "vnstock")


def test_only_the_second_level_of_the_icb_is_a_sector(caplog):
    rows = [
        {"symbol": "ACB", "level": 1, "code": "8500"},
        {"symbol": "ACB", "level": 2, "code": "8300"},
        {"symbol": "PVS", "level": 2, "code": 500},
        {"symbol": "XXX", "level": 2, "code": "1234"},
        {"symbol": None, "level": 2, "code": "8300"},
    ]
    assert sectors(rows) == {"ACB": Sector.BANKS, "PVS": Sector.OIL_GAS}
    assert "1234" in caplog.text


@pytest.mark.parametrize("rows", [[], [{"symbol": "ACB", "level": 1, "code": "8300"}], [{}]])
def test_no_sector_at_all_is_a_broken_answer(rows):
    with pytest.raises(RetryableError):
        sectors(rows)
