"""Schedules fire in exchange time, once each, and survive what they start."""

import datetime as dt
import threading
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import topology
from infra.topology import ScheduleTrigger
from local.triggers.schedule import ScheduleRunner, next_fire
from stock_ai.errors import InvalidInputError
from tests.fakes.clock import FixedClock

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SESSION = ScheduleTrigger("session", minute="*/15", hour="9-14")
CLOSE = ScheduleTrigger("close", minute="10", hour="15")
WEEKLY = ScheduleTrigger("weekly", minute="0", hour="8", week_day="SAT")


def local(*fields):
    return dt.datetime(*fields, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("trigger", "after", "expected"),
    [
        (SESSION, local(2024, 6, 3, 8, 59, 59), local(2024, 6, 3, 9, 0)),
        (SESSION, local(2024, 6, 3, 9, 0), local(2024, 6, 3, 9, 15)),
        (SESSION, local(2024, 6, 3, 14, 45), local(2024, 6, 4, 9, 0)),
        (CLOSE, local(2024, 6, 7, 15, 10, 1), local(2024, 6, 10, 15, 10)),  # Friday to Monday
        (CLOSE, local(2024, 6, 8, 12, 0), local(2024, 6, 10, 15, 10)),  # Saturday
        (WEEKLY, local(2024, 6, 3, 0, 0), local(2024, 6, 8, 8, 0)),
        (CLOSE, dt.datetime(2024, 6, 3, 8, 9, tzinfo=dt.UTC), dt.datetime(2024, 6, 3, 8, 10, tzinfo=dt.UTC)),
    ],
)
def test_next_fire(trigger, after, expected):
    assert next_fire(trigger, after) == expected
    assert next_fire(trigger, after).tzinfo is dt.UTC


SCHEDULES = [schedule for function in topology.FUNCTIONS for schedule in function.schedules]


@given(
    st.sampled_from(SCHEDULES),
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1), timezones=st.just(dt.UTC)),
)
def test_next_fire_is_later_on_an_allowed_day_and_hour_and_nothing_lies_between(trigger, after):
    fire = next_fire(trigger, after)
    assert fire > after
    at_exchange = fire.astimezone(ZONE)
    assert (at_exchange.weekday() == 5) if trigger.week_day == "SAT" else (at_exchange.weekday() < 5)
    assert at_exchange.second == at_exchange.microsecond == 0
    assert next_fire(trigger, fire - dt.timedelta(microseconds=1)) == fire
    assert next_fire(trigger, after + (fire - after) / 2) == fire


def test_a_wrong_field_is_named():
    with pytest.raises(InvalidInputError, match=r"schedule odd: .*25"):
        next_fire(ScheduleTrigger("odd", minute="0", hour="25"), local(2024, 6, 3))


class Calls:
    """An invoke that keeps its calls, and can hold or fail them."""

    def __init__(self):
        self.calls, self.changed = [], threading.Condition()
        self.release = threading.Event()
        self.release.set()
        self.error = None

    def __call__(self, function, event):
        with self.changed:
            self.calls.append((function, event["time"]))
            self.changed.notify_all()
        self.release.wait(10)
        if self.error:
            raise self.error

    def wait_for(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.calls) >= count, 10), self.calls


@pytest.fixture
def run():
    runners, invokes = [], []

    def start(clock, *schedules):
        invoke, reports = Calls(), Reports()
        runner = ScheduleRunner(schedules, invoke, clock, reports, check_seconds=0.01)
        runner.start()
        runners.append(runner)
        invokes.append(invoke)
        return invoke, reports

    yield start
    for invoke in invokes:
        invoke.release.set()
    for runner in runners:
        runner.stop()
        assert runner.wait(0)


class Reports:
    def __init__(self):
        self.lines, self.changed = [], threading.Condition()

    def __call__(self, line):
        with self.changed:
            self.lines.append(line)
            self.changed.notify_all()

    def wait_for(self, text):
        with self.changed:
            assert self.changed.wait_for(lambda: any(text in line for line in self.lines), 10), self.lines


def test_each_function_fires_at_its_time_with_eventbridges_event(run):
    clock = FixedClock(local(2024, 6, 3, 8, 59, 59))
    invoke, _ = run(clock, ("data_collector", SESSION), ("ai_analysis", CLOSE))
    clock.advance(seconds=1)
    invoke.wait_for(1)
    clock.advance(hours=6, minutes=10)  # asleep over the session: one call makes up for it, and the close is due
    invoke.wait_for(3)
    assert invoke.calls[0] == ("data_collector", "2024-06-03T02:00:00Z")
    assert sorted(invoke.calls[1:]) == [
        ("ai_analysis", "2024-06-03T08:10:00Z"),
        ("data_collector", "2024-06-03T02:15:00Z"),
    ]


def test_an_error_is_reported_and_the_next_time_fires(run):
    clock = FixedClock(local(2024, 6, 3, 9, 14))
    invoke, reports = run(clock, ("data_collector", SESSION))
    invoke.error = ValueError("no network")
    clock.advance(minutes=1)
    reports.wait_for("data_collector: scheduled invocation failed: no network")
    clock.advance(minutes=15)
    invoke.wait_for(2)


def test_a_time_is_skipped_while_the_last_invocation_runs(run):
    clock = FixedClock(local(2024, 6, 3, 9, 14))
    invoke, reports = run(clock, ("data_collector", SESSION))
    invoke.release.clear()
    clock.advance(minutes=1)
    invoke.wait_for(1)
    clock.advance(minutes=15)
    reports.wait_for("session of 02:30 UTC skipped")
    assert len(invoke.calls) == 1
