"""Breadth, movers, sectors and screen, from rows."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stock_ai.market_view import (
    Filters,
    MoverKind,
    ScreenPosition,
    Sort,
    breadth,
    movers,
    screen,
    sectors,
    signal_counts,
    top_signals,
    withheld_counts,
)
from stock_ai.models.analysis import Signal, WithheldReason
from stock_ai.models.listing import Listing, Sector
from stock_ai.models.market_view import MarketRow
from tests.fakes.messages import NOW

TODAY = dt.date(2025, 8, 22)
BEFORE = dt.date(2025, 8, 21)


def make(symbol="FPT", **changes):
    return MarketRow(
        **{
            "version": "1",
            "symbol": symbol,
            "event_time": NOW,
            "as_of": TODAY,
            "close": 100_000,
            "signal": Signal.BUY,
            "confidence": 0.5,
            "calibrated": True,
            "proven_skill": True,
            "withheld": None,
            "change_percent": 1.0,
            "traded_value": 1e9,
            "volume_ratio": 1.0,
            "above_sma_50": True,
            "above_sma_200": None,
            "new_high": False,
            "new_low": False,
            "provisional": False,
            "simulated": False,
            "source": "csv",
        }
        | changes
    )


def listing(symbol, exchange="HOSE", sector=None):
    return Listing(symbol=symbol, exchange=exchange, sector=sector, as_of=TODAY)


def names(rows):
    return [row.symbol for row in rows]


MARKET = [
    make("AAA", change_percent=2.0, new_high=True, traded_value=3e9, volume_ratio=2.5),
    make("BBB", change_percent=-1.5, above_sma_50=False, new_low=True, signal=Signal.SELL, confidence=0.7),
    make("CCC", change_percent=0.0, above_sma_50=None, signal=Signal.HOLD, traded_value=None),
    make("DDD", change_percent=None, volume_ratio=None, signal=None, confidence=None, withheld=WithheldReason.HALTED),
    make("EEE", as_of=BEFORE, change_percent=9.0, traded_value=9e9, volume_ratio=9.0),
    make("VNINDEX", close=Decimal("1600.5"), change_percent=5.0, signal=None, traded_value=None),
]
LISTINGS = {
    "AAA": listing("AAA", "HOSE", Sector.BANKS),
    "BBB": listing("BBB", "HNX", Sector.BANKS),
    "CCC": listing("CCC", None, Sector.TECHNOLOGY),
    "EEE": listing("EEE", "HOSE", Sector.CHEMICALS),
}


def test_breadth_counts_the_stocks_of_the_newest_session():
    found = breadth(MARKET)
    assert found.session == TODAY
    assert (found.advancers, found.decliners, found.unchanged, found.not_compared) == (1, 1, 1, 2)
    # AAA and DDD of AAA, BBB and DDD.
    assert (found.above_sma_50_percent, found.above_sma_200_percent) == (66.67, None)
    assert (found.new_highs, found.new_lows) == (1, 1)


def test_nothing_has_no_session_and_no_shares():
    found = breadth([])
    assert (found.session, found.advancers, found.above_sma_50_percent) == (None, 0, None)
    assert sectors([], {}) == movers([], {}, MoverKind.GAINERS) == []
    assert screen([], {}, Filters(), Sort.SYMBOL, 5).total == 0


def test_a_text_alone_makes_no_session():
    text = make("NEW", as_of=TODAY + dt.timedelta(3), close=None, change_percent=None)
    assert breadth([*MARKET, text]).session == TODAY


@pytest.mark.parametrize(
    ("by", "wanted"),
    [
        (MoverKind.GAINERS, ["AAA"]),
        (MoverKind.LOSERS, ["BBB"]),
        (MoverKind.ACTIVE, ["AAA", "BBB", "DDD"]),
        (MoverKind.UNUSUAL_VOLUME, ["AAA", "BBB", "CCC"]),
    ],
)
def test_movers_are_of_the_newest_session_and_no_indices(by, wanted):
    assert names(movers(MARKET, LISTINGS, by)) == wanted
    assert names(movers(MARKET[::-1], LISTINGS, by, limit=1)) == wanted[:1]


def test_movers_of_an_exchange_are_those_known_to_be_listed_there():
    assert names(movers(MARKET, LISTINGS, MoverKind.ACTIVE, "HOSE")) == ["AAA"]
    assert movers(MARKET, {}, MoverKind.ACTIVE, "HOSE") == []


def test_sectors_come_in_the_order_of_their_numbers_and_the_unknown_one_last():
    chemicals, banks, technology, unknown = sectors(MARKET, LISTINGS)
    assert [view.sector for view in (chemicals, banks, technology, unknown)] == [
        Sector.CHEMICALS,
        Sector.BANKS,
        Sector.TECHNOLOGY,
        None,
    ]
    assert (banks.stocks, banks.advancers, banks.decliners, banks.unchanged) == (2, 1, 1, 0)
    assert (banks.change_percent, banks.traded_value) == (0.25, 4e9)
    assert (banks.buy, banks.sell, banks.hold) == (1, 1, 0)
    # Its only stock has not traded in the newest session.
    assert (chemicals.stocks, chemicals.advancers, chemicals.change_percent) == (1, 0, None)
    assert (unknown.stocks, unknown.traded_value, unknown.buy) == (1, 1e9, 0)


def test_counts_and_top_of_the_signals():
    assert signal_counts(MARKET) == {Signal.BUY: 2, Signal.HOLD: 1, Signal.SELL: 1}
    assert withheld_counts(MARKET) == {WithheldReason.HALTED: 1}
    assert names(top_signals(MARKET, 2)) == ["BBB", "AAA"]
    assert names(top_signals(MARKET, 9)) == ["BBB", "AAA", "EEE"]


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({}, "ABCE"),
        ({"signal": Signal.BUY}, "AE"),
        ({"min_confidence": 0.7}, "B"),
        ({"min_traded_value": 2e9}, "AE"),
        ({"min_traded_value": 0}, "ABE"),
        ({"exchange": "HOSE"}, "AE"),
        ({"sector": Sector.BANKS}, "AB"),
        ({"sector": Sector.BANKS, "exchange": "HNX", "signal": Signal.SELL}, "B"),
        ({"sector": Sector.MEDIA}, ""),
    ],
)
def test_a_filter_lets_through_what_is_known_to_pass(filters, wanted):
    page = screen(MARKET, LISTINGS, Filters(**filters), Sort.SYMBOL, 10)
    assert (names(page.rows), page.total, page.next) == ([3 * name for name in wanted], len(wanted), None)


@pytest.mark.parametrize(
    ("sort", "wanted"),
    [
        (Sort.CONFIDENCE_DOWN, "BACE"),
        (Sort.CONFIDENCE_UP, "ACEB"),
        (Sort.CHANGE_DOWN, "EACB"),
        (Sort.CHANGE_UP, "BCAE"),
        (Sort.TRADED_VALUE_DOWN, "EABC"),
        (Sort.TRADED_VALUE_UP, "BAEC"),
        (Sort.SYMBOL, "ABCE"),
    ],
)
def test_an_order_puts_equals_by_symbol_and_the_unknown_last(sort, wanted):
    page = screen(MARKET, LISTINGS, Filters(), sort, 10)
    assert names(page.rows) == [3 * name for name in wanted]


figures = st.sampled_from([None, -1.0, 0.0, 0.5, 2.0])
markets = st.lists(st.tuples(figures, figures), max_size=25).map(
    lambda pairs: [make(f"S{at:02}", change_percent=one, traded_value=two) for at, (one, two) in enumerate(pairs)]
)


@given(markets, st.sampled_from(Sort), st.integers(1, 6))
def test_pages_of_a_screen_tell_every_row_once_in_its_order(rows, sort, limit):
    whole = screen(rows, {}, Filters(), sort, 99).rows
    told, after = [], None
    for _ in range(len(rows) + 1):
        page = screen(rows, {}, Filters(), sort, limit, after)
        assert page.total == len(rows)
        told += page.rows
        if page.next is None:
            break
        assert len(page.rows) == limit
        after = page.next
    assert (told, page.next) == (whole, None)


def test_a_position_outlives_its_row():
    page = screen(MARKET, LISTINGS, Filters(), Sort.CHANGE_DOWN, 2)
    assert page.next == ScreenPosition(2.0, "AAA")
    without = [row for row in MARKET if row.symbol != "AAA"]
    assert names(screen(without, LISTINGS, Filters(), Sort.CHANGE_DOWN, 9, page.next).rows) == ["CCC", "BBB"]
