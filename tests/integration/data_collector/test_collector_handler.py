"""The handler with real servers: an event in, bars on the topic, the log in MongoDB."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

import pytest
from kafka import KafkaConsumer, TopicPartition

from functions.data_collector import handler as module
from functions.data_collector.wiring import build
from infra.topology import Topic
from local.embedded.kafka import create_topics
from stock_ai.errors import InvalidInputError
from stock_ai.models.topics import STOCK_PRICES_RAW
from stock_ai.storage.collection_log import MongoCollectionLog


@dataclass
class Context:
    function_name: str = "data_collector"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:ap-southeast-1:000000000000:function:data_collector"
    aws_request_id: str = "1"

    def get_remaining_time_in_millis(self):
        return 900_000


@pytest.fixture
def environment(monkeypatch, kafka_bootstrap, mongo_uri, mongo_database, tmp_path):
    (tmp_path / "FPT.csv").write_text(
        "symbol,date,open,high,low,close,volume\nFPT,2025-08-21,1,1,1,1,1\nFPT,2025-08-22,2,2,2,2,2\n"
    )
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka_bootstrap)
    monkeypatch.setenv("MONGODB_URI", mongo_uri)
    monkeypatch.setenv("MONGODB_DATABASE", mongo_database.name)
    monkeypatch.setenv("PRICE_SOURCE", "csv")
    monkeypatch.setenv("PRICE_DATA", str(tmp_path))
    create_topics(kafka_bootstrap, [Topic(STOCK_PRICES_RAW, partitions=6, retention_hours=1)])
    build.cache_clear()
    yield mongo_database
    build().ports.publisher.close()
    build.cache_clear()


def test_an_event_puts_bars_on_the_topic(environment, kafka_bootstrap):
    consumer = KafkaConsumer(bootstrap_servers=kafka_bootstrap, group_id=None, enable_auto_commit=False)
    partitions = [TopicPartition(STOCK_PRICES_RAW, p) for p in consumer.partitions_for_topic(STOCK_PRICES_RAW)]
    consumer.assign(partitions)
    before = consumer.end_offsets(partitions)
    event = {"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": {"since": "2025-08-22"}}
    answer = module.handler(event, Context())
    counts = {"source": "csv", "symbols": 1, "read": 1, "published": 1}
    assert answer == counts | {"skipped": "", "unfinished_plans": 0}
    after = consumer.end_offsets(partitions)
    (grown,) = [tp for tp in partitions if after[tp] > before[tp]]
    consumer.seek(grown, before[grown])
    (record,) = consumer.poll(timeout_ms=10_000)[grown]
    consumer.close()
    assert (record.key, json.loads(record.value)["close"]) == (b"FPT", 2)
    assert set(MongoCollectionLog(environment).last("csv")) == {"FPT"}


def test_a_wrong_event_is_refused(environment):
    with pytest.raises(InvalidInputError, match="symbol 'VNM' is not in"):
        module.handler({"detail": {"symbols": ["VNM"]}}, Context())


def test_importing_the_handler_connects_to_nothing_and_needs_no_arrow():
    code = (
        "import socket, sys\n"
        "socket.socket.connect = None\n"
        "import functions.data_collector.handler\n"
        "sys.exit('pyarrow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
