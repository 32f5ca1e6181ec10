"""`RedisMarketViews` beside `RedisInsightStore`, over a real server: rows that converge and a stream of changes."""

import datetime as dt
import random
import threading
import time

import pytest
import redis

from stock_ai.errors import InvalidInputError, RetryableError
from stock_ai.market_view import row
from stock_ai.merging import merge
from stock_ai.models import keys
from stock_ai.models.analysis import Signal
from stock_ai.models.market_view import InsightChange
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.market_views import CHANGES_KEPT, FIRST_CHANGE, RedisMarketViews
from tests.contract.storage.redis_content import content
from tests.fakes.messages import NOW, ai_analysis, llm_analysis

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def store(redis_client):
    return RedisInsightStore(redis_client)


@pytest.fixture
def views(redis_client):
    return RedisMarketViews(redis_client)


def test_nothing_is_an_empty_market_of_no_version(views):
    assert views.rows() == (None, ())
    assert views.version() is None
    assert views.last_change() == FIRST_CHANGE
    assert views.changes(FIRST_CHANGE, 10, 0) == []


def test_rows_follow_the_insights(store, views):
    store.apply([ai_analysis("VCB", "b"), ai_analysis("FPT", "a"), llm_analysis("FPT")])
    assert views.rows().rows == tuple(row(store.get(symbol)) for symbol in ("FPT", "VCB"))


def test_rows_of_the_same_version_are_read_once(store, views, redis_client):
    store.apply([ai_analysis()])
    assert views.last_read == (None, ())
    first = views.rows()
    assert views.rows() is first
    assert views.last_read is first
    assert RedisMarketViews(redis_client).rows() == first
    store.apply([ai_analysis("VCB", "b")])
    assert [each.symbol for each in views.rows().rows] == ["FPT", "VCB"]
    store.rebuild([])
    assert views.rows() == (None, ())


def test_the_version_changes_with_the_rows_and_only_with_them(store, views):
    seen = [views.version()]
    for analysis in (ai_analysis(), llm_analysis(event_time=NOW + MINUTE), ai_analysis("VCB", "b")):
        store.apply([analysis])
        seen.append(views.version())
        store.apply([analysis, ai_analysis("FPT", "old", NOW - MINUTE)])
        assert views.version() == views.rows().version == seen[-1]
    assert len(set(seen)) == len(seen)
    store.rebuild([ai_analysis()])
    assert views.version() not in seen


def test_a_duplicate_and_an_older_analysis_announce_nothing(store, views):
    later = NOW + MINUTE
    new, other = ai_analysis("FPT", "new", later, signal=Signal.SELL), ai_analysis("VCB", "b")
    store.apply([new, other])
    told = views.changes(FIRST_CHANGE, 10, 0)
    assert {each.change.symbol for each in told} == {"FPT", "VCB"}
    assert InsightChange(symbol="FPT", event_time=later, signal=Signal.SELL, confidence=0.5) in [
        each.change for each in told
    ]
    assert views.last_change() == told[-1].id
    store.apply(
        [ai_analysis("FPT", "new", later, signal=Signal.SELL), ai_analysis("FPT", "old"), ai_analysis("VCB", "b")]
    )
    assert views.changes(told[-1].id, 10, 0) == []
    store.apply([llm_analysis("VCB", event_time=later)])
    (change,) = views.changes(told[-1].id, 10, 0)
    assert (change.change.symbol, change.change.event_time) == ("VCB", later)
    assert views.changes(FIRST_CHANGE, 1, 0) == told[:1]


def test_a_rebuild_announces_nothing(store, views):
    store.apply([ai_analysis()])
    last = views.last_change()
    store.rebuild([ai_analysis(), ai_analysis("VCB", "b")])
    assert views.last_change() == last
    assert [each.symbol for each in views.rows().rows] == ["FPT", "VCB"]


