"""The trading calendar: sessions, phases in any zone, the next close, an operator's own file."""

import datetime as dt
import subprocess
import sys
import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stock_ai.errors import InvalidInputError
from stock_ai.market.calendar import EXCHANGE_ZONE, is_final
from stock_ai.market.trading_calendar import (
    Exchange,
    Phase,
    TradingCalendar,
    default_calendar,
    sessions_behind,
)

CALENDAR = default_calendar()
# Zones with and without daylight saving, on either side of the exchange and of the date line.
ZONES = [dt.UTC, *map(ZoneInfo, ("Asia/Ho_Chi_Minh", "America/New_York", "Europe/London", "Pacific/Kiritimati"))]

days = st.dates(dt.date(2010, 1, 1), dt.date(2035, 12, 31))
instants = st.datetimes(dt.datetime(2010, 1, 1), dt.datetime(2035, 12, 31), timezones=st.sampled_from(ZONES))
exchanges = st.sampled_from(Exchange)
any_exchange = st.sampled_from([None, *Exchange])


def local(text: str) -> dt.datetime:
    """An instant given in the time of the exchange."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=EXCHANGE_ZONE)


@pytest.mark.parametrize(
    ("day", "is_session"),
    [
        ("2025-08-25", True),
        ("2025-08-24", False),  # Sunday
        ("2025-01-27", False),  # Lunar New Year
        ("2025-02-03", True),  # a session that published data lacks
        ("2025-05-02", False),  # a bridge day
        ("2024-05-04", False),  # a Saturday of work elsewhere, to make up for a bridge day
        ("2026-12-31", True),
        ("2027-01-01", True),  # beyond the certain dates
        ("2014-01-01", True),  # before them
    ],
)
def test_sessions_are_weekdays_without_closures(day, is_session):
    assert CALENDAR.is_session(dt.date.fromisoformat(day)) is is_session


def test_the_certain_dates_are_those_of_the_packaged_file():
    assert (CALENDAR.certain_from, CALENDAR.certain_until) == (dt.date(2015, 1, 1), dt.date(2026, 12, 31))


def test_a_closure_has_its_reason():
    assert CALENDAR.closure_reason(dt.date(2025, 1, 29)) == "Lunar New Year"
    assert CALENDAR.closure_reason(dt.date(2025, 8, 24)) == "weekend"
    assert CALENDAR.closure_reason(dt.date(2025, 8, 25)) is None


def test_a_halt_of_one_exchange_closes_no_other():
    halted = dt.date(2018, 1, 23)
    assert CALENDAR.closure_reason(halted, Exchange.HOSE) == "trading system down"
    assert CALENDAR.is_session(halted)
    assert CALENDAR.is_session(halted, Exchange.HNX)
    week = dt.date(2018, 1, 22), dt.date(2018, 1, 26)
    assert [day.day for day in CALENDAR.sessions(*week, Exchange.HOSE)] == [22, 25, 26]
    assert [day.day for day in CALENDAR.sessions(*week)] == [22, 23, 24, 25, 26]
    assert CALENDAR.next_session(dt.date(2018, 1, 22), Exchange.HOSE) == dt.date(2018, 1, 25)
    assert CALENDAR.previous_session(dt.date(2018, 1, 25), Exchange.HOSE) == dt.date(2018, 1, 22)
    noon = local("2018-01-23T10:00")
    assert CALENDAR.phase(Exchange.HOSE, noon) == Phase.CLOSED
    assert CALENDAR.is_open(Exchange.UPCOM, noon)
    assert CALENDAR.next_close(Exchange.HOSE, noon) == local("2018-01-25T15:00")


def test_the_market_is_closed_when_every_exchange_is_halted():
    text = "closures_by_exchange:\n" + "".join(f"  {one}:\n    2025-08-25: storm\n" for one in Exchange)
    calendar = TradingCalendar.from_yaml(text, "storm.yaml")
    assert calendar.closure_reason(dt.date(2025, 8, 25)) == "storm"
    assert calendar.sessions(dt.date(2025, 8, 22), dt.date(2025, 8, 26)) == [dt.date(2025, 8, 22), dt.date(2025, 8, 26)]


@pytest.mark.parametrize(
    ("utc", "phase"),
    [
        ("2025-08-25T01:59:59.999999", Phase.CLOSED),
        ("2025-08-25T02:00", Phase.OPENING_AUCTION),
        ("2025-08-25T04:30", Phase.LUNCH_BREAK),
        ("2025-08-25T07:59:59.999999", Phase.PUT_THROUGH),
        ("2025-08-25T08:00", Phase.CLOSED),
        ("2025-08-24T20:00", Phase.CLOSED),  # Sunday in UTC, Monday 03:00 at the exchange
        ("2025-08-23T03:00", Phase.CLOSED),  # Saturday
        ("2025-01-29T03:00", Phase.CLOSED),  # a holiday
    ],
)
def test_a_phase_is_that_of_the_exchange_clock(utc, phase):
    at = dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC)
    assert CALENDAR.phase(Exchange.HOSE, at) == phase
    assert CALENDAR.is_open(Exchange.HOSE, at) is (phase in (Phase.OPENING_AUCTION, Phase.PUT_THROUGH))


@pytest.mark.parametrize(
    ("zone", "clock", "day"),
    [
        ("America/New_York", "2025-08-24T22:30", 25),  # Sunday evening there
        ("America/New_York", "2025-08-22T22:30", 23),  # Friday evening there, Saturday at the exchange
    ],
)
def test_the_date_is_that_of_the_exchange_too(zone, clock, day):
    at = dt.datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(zone))
    assert at.astimezone(EXCHANGE_ZONE).day == day
    assert CALENDAR.is_open(Exchange.HNX, at) is (day == 25)


@pytest.mark.parametrize("exchange", Exchange)
@pytest.mark.parametrize("day", ["2025-03-28", "2025-03-31", "2025-10-24", "2025-10-27", "2025-07-01"])
def test_hours_do_not_move_with_the_daylight_saving_of_others(exchange, day):
    assert CALENDAR.next_close(exchange, local(f"{day}T09:00")) == dt.datetime.fromisoformat(f"{day}T08:00+00:00")
    assert not CALENDAR.is_open(exchange, dt.datetime.fromisoformat(f"{day}T01:59+00:00"))
    assert CALENDAR.is_open(exchange, dt.datetime.fromisoformat(f"{day}T02:00+00:00"))


@pytest.mark.parametrize(
    ("at", "close"),
    [
        ("2025-08-25T00:00", "2025-08-25T15:00"),
        ("2025-08-25T12:00", "2025-08-25T15:00"),  # at lunch
        ("2025-08-25T14:59:59.999999", "2025-08-25T15:00"),
        ("2025-08-25T15:00", "2025-08-26T15:00"),  # a close is over once it is reached
        ("2025-08-22T15:00", "2025-08-25T15:00"),  # over a weekend
        ("2025-08-29T16:00", "2025-09-03T15:00"),  # over a weekend and the National Day
        ("2025-01-24T15:00", "2025-02-03T15:00"),  # over the Lunar New Year
        ("2025-01-29T10:00", "2025-02-03T15:00"),
    ],
)
@pytest.mark.parametrize("exchange", Exchange)
def test_the_next_close(exchange, at, close):
    found = CALENDAR.next_close(exchange, local(at))
    assert found == local(close)
    assert found.utcoffset() == dt.timedelta(0)


@pytest.mark.parametrize("ask", ["phase", "is_open", "next_close"])
def test_a_time_without_a_zone_is_refused(ask):
    with pytest.raises(ValueError, match="no zone"):
        getattr(CALENDAR, ask)(Exchange.HOSE, dt.datetime(2025, 8, 25, 9))


def test_an_operators_file_adds_to_the_packaged_one_and_wins():
    own = """
        certain_until: 2027-12-31
        closures:
          2027-02-08: Lunar New Year
        closures_by_exchange:
          HNX: {2027-03-02: system down}
        extra_sessions:
          2026-01-02: the bridge day was cancelled
          2027-01-09: a Saturday that makes up for a lost day
    """
    calendar = CALENDAR.extended(own, "own.yaml")
    lunar, bridge, saturday, halt = map(dt.date.fromisoformat, ("2027-02-08", "2026-01-02", "2027-01-09", "2027-03-02"))
    assert calendar.closure_reason(lunar) == "Lunar New Year"
    assert calendar.is_session(bridge)
    assert calendar.is_session(saturday)
    assert not calendar.is_session(halt, Exchange.HNX)
    assert calendar.sessions(dt.date(2027, 1, 8), dt.date(2027, 1, 10)) == [dt.date(2027, 1, 8), saturday]
    assert calendar.is_open(Exchange.HOSE, local("2027-01-09T10:00"))
    assert calendar.next_close(Exchange.HOSE, local("2027-01-08T15:00")) == local("2027-01-09T15:00")
    assert calendar.certain_until == dt.date(2027, 12, 31)
    assert calendar.certain_from == CALENDAR.certain_from
    assert not calendar.is_session(dt.date(2026, 1, 1))
    # The packaged calendar is shared by the whole process and stays as it was.
    assert not default_calendar().is_session(bridge)
    assert default_calendar().is_session(lunar)


def test_a_bad_operators_file_is_refused_by_name():
    with pytest.raises(InvalidInputError, match=r"^own.yaml, line 1: unknown key 'closed'"):
        CALENDAR.extended("closed: {}", "own.yaml")


def test_a_calendar_without_closures_assumes_weekdays_and_is_certain_of_nothing():
    calendar = TradingCalendar.from_yaml("", "empty.yaml")
    assert calendar.sessions(dt.date(2025, 1, 25), dt.date(2025, 1, 31)) == [
        dt.date(2025, 1, day) for day in range(27, 32)
    ]
    assert calendar.certain_from > calendar.certain_until


@given(days, st.integers(-3, 800), any_exchange)
def test_sessions_are_exactly_the_days_that_are_sessions(first, length, exchange):
    last = first + dt.timedelta(days=length)
    found = CALENDAR.sessions(first, last, exchange)
    span = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
    assert found == [day for day in span if CALENDAR.is_session(day, exchange)]
    assert found == sorted(set(found))
    assert CALENDAR.count(first, last, exchange) == len(found)


@given(days, instants)
def test_sessions_behind_are_those_after_a_date_that_have_closed(last, now):
    today = now.astimezone(EXCHANGE_ZONE).date()
    closed = [day for day in CALENDAR.sessions(last, today) if day > last and is_final(day, now)]
    assert sessions_behind(last, CALENDAR, now) == len(closed)


def test_sessions_behind_over_weekends_holidays_and_halts():
    own = CALENDAR.extended("closures_by_exchange:\n  HNX: {2025-08-25: system down}\n", "own.yaml")
    friday = dt.date(2025, 8, 22)
    assert sessions_behind(friday, CALENDAR, local("2025-08-24T23:59")) == 0
    assert sessions_behind(friday, CALENDAR, local("2025-08-25T14:59")) == 0
    assert sessions_behind(friday, own, local("2025-08-25T15:00")) == 1
    assert sessions_behind(dt.date(2025, 8, 29), CALENDAR, local("2025-09-02T23:00")) == 0
    assert sessions_behind(dt.date.max, CALENDAR, local("2025-09-02T23:00")) == 0


def test_sessions_behind_of_very_old_data_are_counted_in_microseconds():
    now = local("2025-08-25T15:00")
    assert sessions_behind(dt.date(2014, 12, 31), CALENDAR, now) == len(
        CALENDAR.sessions(dt.date(2015, 1, 1), now.date())
    )
    taken = []
    for _ in range(20):
        started = time.perf_counter()
        sessions_behind(dt.date(1990, 1, 1), CALENDAR, now)
        taken.append(time.perf_counter() - started)
    assert min(taken) < 0.001


@given(days, any_exchange)
def test_the_neighbours_of_a_day_are_the_nearest_sessions_and_undo_each_other(day, exchange):
    before, after = CALENDAR.previous_session(day, exchange), CALENDAR.next_session(day, exchange)
    between = [day] if CALENDAR.is_session(day, exchange) else []
    assert CALENDAR.sessions(before, after, exchange) == [before, *between, after]
    if between:
        assert CALENDAR.next_session(before, exchange) == CALENDAR.previous_session(after, exchange) == day


@given(instants, exchanges)
def test_the_next_close_ends_a_session_whose_bar_is_final_then_and_not_before(at, exchange):
    close = CALENDAR.next_close(exchange, at)
    day = close.astimezone(EXCHANGE_ZONE).date()
    before = close - dt.timedelta(microseconds=1)
    assert close > at
    assert CALENDAR.is_session(day, exchange)
    assert is_final(day, close)
    assert not is_final(day, before)
    assert not CALENDAR.is_open(exchange, close)
    assert CALENDAR.is_open(exchange, before)
    # None is skipped: a close that comes before it lies at or before `at`.
    last = dt.datetime.combine(CALENDAR.previous_session(day, exchange), dt.time(15), EXCHANGE_ZONE)
    assert last <= at


@given(instants, exchanges, st.sampled_from(ZONES))
def test_answers_depend_on_the_instant_and_not_on_its_zone(at, exchange, zone):
    # A time that an autumn clock shows twice is compared as one instant.
    at = at.astimezone(dt.UTC)
    assert CALENDAR.phase(exchange, at.astimezone(zone)) == CALENDAR.phase(exchange, at)
    assert CALENDAR.next_close(exchange, at.astimezone(zone)) == CALENDAR.next_close(exchange, at)


def test_ten_years_of_sessions_take_milliseconds():
    span = dt.date(2015, 1, 1), dt.date(2024, 12, 31)
    assert len(CALENDAR.sessions(*span)) == 2499
    taken = []
    for _ in range(20):
        started = time.perf_counter()
        CALENDAR.sessions(*span)
        taken.append(time.perf_counter() - started)
    assert min(taken) < 0.005


def test_importing_the_calendar_reads_no_file():
    code = "import sys, stock_ai.market.trading_calendar; print('yaml' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
