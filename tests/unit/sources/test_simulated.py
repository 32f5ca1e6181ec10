"""The simulated market keeps the rules of the exchange and never looks ahead."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from stock_ai.errors import InvalidInputError
from stock_ai.market.symbols import VN30
from stock_ai.market.trading_calendar import default_calendar
from stock_ai.quality.assessment import assess
from stock_ai.sources import simulated_market as market
from stock_ai.sources.simulated import SimulatedSource
from tests.fakes.clock import FixedClock
from tests.fakes.daily_bars import daily_bars

pytestmark = pytest.mark.slow

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SESSIONS = default_calendar().sessions(market.EPOCH, dt.date(2026, 11, 25))


def at(day, hour=20, minute=0):
    return FixedClock(dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour, minute), ZONE).astimezone(dt.UTC))


@pytest.fixture(scope="module")
def clock():
    return at("2026-11-25")


@pytest.fixture(scope="module")
def source(clock):
    return SimulatedSource(clock)


@pytest.fixture
def opening(clock):
    """The clock of `source`, at the opening of its last session: what it has made of that session still holds."""
    evening = clock.now
    clock.now = at("2026-11-25", 9).now
    yield clock
    clock.now = evening


@pytest.fixture(scope="module")
def bars(source):
    return {symbol: source.bars(symbol, None, None) for symbol in source.symbols()}


def test_thirty_stocks_and_the_index_of_the_last_sessions(bars):
    assert sorted(bars) == sorted((*VN30, "VNINDEX"))
    assert len(bars["VNINDEX"]) == 500
    assert bars["VNINDEX"][-1].time == dt.date(2026, 11, 25)
    assert [bar.time for bar in bars["VNINDEX"]] == SESSIONS[-500:]


def test_every_bar_passes_the_hard_rules(bars):
    for symbol, series in bars.items():
        for bar in series:
            assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high, bar
            assert bar.volume > 0
            assert not bar.provisional
            kind = Decimal if symbol == "VNINDEX" else int
            assert all(type(p) is kind for p in (bar.open, bar.high, bar.low, bar.close, bar.adjusted_close))


def test_stocks_keep_ticks_lots_and_the_price_limit(bars):
    for symbol in VN30:
        splits = market.split_dates(20150105, symbol, market.sessions(dt.date(2026, 11, 25)))
        for before, bar in zip(bars[symbol], bars[symbol][1:], strict=False):
            reference = before.close / 2 if bar.time in splits else before.close
            assert reference * 0.93 - 50 <= bar.low <= bar.high <= reference * 1.07 + 50
            assert all(price % market.tick(price) == 0 for price in (bar.open, bar.high, bar.low, bar.close))
            assert bar.volume % 100 == 0


def test_a_split_halves_the_raw_price_and_not_the_adjusted_one(bars):
    symbol = market.split_symbol(20150105, 2026)
    series = bars[symbol]
    (place,) = [i for i, bar in enumerate(series) if bar.time == dt.date(2026, 6, 15)]
    before, after = series[place - 1], series[place]
    assert 0.46 < after.close / before.close < 0.54
    assert 0.92 < after.adjusted_close / before.adjusted_close < 1.08
    assert before.adjusted_close == round(Decimal(before.close) / 2)
    assert after.adjusted_close == after.close


def test_a_halt_leaves_a_hole_that_the_market_does_not_have(bars):
    symbol = market.halted_symbol(20150105, 2026)
    missing = {bar.time for bar in bars["VNINDEX"]} - {bar.time for bar in bars[symbol]}
    assert len([day for day in missing if day.year == 2026]) == market.HALT_SESSIONS
    assert min(day for day in missing if day.year == 2026) == dt.date(2026, 9, 10)


def test_its_quality_report_names_the_halts_and_no_odd_session(bars):
    panel = [
        daily_bars(
            [float(bar.close) for bar in series], symbol, np.array([bar.time for bar in series], "datetime64[D]")
        )
        for symbol, series in bars.items()
    ]
    report = assess(panel, [], default_calendar(), at("2026-11-25"))
    whole = report.market
    assert (whole.gaps, whole.thin_sessions, whole.unexpected_sessions, whole.sessions_behind) == ((), (), (), 0)
    halted = {market.halted_symbol(20150105, year) for year in (2025, 2026)}
    assert {one.symbol for one in report.symbols if one.gaps} == halted


@pytest.mark.parametrize(("now", "last"), [("2026-09-01", "2026-08-28"), ("2026-02-18", "2026-02-13")])
def test_no_bar_on_a_holiday(now, last):
    for hour in (10, 16):
        bar = SimulatedSource(at(now, hour)).bars("FPT", None, None)[-1]
        assert (bar.time, bar.provisional) == (dt.date.fromisoformat(last), False)


@pytest.mark.parametrize(("today", "index"), [("2025-03-03", ()), ("2026-06-12", ("VNINDEX",)), ("2026-11-24", ())])
def test_a_past_bar_depends_on_no_later_day(bars, today, index):
    earlier = SimulatedSource(at(today))
    # The index, for which all stocks have to be made, on one of the dates.
    for symbol in (*market.VN30[:6], market.split_symbol(20150105, 2026), *index):
        later = {bar.time: bar._replace(adjusted_close=None) for bar in bars[symbol]}
        seen = [bar._replace(adjusted_close=None) for bar in earlier.bars(symbol, dt.date(2025, 1, 1), None)]
        assert seen
        assert seen == [later[bar.time] for bar in seen]


def test_adjusted_close_changes_only_by_a_split_that_follows(bars):
    symbol = market.split_symbol(20150105, 2026)
    before = {b.time: b for b in SimulatedSource(at("2026-06-12")).bars(symbol, None, None)}
    after = {b.time: b for b in bars[symbol] if b.time in before}
    assert all(after[day].adjusted_close == round(Decimal(before[day].adjusted_close) / 2) for day in after)


def test_a_range_cuts_and_changes_nothing(source, bars):
    since, until = dt.date(2026, 1, 5), dt.date(2026, 3, 6)
    cut = SimulatedSource(at("2026-11-25")).bars("FPT", since, until)
    assert cut == [bar for bar in bars["FPT"] if since <= bar.time <= until]


def test_the_seed_is_all_that_matters(source):
    again = SimulatedSource(at("2026-11-25")).bars("FPT", None, None)
    assert again == source.bars("FPT", None, None)
    assert again != SimulatedSource(at("2026-11-25"), seed=1).bars("FPT", None, None)


@pytest.mark.parametrize(("hour", "minute", "last"), [(8, 59, 24), (9, 0, 25), (14, 59, 25), (15, 0, 25)])
def test_today_has_a_bar_from_nine_and_a_final_one_from_three(hour, minute, last):
    bar = SimulatedSource(at("2026-11-25", hour, minute)).bars("FPT", None, None)[-1]
    assert bar.time.day == last
    assert bar.provisional == (last == 25 and hour < 15)


@pytest.mark.parametrize("symbol", ["FPT", "PLX", "VNINDEX"])
def test_the_running_bar_only_widens_until_it_is_final(source, opening, symbol):
    previous = source.bars(symbol, dt.date(2026, 11, 25), None)[0]
    assert previous.high == previous.low == previous.open == previous.close
    for _ in range(24):
        opening.advance(minutes=15)
        bar = source.bars(symbol, dt.date(2026, 11, 25), None)[0]
        assert bar.open == previous.open
        assert bar.low <= previous.low <= previous.high <= bar.high
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.volume >= previous.volume
        previous = bar
    assert not previous.provisional


def test_a_long_lived_source_follows_the_clock():
    clock = at("2026-11-24")
    source = SimulatedSource(clock)
    assert source.bars("FPT", None, None)[-1].time.day == 24
    clock.advance(days=1)
    assert source.bars("FPT", None, None)[-1].time.day == 25


def test_no_bar_on_a_weekend():
    assert SimulatedSource(at("2026-11-28")).bars("FPT", None, None)[-1].time == dt.date(2026, 11, 27)


def test_an_unknown_symbol_and_a_clock_before_the_market_are_refused(source):
    for ask in (lambda: source.check(["FPT", "AAA"]), lambda: source.bars("AAA", None, None)):
        with pytest.raises(InvalidInputError, match="symbol 'AAA' is not in the simulated market"):
            ask()
    with pytest.raises(InvalidInputError, match="starts on 2015-01-05"):
        SimulatedSource(at("2014-01-01")).bars("FPT", None, None)
