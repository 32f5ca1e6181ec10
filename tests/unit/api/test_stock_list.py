"""`GET /stocks`: found by name and symbol, filtered, and a page at a time."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api import listing
from api.app import create_app
from stock_ai.models.listing import Sector
from tests.fakes.api_services import MemoryListings, MemoryMarket, make_bar, make_listing, make_row, memory_services
from tests.fakes.http_client import Client

STOCKS = "/api/v1/stocks"
KNOWN = [
    make_listing("FPT", name="CTCP FPT", name_en="FPT Corporation", sector=Sector.TECHNOLOGY),
    make_listing("HPG", name="Tập đoàn Hòa Phát", name_en="Hoa Phat Group", sector=Sector.BASIC_RESOURCES),
    make_listing("HPA", name="Nông nghiệp Hòa Phát", name_en="Hoa Phat Agriculture", exchange="UPCOM"),
    make_listing("SHS", name="Chứng khoán Sài Gòn - Hà Nội", exchange="HNX", sector=Sector.FINANCIAL_SERVICES),
]


@pytest.fixture
def market():
    services = memory_services(
        listings=MemoryListings({one.symbol: one for one in KNOWN}),
        market=MemoryMarket.of(make_row("FPT"), make_row("HPG", signal=None, confidence=None, calibrated=False)),
    )
    services.prices.upsert([make_bar(symbol) for symbol in ("VNINDEX", "VCB", *(one.symbol for one in KNOWN))])
    services.prices.calls = 0
    return services


@pytest.fixture
def client(market):
    return Client(create_app(market), raise_server_exceptions=False)


def symbols(client, **query):
    answer = client.get(STOCKS, params=query)
    assert answer.status_code == 200, answer.text
    return [stock["symbol"] for stock in answer.json()["stocks"]]


def pages(client, **query):
    seen, cursor = [], {}
    while True:
        page = client.get(STOCKS, params=query | cursor).json()
        seen.append([stock["symbol"] for stock in page["stocks"]])
        if page["next_cursor"] is None:
            return seen
        assert {"cursor": page["next_cursor"]} != cursor
        cursor = {"cursor": page["next_cursor"]}


def test_a_stock_has_its_names_and_what_its_analysis_says_in_one_read_of_each_store(client, market):
    page = client.get(STOCKS).json()
    assert page["total"] == 6
    fpt, hpa = page["stocks"][0], page["stocks"][1]
    assert fpt == {
        "freshness": fpt["freshness"],
        "symbol": "FPT",
        "name": "CTCP FPT",
        "name_en": "FPT Corporation",
        "exchange": "HOSE",
        "sector": "technology",
        "first": "2025-08-22",
        "last": "2025-08-22",
        "close": 99000,
        "change_percent": 1.25,
        "signal": "BUY",
        "confidence": 0.6,
        "calibrated": True,
        "proven_skill": False,
    }
    assert fpt["freshness"]["source"] == "csv"
    assert (hpa["signal"], hpa["close"], hpa["calibrated"], hpa["exchange"]) == (None, None, False, "UPCOM")
    assert (market.prices.calls, market.market.calls) == (1, 1)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hpg", ["HPG"]),
        ("hp", ["HPA", "HPG"]),
        ("hòa phát", ["HPA", "HPG"]),
        ("HOA PHAT gr", ["HPG"]),
        ("sai gon", ["SHS"]),
        ("vn", ["VNINDEX"]),
        ("nobody", []),
        ("  ", ["FPT", "HPA", "HPG", "SHS", "VCB", "VNINDEX"]),
        ("-.,", ["FPT", "HPA", "HPG", "SHS", "VCB", "VNINDEX"]),
    ],
)
def test_symbols_and_names_are_found(client, text, found):
    assert symbols(client, q=text) == found


def test_filters_leave_only_what_is_known_to_fit(client):
    assert symbols(client, exchange="HOSE") == ["FPT", "HPG"]
    assert symbols(client, sector="technology") == ["FPT"]
    assert symbols(client, exchange="HNX", sector="technology") == []
    assert symbols(client, exchange="UPCOM", q="hoa phat") == ["HPA"]


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 100])
def test_pages_meet_without_gap_or_overlap(client, limit):
    found = pages(client, limit=limit)
    assert [symbol for page in found for symbol in page] == ["FPT", "HPA", "HPG", "SHS", "VCB", "VNINDEX"]
    assert all(len(page) == limit for page in found[:-1])
    assert found[-1]


def test_pages_of_a_search_keep_its_order(client, market):
    # A name that begins with the text comes before one that holds it, whatever the symbols.
    market.prices.upsert([make_bar("AAA")])
    market.listings.known["AAA"] = make_listing("AAA", name="Bê tông Hòa Phát")
    market.listings.known["HPG"] = make_listing("HPG", name="Hòa Phát")
    assert symbols(client, q="hoa phat") == ["HPA", "HPG", "AAA"]
    assert pages(client, q="hoa phat", limit=1) == [["HPA"], ["HPG"], ["AAA"]]


@pytest.mark.parametrize("other", [{"q": "hp"}, {"exchange": "HOSE"}, {"sector": "banks"}])
def test_a_cursor_belongs_to_its_question(client, other):
    cursor = client.get(STOCKS, params={"limit": 1}).json()["next_cursor"]
    assert client.get(STOCKS, params={"limit": 2, "cursor": cursor}).status_code == 200
    refused = client.get(STOCKS, params=other | {"cursor": cursor})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "query.cursor"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("exchange=NYSE", "query.exchange"),
        ("sector=gold", "query.sector"),
        ("limit=0", "query.limit"),
        ("limit=501", "query.limit"),
        ("cursor=x", "query.cursor"),
        ("q=" + "x" * 101, "query.q"),
        ("offset=1", "query.offset"),
    ],
)
def test_a_wrong_field_is_named(client, query, field):
    refused = client.get(f"{STOCKS}?{query}")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field


def test_without_listings_there_are_no_names_and_nothing_is_filtered(client, market):
    market.listings.down = True
    page = client.get(STOCKS).json()
    assert (page["total"], page["stocks"][0]["name"]) == (6, None)
    assert client.get(STOCKS, params={"exchange": "HOSE"}).status_code == 503
    assert client.get(STOCKS, params={"sector": "banks"}).status_code == 503


def test_while_prices_are_away_the_list_is_of_what_is_analysed(client, market):
    market.prices.down = True
    page = client.get(STOCKS).json()
    assert [(stock["symbol"], stock["first"], stock["last"]) for stock in page["stocks"]] == [
        ("FPT", None, "2025-08-22"),
        ("HPG", None, "2025-08-22"),
    ]
    assert page["freshness"]["degraded"] == ["mongodb"]


SYMBOLS = st.from_regex(r"[AB][AB1][ABC]", fullmatch=True)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_walk_gives_each_stock_once_in_order_while_others_come(data):
    """Symbols are added and renamed between pages; those that were there all the time come once, in order."""
    there = data.draw(st.sets(SYMBOLS, min_size=1, max_size=12))
    text = data.draw(st.sampled_from(["", "a", "hoa"]))
    services = memory_services(market=MemoryMarket())

    def add(symbol):
        services.prices.upsert([make_bar(symbol, dt.date(2025, 8, 22))])
        name = data.draw(st.sampled_from([None, "Hòa An", "An Hòa", "Bê tông"]))
        services.listings.known[symbol] = make_listing(symbol, name=name)

    for symbol in there:
        add(symbol)
    asked = listing.Asked(text, None, None)
    expected = [stock.symbol for stock in listing.page(services, asked, 100, None).stocks]
    seen, cursor = [], None
    while True:
        page = listing.page(services, asked, data.draw(st.integers(1, 4)), cursor)
        seen += [stock.symbol for stock in page.stocks]
        if (cursor := page.next_cursor) is None:
            break
        for symbol in data.draw(st.sets(SYMBOLS, max_size=2)) - there:
            add(symbol)
    assert len(seen) == len(set(seen)) or text  # A newcomer that is renamed may be found twice, at both places.
    assert [symbol for symbol in seen if symbol in there] == expected
