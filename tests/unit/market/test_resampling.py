"""Weeks and months from daily bars."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stock_ai.market.adjusting import Candle, adjusted
from stock_ai.market.resampling import Period, resampled

MONDAY = dt.date(2025, 8, 18)
AFTER = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MONDAYS = st.dates(dt.date(1900, 1, 1), dt.date(2999, 12, 31))


class Weekdays:
    """A calendar on which every weekday trades but those given."""

    def __init__(self, *closed):
        self.closed = closed

    def sessions(self, first, last):
        days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
        return [day for day in days if day.weekday() < 5 and day not in self.closed]


def day(time=MONDAY, **changes):
    fields = {
        "open": 100,
        "high": 110,
        "low": 90,
        "close": 105,
        "adjusted_close": 84,
        "volume": 10,
        "provisional": False,
        "adjusted": False,
    }
    return Candle(**{"time": time} | fields | changes)


def week(*changes, calendar=None, until=None, now=AFTER, period=Period.WEEK):
    """The one bar of the days from Monday on."""
    days = [day(MONDAY + dt.timedelta(days=n), **each) for n, each in enumerate(changes)]
    (bar,) = resampled(days, period, calendar or Weekdays(), until, now)
    return bar


def test_a_week_is_its_first_open_its_extremes_its_last_close_and_all_its_volume():
    bar = week(
        {"open": 100, "high": 110, "low": 95},
        {"high": 130, "low": 99, "volume": 7},
        {"low": 80, "close": 85, "adjusted_close": 68, "volume": 3},
    )
    assert bar == Candle(MONDAY, 100, 130, 80, 85, 68, 20, provisional=False, adjusted=False)


@pytest.mark.parametrize("name", ["high", "low", "volume"])
def test_a_figure_of_which_one_day_is_unknown_is_unknown(name):
    bar = week({}, {name: None}, {})
    assert getattr(bar, name) is None
    assert {other for other in ("open", "high", "low", "close", "volume") if getattr(bar, other) is None} == {name}


def test_labels_are_mondays_and_first_days_and_an_empty_period_has_no_bar():
    days = [day(dt.date(2025, 1, 24)), day(dt.date(2025, 2, 3)), day(dt.date(2025, 2, 8)), day(dt.date(2025, 3, 31))]
    weeks = [bar.time for bar in resampled(days, Period.WEEK, Weekdays(), None, AFTER)]
    assert weeks == [dt.date(2025, 1, 20), dt.date(2025, 2, 3), dt.date(2025, 3, 31)]
    months = [bar.time for bar in resampled(days, Period.MONTH, Weekdays(), None, AFTER)]
    assert months == [dt.date(2025, 1, 1), dt.date(2025, 2, 1), dt.date(2025, 3, 1)]


def test_adjusted_days_with_factors_of_their_own_are_adjusted_one_by_one():
    # The ex-date is Tuesday: Monday's prices are halved, Tuesday's are as traded.
    days = [
        day(high=220, low=180, open=200, close=210, adjusted_close=105),
        day(MONDAY + dt.timedelta(days=1), adjusted_close=105),
    ]
    (bar,) = resampled(map(adjusted, days), Period.WEEK, Weekdays(), None, AFTER)
    assert (bar.open, bar.high, bar.low, bar.close, bar.adjusted) == (100, 110, 90, 105, True)


def test_a_week_with_one_day_known_adjusted_only_is_on_adjusted_prices_throughout():
    bar = week({}, {"adjusted": True, "open": 84, "high": 85, "low": 83, "close": 84})
    assert bar.adjusted
    # 110 and 90 by 84 / 105.
    assert (bar.open, bar.high, bar.low, bar.close) == (80, 88, 72, 84)
    unknown = week({"adjusted_close": None}, {"adjusted": True, "close": 84})
    assert (unknown.open, unknown.high, unknown.close, unknown.adjusted) == (None, None, 84, True)


def test_adjusting_leaves_no_raw_price_and_adjusts_once():
    assert adjusted(day(adjusted_close=None)) == dataclasses.replace(
        day(), open=None, high=None, low=None, close=None, adjusted_close=None, adjusted=True
    )
    assert adjusted(day(adjusted_close=0)).high == 0
    assert adjusted(adjusted(day())) == adjusted(day())
    assert adjusted(
        day(close=Decimal("1610.00"), high=Decimal("1620.55"), adjusted_close=Decimal(805))
    ).high == Decimal("810.28")


def exchange(day, hour):
    return dt.datetime(2025, 8, day, hour - 7, 59, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("now", "calendar", "until", "provisional"),
    [
        (exchange(22, 14), Weekdays(), None, True),
        (exchange(22, 15), Weekdays(), None, False),
        (exchange(21, 15), Weekdays(), None, True),
        (exchange(21, 15), Weekdays(dt.date(2025, 8, 22)), None, False),
        (AFTER, Weekdays(), dt.date(2025, 8, 21), True),
        (AFTER, Weekdays(), dt.date(2025, 8, 22), False),
        (AFTER, Weekdays(dt.date(2025, 8, 22)), dt.date(2025, 8, 21), False),
    ],
    ids=["last session runs", "it closed", "one to come", "none to come", "cut by until", "until its end", "holiday"],
)
def test_a_week_is_provisional_while_a_session_of_it_is_missing(now, calendar, until, provisional):
    assert week({}, {}, calendar=calendar, until=until, now=now).provisional is provisional


def test_a_month_runs_until_its_last_session():
    assert week({}, period=Period.MONTH, now=dt.datetime(2025, 8, 29, 7, 59, tzinfo=dt.UTC)).provisional
    assert not week({}, period=Period.MONTH, now=dt.datetime(2025, 8, 29, 8, 0, tzinfo=dt.UTC)).provisional


def test_a_session_in_a_week_without_any_by_the_calendar_is_taken_as_it_is():
    closed = Weekdays(*(MONDAY + dt.timedelta(days=n) for n in range(5)))
    assert week({}, calendar=closed, now=exchange(23, 15)).provisional
    assert not week({}, calendar=closed, now=exchange(25, 15)).provisional


def test_a_last_day_that_is_provisional_makes_its_period_so():
    assert week({}, {"provisional": True}).provisional
    assert not week({"provisional": True}, {}).provisional


@given(MONDAYS, st.sampled_from(Period))
def test_every_date_is_in_the_period_between_its_first_and_last_day(date, period):
    first, last = period.first_day(date), period.last_day(date)
    assert first <= date <= last
    assert (last - first).days < period.most_sessions
    assert {period.first_day(each) for each in (first, last)} == {first}
    assert period.first_day(last + dt.timedelta(days=1)) == last + dt.timedelta(days=1)


PRICES = st.integers(1, 10**6)
HISTORIES = st.dictionaries(
    st.dates(dt.date(2024, 12, 1), dt.date(2025, 4, 30)),
    st.tuples(PRICES, PRICES, PRICES, PRICES, st.none() | st.integers(0, 10**9), st.booleans()),
    max_size=60,
).map(
    lambda kept: [
        Candle(time, *prices, prices[-1], volume, provisional=False, adjusted=basis)
        for time, (*prices, volume, basis) in sorted(kept.items())
    ]
)


@given(HISTORIES, st.sampled_from(Period), st.integers(0, 60))
def test_no_bar_knows_of_what_came_after_it(days, period, cut):
    days = [each for each in days if each.time.weekday() < 5]
    whole = list(resampled(days, period, Weekdays(), None, AFTER))
    known = days[:cut]
    until = known[-1].time if known else None
    part = list(resampled(known, period, Weekdays(), until, AFTER))
    # All but the newest are as they will always be, and a bar that can still change says so.
    assert part[:-1] == whole[: len(part)][:-1]
    if part and part[-1] != whole[len(part) - 1]:
        assert part[-1].provisional


@given(HISTORIES, st.sampled_from(Period))
def test_bars_span_their_days_and_lose_no_volume(days, period):
    bars = list(resampled(days, period, Weekdays(), None, AFTER))
    assert [bar.time for bar in bars] == sorted({period.first_day(each.time) for each in days})
    if all(each.volume is not None for each in days):
        assert sum(bar.volume for bar in bars) == sum(each.volume for each in days)
    for bar in bars:
        inside = [each for each in days if period.first_day(each.time) == bar.time]
        assert bar.adjusted is any(each.adjusted for each in inside)
        # close is adjusted_close throughout, so adjusting changes no price here.
        assert bar.high == max(each.high for each in inside)
        assert bar.low == min(each.low for each in inside)
