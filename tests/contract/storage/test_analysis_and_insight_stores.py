"""`MongoAnalysisStore` and `RedisInsightStore` over real servers: one truth, whatever the order of arrival."""

import datetime as dt
import itertools
import random
import threading
import time

import pymongo
import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.aggregation.service import rebuild
from local.embedded.valkey import ValkeyServer
from stock_ai.errors import RetryableError
from stock_ai.market_view import row
from stock_ai.merging import merge
from stock_ai.models import keys
from stock_ai.models.analysis import Signal
from stock_ai.settings import MongoSettings
from stock_ai.storage.analyses import MongoAnalysisStore
from stock_ai.storage.insights import HISTORY_LENGTH, RedisInsightStore
from stock_ai.storage.market_views import RedisMarketViews
from stock_ai.storage.mongo import database
from tests.contract.storage.redis_content import content
from tests.fakes.messages import NOW, ai_analysis, llm_analysis
from tests.fakes.stores import MemoryAnalysisStore, MemoryInsightStore

MINUTE = dt.timedelta(minutes=1)


instants = st.sampled_from([0, 400, 1_000, 60_000_000]).map(lambda micros: NOW + dt.timedelta(microseconds=micros))
symbols = st.sampled_from(["FPT", "VCB"])
# An id names a content, so the symbol is part of it.
signals = {"a": Signal.BUY, "b": Signal.HOLD, "c": Signal.SELL}
made = st.builds(
    lambda symbol, name, time: ai_analysis(symbol, f"{symbol}-{name}", time, signal=signals[name]),
    symbols,
    st.sampled_from("abc"),
    instants,
)
# A language model words the same text differently each time, under one id.
told = st.builds(
    lambda symbol, name, time, summary, provider: llm_analysis(
        symbol, f"{symbol}-{name}", time, summary=summary, provider=provider, ai_analysis_id=f"{symbol}-a"
    ),
    symbols,
    st.sampled_from("xy"),
    instants,
    st.sampled_from(["One.", "Another."]),
    st.sampled_from(["anthropic", "template"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(made | told, min_size=1, max_size=8), st.randoms(use_true_random=False), st.integers(1, 4))
def test_any_order_repetition_and_splitting_gives_the_same_bytes_and_so_does_a_rebuild(
    mongo_database, redis_client, analyses, shuffler: random.Random, size
):
    mongo_database["analyses"].delete_many({})
    store, insights = MongoAnalysisStore(mongo_database), RedisInsightStore(redis_client)
    insights.rebuild([])
    insights.apply(analyses)
    straight = content(redis_client)
    insights.rebuild([])
    assert content(redis_client) == {}

    repeated = analyses * 2
    shuffler.shuffle(repeated)
    for start in range(0, len(repeated), size):
        batch = repeated[start : start + size]
        store.add(batch)
        insights.apply(batch)
        assert insights.apply(batch) == 0
    assert content(redis_client) == straight

    kept = list(store.all())
    rebuilt = rebuild(store, insights)
    assert (rebuilt.insights, rebuilt.analyses) == (len({each.symbol for each in analyses}), len(kept))
    assert content(redis_client) == straight
    store.add(kept)
    assert list(store.all()) == kept


def test_an_analysis_made_again_keeps_its_first_time_in_the_history_and_is_current_again(mongo_database, redis_client):
    first, other, again = (ai_analysis("FPT", name, NOW + step * MINUTE) for step, name in enumerate(["a", "b", "a"]))
    store, insights = MongoAnalysisStore(mongo_database), RedisInsightStore(redis_client)
    for each in (first, other, again):
        store.add([each])
        insights.apply([each])
    assert list(store.all()) == [first, other, again]
    assert insights.get("FPT").ai == again
    assert [(time, entry.analysis_id) for time, entry in insights.history("FPT", 9).entries] == [
        (NOW + MINUTE, "b"),
        (NOW, "a"),
    ]


def test_analyses_are_kept_whole_and_come_by_symbol_and_time(mongo_database):
    store, model = MongoAnalysisStore(mongo_database), MemoryAnalysisStore()
    batch = [
        llm_analysis("VCB", "l", NOW),
        ai_analysis("VCB", "v", NOW - MINUTE, indicators={"a.b": 1.5, "$x": None}, close=1645.5),
        ai_analysis("ACB", "q", NOW),
    ]
    store.add(batch)
    store.add([])
    model.add(batch)
    assert list(store.all()) == list(model.all()) == [batch[2], batch[1], batch[0]]


def test_insights_are_read_one_by_one_and_many_at_once(redis_client):
    store, model = RedisInsightStore(redis_client), MemoryInsightStore()
    batch = [ai_analysis("FPT", "a"), llm_analysis("FPT", "l", NOW + MINUTE), ai_analysis("VCB", "b")]
    assert store.apply(iter(batch)) == model.apply(batch) == 2
    assert store.get("FPT") == model.get("FPT")
    assert store.get("NONE") is None
    assert store.get_many(["VCB", "NONE", "FPT"]) == model.get_many(["VCB", "FPT"])
    assert store.get_many([]) == {}
    assert store.history("FPT", 1) == model.history("FPT", 1)
    assert store.history("FPT", 9) == model.history("FPT", 9)
    for empty in (store.history("FPT", 0), store.history("NONE", 9)):
        assert (empty.entries, empty.next) == ((), None)


def test_the_history_keeps_the_newest_entries_only(redis_client):
    store = RedisInsightStore(redis_client)
    count = HISTORY_LENGTH + 20
    store.apply(ai_analysis("FPT", f"a{step}", NOW + step * MINUTE) for step in reversed(range(count)))
    history = store.history("FPT", count).entries
    assert [entry.analysis_id for _, entry in history] == [f"a{step}" for step in reversed(range(20, count))]


def test_pages_of_a_history_are_the_history_while_entries_share_a_millisecond(redis_client):
    store = RedisInsightStore(redis_client)
    store.apply(ai_analysis("FPT", f"a{step}", NOW + step // 4 * MINUTE) for step in range(22))
    whole, told, before = store.history("FPT", 99).entries, [], None
    assert len(whole) == 22
    for _ in range(5):
        page = store.history("FPT", 5, before)
        told += page.entries
        before = page.next
        store.apply([ai_analysis("FPT", f"new{len(told)}", NOW + 100 * MINUTE)])
    assert before is None
    assert tuple(told) == whole


def test_a_rebuild_leaves_what_is_not_an_insight(redis_client):
    store = RedisInsightStore(redis_client)
    text = keys.llm_text("FPT", "f")
    redis_client.set(text, b"kept")
    store.apply(ai_analysis(f"S{step:02}", f"a{step}") for step in range(30))
    store.rebuild([])
    assert set(redis_client.keys("*")) == {text.encode(), keys.MARKET_CHANGES.encode()}


def test_an_insight_of_an_earlier_release_is_read_whole_and_written_anew(redis_client):
    store, analysis = RedisInsightStore(redis_client), ai_analysis()
    insight = merge(None, analysis)
    added = {"calibrated", "agreement", "parts", "proven_skill"}
    earlier = insight.model_dump_json(exclude=added).encode()
    redis_client.set(keys.insight("FPT"), earlier)
    assert store.get("FPT") == insight
    assert store.apply([ai_analysis("FPT", "old", NOW - MINUTE)]) == 1
    assert redis_client.get(keys.insight("FPT")) == insight.wire()
    assert store.apply([analysis]) == 0


def test_two_writers_at_once_lose_nothing(redis_client, redis_url):
    names = [f"S{step:02}" for step in range(40)]
    barrier = threading.Barrier(2)

    def write(make):
        with redis.Redis.from_url(redis_url) as client:
            store = RedisInsightStore(client)
            barrier.wait()
            for step in range(8):
                store.apply(make(name, f"{name}-{step}", NOW + step * MINUTE) for name in names)

    writers = [threading.Thread(target=write, args=(make,)) for make in (ai_analysis, llm_analysis)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    insights = RedisInsightStore(redis_client).get_many(names)
    assert {(each.ai.analysis_id[-1], each.llm.analysis_id[-1]) for each in insights.values()} == {("7", "7")}
    assert len(insights) == len(names)
    assert RedisMarketViews(redis_client).rows().rows == tuple(row(insights[name]) for name in names)


def test_an_insight_that_changes_at_every_attempt_is_given_up_for_now(redis_client):
    ages = itertools.count(1)

    class Restless(redis.Redis):
        """Somebody else writes the insight between any two of its steps."""

        def pipeline(self, *args, **kwargs):
            other = ai_analysis("FPT", "other", NOW - next(ages) * MINUTE)
            redis_client.set(keys.insight("FPT"), merge(None, other).model_dump_json())
            return super().pipeline(*args, **kwargs)

    store = RedisInsightStore(Restless(connection_pool=redis_client.connection_pool))
    with pytest.raises(RetryableError, match="FPT"):
        store.apply([ai_analysis()])


def test_a_cluster_is_asked_for_one_key_at_a_time(tmp_path):
    class ClusterServer(ValkeyServer):
        def _command(self, data):
            return [*super()._command(data), "--cluster-enabled", "yes"]

    with ClusterServer(tmp_path) as server, redis.Redis.from_url(server.address) as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        deadline = time.monotonic() + 20
        while b"cluster_state:ok" not in client.execute_command("CLUSTER", "INFO"):
            assert time.monotonic() < deadline
        with pytest.raises(redis.exceptions.ClusterCrossSlotError):
            client.mget("one", "another")
        store = RedisInsightStore(client)
        assert store.apply(make(name) for name in ("FPT", "VCB", "HPG") for make in (ai_analysis, llm_analysis)) == 3
        assert set(store.get_many(["FPT", "VCB", "HPG", "MWG"])) == {"FPT", "VCB", "HPG"}
        assert store.count() == 3
        assert len(store.history("FPT", 5).entries) == 2
        assert len(RedisMarketViews(client).rows().rows) == 3
        store.rebuild([])
        assert client.keys("*") == [keys.MARKET_CHANGES.encode()]


def test_absent_servers_are_retryable():
    away = RedisInsightStore(redis.Redis.from_url("redis://:hunter2@127.0.0.1:1"))
    for call in (
        lambda: away.apply([ai_analysis()]),
        lambda: away.get("FPT"),
        lambda: away.history("FPT", 1),
        lambda: away.rebuild([]),
    ):
        with pytest.raises(RetryableError) as caught:
            call()
        assert "hunter2" not in str(caught.value)
    store = MongoAnalysisStore(database(MongoSettings.model_validate({"MONGODB_URI": "mongodb://127.0.0.1:1"})))
    for call in (lambda: store.add([ai_analysis()]), lambda: list(store.all())):
        with pymongo.timeout(0.3), pytest.raises(RetryableError):
            call()