def test_a_row_that_was_not_written_is_when_the_batch_comes_again(store, views, redis_client):
    store.apply([ai_analysis(), ai_analysis("VCB", "b")])
    whole, last = content(redis_client), views.last_change()
    redis_client.hdel(keys.MARKET_ROWS, "FPT")
    assert store.apply([ai_analysis(), ai_analysis("VCB", "b")]) == 0
    assert content(redis_client) == whole
    assert [each.change.symbol for each in views.changes(last, 10, 0)] == ["FPT"]


def test_a_slow_writer_never_puts_an_earlier_row_back(views):
    first = merge(None, ai_analysis("FPT", "a"))
    # A version that another one begins with; and bytes that a locale would order otherwise.
    told = merge(first, llm_analysis(event_time=dt.datetime(1970, 1, 1, tzinfo=dt.UTC)))
    newer = [merge(told, ai_analysis("FPT", name)) for name in ("aB", "ab")]
    both = merge(newer[-1], llm_analysis())
    every = [first, told, *newer, both]
    assert [views.update([insight], announce=False) for insight in every] == [1] * 5
    version = views.version()
    assert [views.update([insight], announce=False) for insight in every] == [0] * 5
    assert views.rows() == (version, (row(both),))


def test_a_change_is_waited_for(store, redis_client, redis_url):
    found = []

    def wait():
        with redis.Redis.from_url(redis_url) as client:
            found.extend(RedisMarketViews(client).changes(FIRST_CHANGE, 10, 4_000))

    waiter = threading.Thread(target=wait)
    waiter.start()
    deadline = time.monotonic() + 3
    while not redis_client.info("clients")["blocked_clients"]:
        assert time.monotonic() < deadline
    store.apply([ai_analysis()])
    waiter.join(3)
    assert [each.change.symbol for each in found] == ["FPT"]


def test_changes_are_capped(views, redis_client):
    for start in range(0, CHANGES_KEPT + 2_000, 1_000):
        insights = [merge(None, ai_analysis(f"S{start}{at}", "a")) for at in range(1_000)]
        assert views.update(insights, announce=True) == 1_000
    # Whole nodes of a hundred entries are dropped.
    assert CHANGES_KEPT <= redis_client.xlen(keys.MARKET_CHANGES) <= CHANGES_KEPT + 100


@pytest.mark.parametrize("after", ["", "$", "1", "0-0\r\nSET x 1", "-1-0", "9" * 25 + "-0", "a-b"])
def test_what_is_no_id_of_a_change_is_refused(views, after):
    with pytest.raises(InvalidInputError, match="Last-Event-ID"):
        views.changes(after, 10, 0)


def test_several_writers_of_the_same_symbols_leave_the_same_bytes_as_one(redis_client, redis_url, store):
    names = [f"S{at:02}" for at in range(20)]
    analyses = [ai_analysis(name, f"{name}-{step}", NOW + step * MINUTE) for name in names for step in range(6)]
    analyses += [
        llm_analysis(name, f"{name}-{step}", NOW + step * MINUTE, provider="anthropic")
        for name in names
        for step in range(6)
    ]
    store.apply(analyses)
    alone = content(redis_client)
    store.rebuild([])

    barrier = threading.Barrier(3)

    def write(seed):
        mine = analyses * 2
        random.Random(seed).shuffle(mine)
        with redis.Redis.from_url(redis_url) as client:
            writer = RedisInsightStore(client)
            barrier.wait()
            for start in range(0, len(mine), 30):
                writer.apply(mine[start : start + 30])

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert content(redis_client) == alone


def test_an_absent_server_is_retryable():
    away = RedisMarketViews(redis.Redis.from_url("redis://:hunter2@127.0.0.1:1"))
    for call in (
        away.rows,
        away.version,
        away.last_change,
        away.clear,
        lambda: away.changes(FIRST_CHANGE, 1, 0),
        lambda: away.update([merge(None, ai_analysis())], announce=True),
    ):
        with pytest.raises(RetryableError) as caught:
            call()
        assert "hunter2" not in str(caught.value)
