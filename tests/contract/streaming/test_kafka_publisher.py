"""The publisher against a broker: what `flush` promises, and how soon an absent broker is told."""

from __future__ import annotations

import socket
import time
import uuid

import pytest
from kafka import KafkaConsumer, TopicPartition

from infra.topology import Topic
from local.embedded.kafka import KafkaServer, create_topics
from stock_ai.errors import RetryableError, RunAbortedError
from stock_ai.settings import KafkaSettings
from stock_ai.streaming import publisher as module
from stock_ai.streaming.publisher import KafkaPublisher


def settings(address):
    return KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=address)


def read_all(address, topic, partitions):
    consumer = KafkaConsumer(bootstrap_servers=address, group_id=None, enable_auto_commit=False)
    try:
        where = [TopicPartition(topic, partition) for partition in range(partitions)]
        consumer.assign(where)
        consumer.seek_to_beginning(*where)
        ends = consumer.end_offsets(where)
        records, deadline = [], time.monotonic() + 30
        while any(consumer.position(tp) < ends[tp] for tp in where):
            assert time.monotonic() < deadline, f"{len(records)} records read, {sum(ends.values())} expected"
            for batch in consumer.poll(timeout_ms=500).values():
                records.extend(batch)
        return records
    finally:
        consumer.close()


@pytest.fixture
def publisher(kafka_bootstrap):
    publisher = KafkaPublisher(settings(kafka_bootstrap))
    yield publisher
    publisher.close()


def test_after_flush_all_is_there_in_order_by_key(kafka_bootstrap, topics, publisher):
    topic = topics(partitions=3)
    sent = [(f"S{n % 7}", str(n).encode()) for n in range(module.MAX_IN_FLIGHT + 500)]
    for key, value in sent:
        publisher.publish(topic, key, value, (("schema_version", b"1"),))
    publisher.flush()
    records = read_all(kafka_bootstrap, topic, 3)
    assert len(records) == len(sent)
    for symbol in {key for key, _ in sent}:
        mine = [record for record in records if record.key == symbol.encode()]
        assert [record.value for record in mine] == [value for key, value in sent if key == symbol]
        assert len({record.partition for record in mine}) == 1
    assert list(records[0].headers) == [("schema_version", b"1")]


def test_flushing_nothing_and_flushing_twice_is_fine(topics, publisher):
    publisher.flush()
    publisher.publish(topics(), "FPT", b"1")
    publisher.flush()
    publisher.flush()


def test_a_message_that_is_too_large_is_refused(topics, publisher):
    with pytest.raises(RunAbortedError, match="2000000 bytes"):
        publisher.publish(topics(), "FPT", b"x" * 2_000_000)


def test_no_broker_is_told_within_seconds():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    started = time.monotonic()
    with pytest.raises(RetryableError, match=address):
        KafkaPublisher(settings(address))
    assert time.monotonic() - started < 2 * module.CONNECT_SECONDS


def test_a_broker_that_goes_away_fails_the_flush_and_one_that_comes_back_takes_all_again(tmp_path):
    topic = f"test_{uuid.uuid4().hex[:12]}"
    with KafkaServer(tmp_path) as server:
        address, port = server.address, server.port
        create_topics(address, [Topic(topic, partitions=1, retention_hours=1)])
        publisher = KafkaPublisher(settings(address))
        publisher.publish(topic, "FPT", b"kept")
        publisher.flush()
    started = time.monotonic()
    publisher.publish(topic, "FPT", b"lost")
    with pytest.raises(RetryableError, match="acknowledge"):
        publisher.flush()
    assert time.monotonic() - started < module.DELIVERY_SECONDS + module.CONNECT_SECONDS + 2
    with KafkaServer(tmp_path, port=port):
        publisher.publish(topic, "FPT", b"again")
        publisher.flush()
        publisher.close()
        assert [record.value for record in read_all(address, topic, 1)] == [b"kept", b"again"]
