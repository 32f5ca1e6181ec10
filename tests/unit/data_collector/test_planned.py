"""A plan is worked off in any number of runs, and nothing is asked for twice."""

from __future__ import annotations

import datetime as dt
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.data_collector.planned import FAILURES_IN_A_ROW, POSTPONED, run_plan
from functions.data_collector.ports import Ports
from functions.data_collector.service import RESERVE_MS
from stock_ai.errors import RateLimitedError, RetryableError
from stock_ai.market.trading_calendar import TradingCalendar
from stock_ai.models.base import Interval
from stock_ai.models.price import StockPrice
from stock_ai.ports.collection import CollectionPlan
from tests.fakes.clock import FixedClock
from tests.fakes.collection import (
    DAY,
    FakeMarket,
    MemoryCollectionLog,
    MemoryCollectionPlans,
    MemoryListings,
    MemoryQualityLog,
)
from tests.fakes.publisher import RecordingPublisher
from tests.fakes.stores import MemoryPriceStore

TODAY = dt.date(2026, 11, 25)
NOW = dt.datetime(2026, 11, 25, 9, 0, tzinfo=dt.UTC)
SINCE = dt.date(2008, 1, 1)
FIRST = {"AAA": dt.date(2007, 1, 1), "BBB": dt.date(2015, 6, 1), "CCC": dt.date(2026, 11, 2)}


class Killed(BaseException):
    """Stands for a process that ends here."""


class Runs:
    """Runs of one plan over one market; `kills` are the numbers of publisher flushes after which a run dies."""

    def __init__(self, symbols=tuple(FIRST), first=None):
        self.market = FakeMarket(first or FIRST, TODAY)
        self.plans = MemoryCollectionPlans()
        self.clock = FixedClock(NOW)
        self.published = []
        self.plans.begin(CollectionPlan("p", "vnstock", Interval.DAY, dict.fromkeys(symbols, SINCE), TODAY), NOW)

    def __call__(self, remaining=lambda: 10 * RESERVE_MS, publisher=None, owner="one"):
        publisher = publisher or RecordingPublisher()
        try:
            return run_plan("p", self.market, self.ports(publisher), remaining, owner)
        finally:
            self.published += [StockPrice.model_validate_json(sent.value) for sent in publisher.sent]

    def ports(self, publisher):
        calendar = TradingCalendar.from_yaml("", "test.yaml")
        return Ports(
            publisher, MemoryCollectionLog(), self.plans, MemoryPriceStore(), MemoryQualityLog(), MemoryListings(),
            calendar, self.clock,
        )  # fmt: skip

    def stored(self):
        return {(price.symbol, price.time): price.event_id for price in self.published}


@pytest.fixture(scope="module")
def clean():
    """A plan worked off in one run."""
    runs = Runs()
    runs()
    return runs


def test_every_bar_is_published_once_newest_first_and_no_page_lies_before_the_first_session():
    runs = Runs()
    report = runs()
    assert (report.finished, report.symbols_done, report.failed) == (True, 3, 0)
    assert report.bars == len(runs.published) == len(runs.stored())
    for symbol, first in FIRST.items():
        asked = [(start, end) for name, start, end in runs.market.asked if name == symbol]
        assert asked[0][1] == TODAY
        assert all(start - DAY == end for (start, _), (_, end) in itertools.pairwise(asked))
        # One empty answer may lie before the first session, and then no more is asked.
        assert sum(end < first for _, end in asked) <= 1
    assert runs.plans.progress("p").days_left == 0


def test_a_run_stops_in_time_and_the_next_goes_on_from_there(clean):
    runs = Runs()
    asked = []
    while not runs.plans.progress("p").finished:
        budget = iter([10 * RESERVE_MS] * 2 + [0] * 99)
        runs(lambda budget=budget: next(budget))
        asked.append(len(runs.market.asked))
    assert len(asked) > 3
    assert len(runs.market.asked) == len(set(runs.market.asked))
    assert runs.stored() == clean.stored()
    assert sorted(runs.market.asked) == sorted(clean.market.asked)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=10), st.booleans())
def test_killed_anywhere_and_resumed_it_ends_as_one_clean_run(clean, steps, after_flush):
    class Dying(RecordingPublisher):
        """Dies at a flush, before or after the broker has what was published."""

        def __init__(self, flushes):
            super().__init__()
            self.left, self.safe = flushes, 0

        def flush(self):
            if self.left == 0:
                if not after_flush:
                    del self.sent[self.safe :]
                raise Killed
            self.left -= 1
            self.safe = len(self.sent)
            super().flush()

    runs, kills = Runs(), 0
    for step in steps:
        try:
            runs(publisher=Dying(step))
        except Killed:
            kills += 1
            # Nobody released the task: it is held until the hold of the dead has ended.
            runs.clock.now += dt.timedelta(minutes=1)
    runs()
    assert runs.stored() == clean.stored()
    # Only the page that was on its way is asked for again.
    assert len(runs.market.asked) - len(clean.market.asked) <= kills
    assert set(runs.market.asked) == set(clean.market.asked)


def test_several_collectors_share_a_plan_without_asking_twice():
    runs = Runs(
        first={f"A{number:02d}": dt.date(2020, 1, 1) for number in range(12)}, symbols=[f"A{n:02d}" for n in range(12)]
    )
    shuffler = random.Random(7)
    while not runs.plans.progress("p").finished:
        budget = iter([10 * RESERVE_MS] * shuffler.randrange(2, 6) + [0] * 99)
        runs(lambda budget=budget: next(budget), owner=shuffler.choice("abc"))
    assert len(runs.market.asked) == len(set(runs.market.asked))


def test_an_unknown_symbol_is_given_up_with_its_reason_and_the_others_go_on():
    runs = Runs(symbols=("AAA", "XXX", "CCC"))
    report = runs()
    assert (report.finished, report.symbols_done, report.failed) == (True, 2, 1)
    assert runs.plans.progress("p").failed == {"XXX": "symbol 'XXX' is not listed"}


def test_a_symbol_that_fails_for_now_waits_while_the_others_go_on():
    runs = Runs()
    runs.market.faults["AAA"] = [RetryableError("cut short")]
    assert not runs().finished
    assert runs.plans.progress("p").postponed == {"AAA": "cut short"}
    assert not runs().finished
    runs.clock.now += POSTPONED
    assert runs().finished


def test_a_source_that_is_away_ends_the_run_and_loses_nothing():
    names = [f"A{number:02d}" for number in range(9)]
    runs = Runs(symbols=names, first=dict.fromkeys(names, dt.date(2026, 1, 1)))
    runs.market.faults = {name: [RetryableError("away")] for name in names}
    with pytest.raises(RetryableError, match="away"):
        runs()
    assert len(runs.market.asked) == FAILURES_IN_A_ROW
    runs.market.faults = {}
    runs.clock.now += POSTPONED
    assert runs().finished


def test_a_rate_limit_ends_the_run_at_once_and_the_task_is_free():
    runs = Runs()
    runs.market.faults["AAA"] = [RateLimitedError("slower", 30)]
    with pytest.raises(RateLimitedError):
        runs()
    assert len(runs.market.asked) == 1
    assert runs().finished
