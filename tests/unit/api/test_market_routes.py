"""Overview, movers, sectors and breadth, from the market's rows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from api.app import create_app
from stock_ai.models.analysis import WithheldReason
from stock_ai.models.listing import Sector
from tests.fakes.api_services import MemoryListings, MemoryMarket, make_bar, make_listing, make_row, memory_services
from tests.fakes.http_client import Client

MARKET = "/api/v1/market"
BEFORE = dt.date(2025, 8, 21)
ROWS = [
    make_row("ACB", signal="SELL", confidence=0.7, change_percent=-2.0, traded_value=3e11, volume_ratio=0.5),
    make_row("FPT", change_percent=1.25, traded_value=9e11, volume_ratio=2.5, new_high=True, above_sma_50=False),
    make_row("HPG", change_percent=0.0, traded_value=None, volume_ratio=None, above_sma_50=None),
    make_row("SHS", signal="HOLD", confidence=0.5, change_percent=4.0, traded_value=1e9, above_sma_200=True),
    make_row("OLD", as_of=BEFORE, change_percent=9.0, traded_value=9e15),
    make_row(
        "VNINDEX",
        close=Decimal("1616.80"),
        signal=None,
        confidence=None,
        withheld=WithheldReason.INDEX_NOT_MODELLED,
        change_percent=1.0526,
    ),
]
KNOWN = [
    make_listing("ACB", name="Ngân hàng Á Châu", sector=Sector.BANKS),
    make_listing("FPT", sector=Sector.TECHNOLOGY),
    make_listing("SHS", exchange="HNX", sector=Sector.FINANCIAL_SERVICES),
]


@pytest.fixture
def house():
    services = memory_services(
        listings=MemoryListings({one.symbol: one for one in KNOWN}), market=MemoryMarket.of(*ROWS)
    )
    services.prices.upsert(
        [
            *(make_bar(row.symbol) for row in ROWS if row.symbol != "VNINDEX"),
            make_bar("NEW"),
            make_bar("VNINDEX", BEFORE, close=Decimal("1600.00"), adjusted_close=None),
            make_bar("VNINDEX", close=Decimal("1616.80"), adjusted_close=None),
        ]
    )
    services.prices.calls = 0
    return services


@pytest.fixture
def client(house):
    return Client(create_app(house), raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["SHS", "FPT"]),
        ({"by": "losers"}, ["ACB"]),
        ({"by": "active"}, ["FPT", "ACB", "SHS"]),
        ({"by": "unusual_volume"}, ["FPT", "SHS", "ACB"]),
        ({"by": "active", "limit": 1}, ["FPT"]),
        ({"by": "gainers", "exchange": "HNX"}, ["SHS"]),
    ],
)
def test_movers_are_stocks_of_the_newest_session(client, house, query, found):
    answer = client.get(f"{MARKET}/movers", params=query).json()
    assert [row["symbol"] for row in answer["movers"]] == found
    assert answer["by"] == query.get("by", "gainers")
    assert house.market.calls == 1
    assert house.prices.calls == house.insights.calls == 0


@pytest.mark.parametrize(
    ("query", "field"), [("by=up", "query.by"), ("limit=101", "query.limit"), ("exchange=X", "query.exchange")]
)
def test_a_wrong_field_is_named(client, query, field):
    refused = client.get(f"{MARKET}/movers?{query}")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


def test_sectors_with_the_unknown_one_last(client):
    answer = client.get(f"{MARKET}/sectors").json()
    assert [(one["sector"], one["stocks"]) for one in answer["sectors"]] == [
        ("banks", 1),
        ("financial_services", 1),
        ("technology", 1),
        (None, 2),
    ]
    assert answer["sectors"][0] == {
        "sector": "banks", "stocks": 1, "advancers": 0, "decliners": 1, "unchanged": 0, "change_percent": -2.0,
        "traded_value": 3e11, "buy": 0, "sell": 1, "hold": 0,
    }  # fmt: skip
    assert answer["freshness"]["as_of"] == "2025-08-22"


def test_breadth_of_the_newest_session(client):
    answer = client.get(f"{MARKET}/breadth").json()
    assert answer.pop("freshness")["as_of"] == "2025-08-22"
    assert answer == {
        "session": "2025-08-22", "advancers": 2, "decliners": 1, "unchanged": 1, "not_compared": 1,
        "above_sma_50_percent": 66.67, "above_sma_200_percent": 100.0, "new_highs": 1, "new_lows": 0,
    }  # fmt: skip


def test_overview_counts_the_market(client, house):
    answer = client.get(f"{MARKET}/overview").json()
    assert (answer["symbols"], answer["pending"], answer["sectors"]) == (7, 1, 3)
    assert answer["signals"] == {"BUY": 3, "HOLD": 1, "SELL": 1}
    assert answer["withheld"] == {"index_not_modelled": 1}
    assert answer["breadth"]["advancers"] == 2
    assert [(one["symbol"], one["confidence"], one["name"]) for one in answer["top"]][:2] == [
        ("ACB", 0.7, "Ngân hàng Á Châu"),
        ("FPT", 0.6, None),
    ]
    assert answer["vnindex"] == {
        "symbol": "VNINDEX", "as_of": "2025-08-22", "close": 1616.8, "previous_close": 1600.0, "change_percent": 1.05,
    }  # fmt: skip
    assert (house.market.calls, house.prices.calls) == (1, 2)


def test_overview_while_prices_are_away_is_of_what_is_analysed(client, house):
    house.prices.down = True
    answer = client.get(f"{MARKET}/overview").json()
    assert (answer["symbols"], answer["pending"]) == (6, None)
    assert answer["freshness"]["degraded"] == ["mongodb"]
    assert answer["vnindex"] == {
        "symbol": "VNINDEX", "as_of": "2025-08-22", "close": 1616.8, "previous_close": None, "change_percent": 1.05,
    }  # fmt: skip


def test_without_listings_what_rests_on_them_fails_and_the_rest_does_not(client, house):
    house.listings.down = True
    assert client.get(f"{MARKET}/sectors").status_code == 503
    assert client.get(f"{MARKET}/movers", params={"exchange": "HOSE"}).status_code == 503
    for route in ("movers", "overview", "breadth"):
        assert client.get(f"{MARKET}/{route}").status_code == 200


def test_an_empty_house():
    client = Client(create_app(memory_services()))
    assert client.get(f"{MARKET}/movers").json()["movers"] == []
    assert client.get(f"{MARKET}/sectors").json()["sectors"] == []
    breadth = client.get(f"{MARKET}/breadth").json()
    assert (breadth["session"], breadth["above_sma_50_percent"], breadth["freshness"]["simulated"]) == (None,) * 3
    assert client.get("/api/v1/signals").json()["signals"] == []
