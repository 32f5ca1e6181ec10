"""`MongoCollectionPlans` over a real server."""

import dataclasses
import datetime as dt
import threading

import pytest

from stock_ai.errors import NotFoundError
from stock_ai.models.base import Interval
from stock_ai.ports.collection import CollectionPlan
from stock_ai.storage.collection_plans import MongoCollectionPlans
from tests.fakes.collection import MemoryCollectionPlans

NOW = dt.datetime(2026, 11, 25, 8, 0, tzinfo=dt.UTC)
HOLD = NOW + dt.timedelta(seconds=30)
LATER = NOW + dt.timedelta(seconds=31)
SINCE = dt.date(2020, 1, 1)
PLAN = CollectionPlan("p1", "vnstock", Interval.DAY, dict.fromkeys(("FPT", "VCB"), SINCE), until=dt.date(2025, 12, 31))


@pytest.fixture(params=["memory", "mongodb"])
def plans(request):
    if request.param == "memory":
        made = MemoryCollectionPlans()
    else:
        made = MongoCollectionPlans(request.getfixturevalue("mongo_database"))
    made.begin(PLAN, NOW)
    return made


def claim(plans, owner="a", now=NOW):
    return plans.claim("p1", owner, now, now + (HOLD - NOW))


def test_a_plan_has_a_task_for_each_symbol(plans):
    first, second = claim(plans), claim(plans)
    assert {first.symbol, second.symbol} == {"FPT", "VCB"}
    assert (first.interval, first.since, first.until) == (Interval.DAY, SINCE, PLAN.until)
    assert claim(plans) is None
    progress = plans.progress("p1")
    assert (progress.symbols, progress.symbols_done, progress.days) == (2, 0, 2 * 2192)
    assert progress.days_left == progress.days


def test_what_is_collected_is_remembered_and_the_rest_goes_on_with_another(plans):
    task = claim(plans)
    assert plans.advance(task, "a", dt.date(2021, 12, 31), 900)
    assert claim(plans, "b", LATER).symbol == task.symbol
    again = plans.claim("p1", "b", LATER + dt.timedelta(hours=1), LATER + dt.timedelta(hours=2))
    assert again == dataclasses.replace(task, until=dt.date(2021, 12, 31))
    assert plans.advance(again, "b", dt.date(2019, 12, 31), 400)
    progress = plans.progress("p1")
    assert (progress.symbols_done, progress.bars, progress.finished) == (1, 1300, False)
    assert progress.days_left == 2192


def test_one_that_lost_its_task_cannot_set_it_back(plans):
    task = claim(plans)
    taken = claim(plans, "b", LATER)
    assert taken.task_id == task.task_id
    assert not plans.advance(task, "a", dt.date(2020, 6, 30), 1)
    assert not plans.extend(task, "a", HOLD)
    plans.give_up(task, "a", "no")
    plans.release(task, "a")
    plans.postpone(task, "a", NOW, "no")
    assert plans.extend(taken, "b", LATER)
    assert (plans.progress("p1").failed, plans.progress("p1").postponed, plans.progress("p1").bars) == ({}, {}, 0)


def test_a_released_task_is_free_at_once_and_a_held_one_is_not(plans):
    task = claim(plans)
    plans.extend(task, "a", LATER + dt.timedelta(minutes=5))
    assert claim(plans, "b", LATER).symbol != task.symbol
    assert claim(plans, "b", LATER) is None
    plans.release(task, "a")
    assert claim(plans, "b", LATER).symbol == task.symbol


def test_a_postponed_task_waits_and_says_why_until_it_goes_on(plans):
    task = claim(plans)
    plans.postpone(task, "a", LATER, "away")
    assert plans.progress("p1").postponed == {task.symbol: "away"}
    assert claim(plans, "b").symbol != task.symbol
    again = claim(plans, "b", LATER)
    assert again.symbol == task.symbol
    plans.advance(again, "b", dt.date(2021, 1, 1), 5)
    assert plans.progress("p1").postponed == {}


def test_beginning_again_goes_on_and_a_finished_plan_starts_anew(plans):
    task = claim(plans)
    plans.advance(task, "a", SINCE - dt.timedelta(days=1), 5)
    plans.begin(PLAN, LATER)
    assert plans.progress("p1").symbols_done == 1
    assert plans.unfinished("vnstock") == ["p1"]
    plans.give_up(claim(plans), "a", "unknown symbol")
    assert plans.progress("p1").finished
    assert list(plans.progress("p1").failed.values()) == ["unknown symbol"]
    assert plans.unfinished("vnstock") == []
    plans.begin(PLAN, LATER)
    assert plans.progress("p1").symbols_done == 0
    assert plans.progress("p1").failed == {}


def test_a_task_that_begins_anew_has_other_dates_and_says_so(plans):
    task = claim(plans)
    assert plans.advance(task, "a", dt.date(2021, 12, 31), 900)
    anew = plans.anew(task, "a", dt.date(2015, 3, 2), dt.date(2026, 11, 24))
    assert (anew.since, anew.until, anew.anew) == (dt.date(2015, 3, 2), dt.date(2026, 11, 24), True)
    plans.release(task, "a")
    assert claim(plans, "b") == anew
    assert plans.progress("p1").days == 2192 + (dt.date(2026, 11, 24) - dt.date(2015, 3, 1)).days
    assert plans.anew(task, "a", SINCE, PLAN.until) is None
    assert plans.advance(anew, "b", dt.date(2015, 3, 1), 2_900)
    assert plans.progress("p1").symbols_done == 1


def test_plans_are_listed_days_first_then_oldest_first_and_by_source(plans):
    earlier = NOW - dt.timedelta(days=9)
    plans.begin(dataclasses.replace(PLAN, plan_id="p4", interval=Interval.MINUTE), earlier)
    plans.begin(dataclasses.replace(PLAN, plan_id="p0"), NOW - dt.timedelta(days=1))
    plans.begin(dataclasses.replace(PLAN, plan_id="p2", source="csv"), NOW)
    plans.begin(dataclasses.replace(PLAN, plan_id="p3", since={}), NOW)
    assert plans.unfinished("vnstock") == ["p0", "p1", "p4"]
    with pytest.raises(NotFoundError, match="p9"):
        plans.progress("p9")


def test_no_two_collectors_get_the_same_task(mongo_database):
    symbols = tuple(f"A{number:02d}" for number in range(40))
    MongoCollectionPlans(mongo_database).begin(dataclasses.replace(PLAN, since=dict.fromkeys(symbols, SINCE)), NOW)
    got: dict[str, list[str]] = {owner: [] for owner in "abcd"}

    def work(owner):
        plans = MongoCollectionPlans(mongo_database)
        while task := claim(plans, owner):
            got[owner].append(task.symbol)

    threads = [threading.Thread(target=work, args=(owner,)) for owner in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(symbol for each in got.values() for symbol in each) == list(symbols)
