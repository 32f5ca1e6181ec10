"""A backfill killed again and again ends with the bars of one clean run, and asks for no range twice."""

from __future__ import annotations

import collections
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition

from infra.topology import Topic
from local.embedded.kafka import create_topics
from stock_ai.models.base import Interval
from stock_ai.models.price import StockPrice, price_event_id
from stock_ai.models.topics import STOCK_PRICES_RAW
from stock_ai.storage.collection_plans import MongoCollectionPlans
from stock_ai.storage.prices import MongoPriceStore
from tests.integration.data_collector.collecting_process import SINCE, SYMBOLS, TODAY, market

KILLS = 10
HOLD = 0.6
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def start(kafka_bootstrap, mongo_uri, mongo_database, tmp_path):
    create_topics(kafka_bootstrap, [Topic(STOCK_PRICES_RAW, partitions=6, retention_hours=1)])

    def process():
        arguments = [kafka_bootstrap, mongo_uri, mongo_database.name, str(tmp_path / "asked"), "plan", str(HOLD)]
        return subprocess.Popen(
            [sys.executable, "-m", "tests.integration.data_collector.collecting_process", *arguments],
            cwd=ROOT,
            env=os.environ | {"POWERTOOLS_LOG_LEVEL": "ERROR", "POWERTOOLS_SERVICE_NAME": "test"},
            stdout=subprocess.PIPE,
            text=True,
        )

    return process


@pytest.fixture
def published(kafka_bootstrap, start):
    """Reads what has been published since the test began."""
    consumer = KafkaConsumer(bootstrap_servers=kafka_bootstrap, group_id=None, enable_auto_commit=False)
    partitions = [TopicPartition(STOCK_PRICES_RAW, p) for p in consumer.partitions_for_topic(STOCK_PRICES_RAW)]
    consumer.assign(partitions)
    begin = consumer.end_offsets(partitions)

    def read():
        end = consumer.end_offsets(partitions)
        for partition, offset in begin.items():
            consumer.seek(partition, offset)
        found = []
        while any(consumer.position(partition) < end[partition] for partition in partitions):
            for records in consumer.poll(timeout_ms=10_000).values():
                found += [StockPrice.model_validate_json(record.value) for record in records]
        return found

    yield read
    consumer.close()


def expected():
    source = market()
    bars = [bar for symbol in SYMBOLS for bar in source.bars(symbol, SINCE, TODAY)]
    return {
        (bar.symbol, bar.time): price_event_id(
            bar.symbol, Interval.DAY, bar.time, bar.open, bar.high, bar.low, bar.close, bar.adjusted_close, bar.volume,
            source.name, bar.provisional, bar.basis,
        )
        for bar in bars
    }  # fmt: skip


def test_ten_kills_and_one_clean_run_store_the_same_and_only_pages_in_flight_are_asked_for_again(
    start, published, mongo_database, tmp_path
):
    chance = random.Random(20261125)
    for _ in range(KILLS):
        with start() as process:
            assert process.stdout.readline() == "begun\n"
            try:
                process.wait(chance.uniform(0.05, 0.25))
            except subprocess.TimeoutExpired:
                process.kill()
    assert not MongoCollectionPlans(mongo_database).progress("plan").finished
    # Two collectors at once take the rest.
    with start() as one, start() as other:
        assert one.stdout.read() == other.stdout.read() == "begun\nfinished\n"
    asked = collections.Counter((tmp_path / "asked").read_text().splitlines())
    clean = len(asked)
    assert clean > KILLS
    assert asked.total() - clean <= KILLS
    store = MongoPriceStore(mongo_database)
    store.upsert(published())
    bars = {
        (bar.symbol, bar.time): bar.event_id for s in SYMBOLS for bar in store.bars(s, Interval.DAY, None, None, 9_999)
    }
    assert bars == expected()
