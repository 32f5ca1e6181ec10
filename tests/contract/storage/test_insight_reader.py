"""`MongoInsightReader` gives what Redis holds."""

import datetime as dt
import random

import pymongo
import pytest

from stock_ai.errors import RetryableError
from stock_ai.models.analysis import Signal
from stock_ai.settings import MongoSettings
from stock_ai.storage.analyses import MongoAnalysisStore
from stock_ai.storage.insight_reader import MongoInsightReader
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.market_views import RedisMarketViews
from stock_ai.storage.mongo import database
from tests.fakes.clock import FixedClock
from tests.fakes.messages import NOW, ai_analysis, llm_analysis

MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
SYMBOLS = ["ACB", "FPT", "HPG", "NEW", "VCB"]
SIGNALS = dict(zip("abc", Signal, strict=True))


def some(seed):
    """Analyses of some symbols over two weeks: repeated, of one instant, and as A, then B, then A again."""
    chance = random.Random(seed)
    every = []
    for symbol in SYMBOLS[:3]:
        for _ in range(12):
            name, time = chance.choice("abc"), NOW - chance.choice([0, 0, 1, 2, 6, 13]) * DAY
            every.append(ai_analysis(symbol, f"{symbol}-{name}", time, signal=SIGNALS[name]))
        for _ in range(chance.randrange(6)):
            summary, time = chance.choice(["One.", "Another."]), NOW - chance.choice([0, 0, 3, 9]) * DAY
            every.append(llm_analysis(symbol, f"{symbol}-l", time, summary=summary, provider="anthropic"))
    return [*every, llm_analysis("VCB", "VCB-l", NOW - 40 * DAY)]


@pytest.mark.parametrize("seed", range(6))
def test_insights_histories_and_rows_are_those_of_redis(mongo_database, redis_client, seed):
    analyses = some(seed)
    store, redis_store = MongoAnalysisStore(mongo_database), RedisInsightStore(redis_client)
    for start in range(0, len(analyses), 7):
        store.add(analyses[start : start + 7])
        redis_store.apply(analyses[start : start + 7])
    reader = MongoInsightReader(mongo_database, lambda: SYMBOLS[::-1], FixedClock(NOW + 2 * DAY))

    wanted = redis_store.get_many(SYMBOLS)
    found = reader.get_many(SYMBOLS)
    assert found == wanted
    assert {symbol: insight.wire() for symbol, insight in found.items()} == {
        symbol: insight.wire() for symbol, insight in wanted.items()
    }
    assert reader.get("NEW") is None
    rows = reader.rows()
    assert (rows.version, rows.rows) == (None, RedisMarketViews(redis_client).rows().rows)
    for symbol in SYMBOLS:
        before = None
        for _ in range(len(analyses)):
            page = redis_store.history(symbol, 2, before)
            assert reader.history(symbol, 2, before) == page
            if page.next is None:
                break
            before = page.next
        assert page.next is None


def test_the_history_has_no_more_entries_than_that_in_redis(mongo_database, redis_client):
    analyses = [ai_analysis("FPT", f"a{step:03}", NOW + step // 2 * MINUTE) for step in range(521)]
    MongoAnalysisStore(mongo_database).add(analyses)
    redis_store = RedisInsightStore(redis_client)
    redis_store.apply(random.Random(1).sample(analyses, len(analyses)))
    reader = MongoInsightReader(mongo_database, lambda: SYMBOLS, FixedClock(NOW))
    page = reader.history("FPT", 600)
    assert len(page.entries) == 500
    assert page == redis_store.history("FPT", 600)


def test_an_absent_server_is_retryable():
    mongo = database(MongoSettings.model_validate({"MONGODB_URI": "mongodb://127.0.0.1:1"}))
    away = MongoInsightReader(mongo, lambda: SYMBOLS, FixedClock(NOW))
    for call in (lambda: away.get("FPT"), away.rows, lambda: away.history("FPT", 1)):
        with pymongo.timeout(0.3), pytest.raises(RetryableError):
            call()
