"""Results of real sessions delivered twice, reversed, shuffled and by several writers: the same bytes every time."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import threading

import numpy as np
import pytest
import redis

from functions.aggregation.service import aggregate, rebuild
from functions.ai_analysis.service import analyse
from stock_ai.market.calendar import EXCHANGE_ZONE, MARKET_CLOSE
from stock_ai.market_view import breadth
from stock_ai.models import topics
from stock_ai.models.analysis import AiAnalysis
from stock_ai.models.insight import Agreement
from stock_ai.models.llm import Stance, StanceConfidence
from stock_ai.storage.analyses import MongoAnalysisStore
from stock_ai.storage.insight_reader import MongoInsightReader
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.market_views import RedisMarketViews
from stock_ai.storage.quarantine import MongoQuarantine
from tests.contract.storage.redis_content import content
from tests.fakes.analysing import RankModel
from tests.fakes.clock import FixedClock
from tests.fakes.ledger import MemoryLedger
from tests.fakes.messages import llm_analysis, record
from tests.fakes.panels import cut, real_panel
from tests.fakes.publisher import RecordingPublisher
from tests.fakes.track_record import MemoryTrackRecord

STOCKS, SESSIONS = 16, 8
SYMBOLS = STOCKS + 1
"""With the index."""
BATCH = 37


def made_at(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, MARKET_CLOSE, EXCHANGE_ZONE).astimezone(dt.UTC)


@pytest.fixture(scope="module")
def results(shared_data):
    """The records of the last sessions: an analysis of each stock, and texts about some, in the order of events."""
    panel = real_panel(shared_data, STOCKS, "2023-01-01")
    sessions = np.unique(np.concatenate([bars.dates for bars in panel]))[-SESSIONS:]
    model, ledger, chance = RankModel(simulated=False), MemoryLedger(), random.Random(7)
    found = []
    for day in sessions.astype(object):
        publisher = RecordingPublisher()
        analyse(cut(panel, day), model, publisher, ledger, made_at(day), lambda: 10**9)
        analyses = [AiAnalysis.model_validate_json(sent.value) for sent in publisher.sent]
        found += [record(sent.value, topics.AI_ANALYSIS_RESULTS) for sent in publisher.sent]
        found += [
            record(text_about(analysis, chance, day), topics.LLM_ANALYSIS_RESULTS)
            for analysis in chance.sample(analyses, len(analyses) // 3)
        ]
    return found


def text_about(analysis, chance, day):
    return llm_analysis(
        analysis.symbol,
        f"text-{analysis.symbol}-{day}",
        made_at(day) + dt.timedelta(minutes=5),
        as_of=analysis.as_of,
        ai_analysis_id=analysis.analysis_id,
        provider=chance.choice(["anthropic", "openai", "template"]),
        stance=chance.choice(list(Stance)),
        stance_confidence=chance.choice(list(StanceConfidence)),
    )


def deliver(records, mongo_database, redis_client):
    """In batches, as the handler gets them; the number of insights that changed."""
    stores = MongoAnalysisStore(mongo_database), MemoryTrackRecord(), RedisInsightStore(redis_client)
    pending = iter(records)
    changed = 0
    while batch := list(itertools.islice(pending, BATCH)):
        quarantine, publisher = MongoQuarantine(mongo_database), RecordingPublisher()
        answer = aggregate(batch, *stores, quarantine, publisher, FixedClock(made_at(dt.date(2025, 9, 1))))
        assert answer.accepted == len(batch)
        changed += answer.insights
    return changed


@pytest.fixture
def straight(results, mongo_database, redis_client):
    """What Redis holds after one delivery in order; MongoDB and Redis are empty again."""
    deliver(results, mongo_database, redis_client)
    held = content(redis_client)
    mongo_database["analyses"].delete_many({})
    redis_client.flushdb()
    return held


def test_the_market_is_whole(results, mongo_database, redis_client):
    deliver(results, mongo_database, redis_client)
    rows = RedisMarketViews(redis_client).rows().rows
    assert len(rows) == SYMBOLS
    insights = RedisInsightStore(redis_client).get_many([row.symbol for row in rows])
    assert {insight.agreement for insight in insights.values()} == set(Agreement)
    index = insights.pop("VNINDEX")
    assert (index.confidence, index.calibrated, index.withheld.reason) == (None, False, "index_not_modelled")
    for insight in insights.values():
        assert insight.calibrated is (insight.confidence == insight.parts[0].confidence)
        assert abs(insight.confidence - insight.parts[0].confidence) < 0.02
    found = breadth(rows)
    assert found.advancers + found.decliners + found.unchanged + found.not_compared == STOCKS
    assert 0 <= found.above_sma_50_percent <= 100


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_twice_reversed_and_shuffled_give_the_same_bytes(results, straight, mongo_database, redis_client, seed):
    order = results[::-1] if seed is None else results * 2
    if seed is not None:
        random.Random(seed).shuffle(order)
    assert deliver(order, mongo_database, redis_client) > 0
    assert content(redis_client) == straight
    last = RedisMarketViews(redis_client).last_change()
    assert deliver(results, mongo_database, redis_client) == 0
    assert content(redis_client) == straight
    assert RedisMarketViews(redis_client).last_change() == last


def test_several_writers_at_once_give_the_same_bytes(results, straight, mongo_database, redis_client, redis_url):
    def write(seed):
        order = list(results)
        random.Random(seed).shuffle(order)
        with redis.Redis.from_url(redis_url) as client:
            deliver(order, mongo_database, client)

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert content(redis_client) == straight


def test_mongodb_alone_tells_the_same_and_rebuilds_it(results, straight, mongo_database, redis_client):
    deliver(results[::-1], mongo_database, redis_client)
    redis_store, rows = RedisInsightStore(redis_client), RedisMarketViews(redis_client).rows().rows
    symbols = [row.symbol for row in rows]
    reader = MongoInsightReader(mongo_database, lambda: symbols, FixedClock(made_at(dt.date(2025, 9, 1))))
    assert reader.get_many(symbols) == redis_store.get_many(symbols)
    assert reader.rows().rows == rows
    assert [reader.history(symbol, 5) for symbol in symbols] == [redis_store.history(symbol, 5) for symbol in symbols]
    redis_client.flushdb()
    assert rebuild(MongoAnalysisStore(mongo_database), redis_store).insights == SYMBOLS
    assert content(redis_client) == straight
