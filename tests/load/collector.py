"""Collector: read, validate and publish CSV bars against kafka-python's own producer sending the same bytes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from functions.data_collector.service import HEADERS, collect
from infra import topology
from local.embedded.kafka import KafkaServer, create_topics
from stock_ai.clock import utc_now
from stock_ai.models import topics
from stock_ai.settings import KafkaSettings
from stock_ai.sources.csv_files import CsvSource
from stock_ai.streaming.publisher import KafkaPublisher
from tests.fakes.collection import MemoryCollectionLog
from tests.load import market
from tests.load.result import Result, paired, seconds

BARS, ROUNDS = 100_000, 3


def _published(servers: str) -> list[tuple[bytes, bytes]]:
    """Keys and values of the first round."""
    consumer = KafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    partitions = [
        TopicPartition(topics.STOCK_PRICES_RAW, part) for part in consumer.partitions_for_topic(topics.STOCK_PRICES_RAW)
    ]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    found: list[tuple[bytes, bytes]] = []
    while len(found) < BARS:
        for rows in consumer.poll(timeout_ms=1000).values():
            found += [(row.key, row.value) for row in rows]
    consumer.close()
    return found


def bench() -> Result:
    """Messages per second, ours (from opening the files to the last acknowledgement) over bare."""
    with tempfile.TemporaryDirectory() as name, KafkaServer(Path(name) / "kafka") as server:
        folder = Path(name)
        create_topics(server.address, topology.TOPICS)
        data = market.csv_folder(folder, BARS)
        publisher = KafkaPublisher(KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=server.address))

        def ours() -> float:
            def work() -> None:
                source = CsvSource(data, utc_now)
                report = collect(source, (), None, None, publisher, MemoryCollectionLog(), utc_now, lambda: 600_000)
                assert report.published == BARS

            return BARS / seconds(work)

        ours()
        messages = _published(server.address)
        # kafka-python's defaults but for what durability and throughput need, as our publisher has them.
        producer = KafkaProducer(
            bootstrap_servers=server.address, acks="all", compression_type="lz4", linger_ms=20, batch_size=64 * 1024
        )

        def bare() -> float:
            def work() -> None:
                for key, value in messages:
                    producer.send(topics.STOCK_PRICES_RAW, key=key, value=value, headers=list(HEADERS))
                producer.flush()

            return BARS / seconds(work)

        measured, baseline = paired(ours, bare, ROUNDS)
        producer.close()
        publisher.close()
    return Result("collector", measured / baseline, 0.7, "messages/s", baseline, measured, higher_is_better=True)
