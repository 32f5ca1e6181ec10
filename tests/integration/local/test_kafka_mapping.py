"""The mapping over a real broker: batches, commits, dead letters, restarts and lost records."""

import base64
import threading
import uuid

import pytest
from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import KafkaAdminClient

from infra.topology import KafkaTrigger, Topic
from local.embedded.kafka import KafkaServer, create_topics
from local.function_process import FunctionError
from local.triggers.delivery import Backoff
from local.triggers.kafka import KafkaMapping
from local.triggers.offsets import GroupOffsets
from stock_ai.errors import RunAbortedError

SECONDS = 30


class Sink:
    """A function that keeps the values it was sent, by partition, and can be told to fail."""

    def __init__(self):
        self.values = {}
        self.batches = []
        self.fail = lambda values: None
        self.called = threading.Event()

    def __call__(self, event):
        self.called.set()
        batch = {
            entries[0]["partition"]: [base64.b64decode(entry["value"]).decode() for entry in entries]
            for entries in event["records"].values()
        }
        self.fail([value for values in batch.values() for value in values])
        self.batches.append(sum(map(len, batch.values())))
        for partition, values in batch.items():
            self.values.setdefault(partition, []).extend(values)
        return {"batchItemFailures": []}


@pytest.fixture
def broker(kafka_bootstrap, topics):
    return Broker(kafka_bootstrap, topics(partitions=3), topics(partitions=1))


class Broker:
    def __init__(self, address, topic, dead_letter_topic):
        self.address, self.topic, self.dead_letter_topic = address, topic, dead_letter_topic
        self.function = f"f{uuid.uuid4().hex[:8]}"
        self.failures = []

    def publish(self, *values, headers=()):
        producer = KafkaProducer(bootstrap_servers=self.address, acks="all")
        sent = [
            producer.send(self.topic, value=value.encode(), key=b"k", partition=index % 3, headers=list(headers))
            for index, value in enumerate(values)
        ]
        for future in sent:
            future.get(SECONDS)
        producer.close()

    def mapping(self, invoke, on_response=lambda response: None, **rules):
        trigger = KafkaTrigger(
            **{
                "topic": self.topic,
                "batch_size": 50,
                "window_seconds": 0.1,
                "max_retries": 2,
                "max_age_seconds": 3600,
                "dead_letter_topic": self.dead_letter_topic,
                **rules,
            }
        )
        return KafkaMapping(
            self.function,
            trigger,
            invoke,
            self.address,
            on_response,
            self.failures.append,
            backoff=Backoff(0.01, 0.05),
        )

    def dead_letters(self, count):
        consumer = KafkaConsumer(
            self.dead_letter_topic,
            bootstrap_servers=self.address,
            auto_offset_reset="earliest",
            consumer_timeout_ms=SECONDS * 1000,
        )
        found = [record for _, record in zip(range(count), consumer, strict=False)]
        consumer.close()
        return found


@pytest.fixture
def running():
    mappings = []

    def start(mapping):
        mappings.append(mapping)
        mapping.start()
        return mapping

    yield start
    for mapping in mappings:
        mapping.stop()


def test_every_record_comes_in_order_in_batches_and_is_committed(broker, running):
    broker.publish(*map(str, range(300)))
    sink = Sink()
    mapping = running(broker.mapping(sink))
    mapping.wait_drained(SECONDS)
    assert sink.values == {partition: [str(n) for n in range(partition, 300, 3)] for partition in range(3)}
    assert max(sink.batches) == 50
    assert mapping.lag() == 0
    broker.publish("late")
    mapping.wait_drained(SECONDS)
    assert sink.values[0][-1] == "late"


def test_a_restart_goes_on_after_the_last_commit(broker, running):
    broker.publish("a", "b", "c")
    first, second = Sink(), Sink()
    mapping = running(broker.mapping(first))
    mapping.wait_drained(SECONDS)
    mapping.stop()
    broker.publish("d")
    running(broker.mapping(second)).wait_drained(SECONDS)
    assert second.values == {0: ["d"]}


def test_a_batch_that_was_stopped_halfway_comes_again(broker, running):
    broker.publish("a", "b", "c")
    away, back = Sink(), Sink()

    def fail(values):
        raise FunctionError("RetryableError", "MongoDB is away", [])

    away.fail = fail
    mapping = running(broker.mapping(away, max_retries=10_000))
    assert away.called.wait(SECONDS)
    assert mapping.lag() == 3
    mapping.stop()
    running(broker.mapping(back)).wait_drained(SECONDS)
    assert back.values == {0: ["a"], 1: ["b"], 2: ["c"]}
    assert "RetryableError: MongoDB is away" in broker.failures[0]


def test_a_poison_record_becomes_a_dead_letter_and_the_rest_goes_on(broker, running):
    broker.publish("a", "b", "c", "poison", "e", "f", headers=[("trace", b"\x01")])
    sink = Sink()

    def fail(values):
        if "poison" in values:
            raise ValueError("x" * 5000)

    sink.fail = fail
    mapping = running(broker.mapping(sink))
    mapping.wait_drained(SECONDS)
    assert sorted(value for values in sink.values.values() for value in values) == ["a", "b", "c", "e", "f"]
    (letter,) = broker.dead_letters(1)
    assert (letter.key, letter.value) == (b"k", b"poison")
    headers = dict(letter.headers)
    assert headers["reason"] == b"retries_exhausted"
    assert (headers["source_topic"], headers["source_partition"]) == (broker.topic.encode(), b"0")
    assert headers["source_offset"] == b"1"
    assert headers["detail"] == b"x" * 1000
    assert headers["trace"] == b"\x01"
    assert headers["failed_at"].endswith(b"+00:00")


def test_offsets_beyond_the_log_are_set_back_before_new_records_come(broker, running):
    broker.publish("a", "b", "c")
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    sink = Sink()
    mapping = broker.mapping(sink)
    admin.alter_group_offsets(mapping.group, {TopicPartition(broker.topic, 0): OffsetAndMetadata(99, "")})
    admin.close()
    running(mapping)
    broker.publish("new")
    mapping.wait_drained(SECONDS)
    assert sink.values == {0: ["new"], 1: ["b"], 2: ["c"]}
    assert any("set back from 99 to 1" in line for line in broker.failures)


def test_a_topic_that_is_missing_is_named(broker):
    broker.topic = "nowhere"
    with pytest.raises(RunAbortedError, match="topic nowhere does not exist"):
        broker.mapping(Sink()).start()


def test_waiting_has_an_end(broker, running):
    broker.publish("a")
    release = threading.Event()
    mapping = running(broker.mapping(lambda event: release.wait(SECONDS) and None))
    with pytest.raises(RunAbortedError, match=r"still 1 records behind after 0.3 s"):
        mapping.wait_drained(0.3)
    release.set()
    mapping.wait_drained(SECONDS)


def test_a_mapping_that_died_says_so_to_whoever_waits(broker, running):
    broker.publish("a")

    def on_response(_):
        raise ZeroDivisionError("in our own code")

    mapping = running(broker.mapping(Sink(), on_response))
    with pytest.raises(RunAbortedError, match="has died: ZeroDivisionError"):
        mapping.wait_drained(SECONDS)
    with pytest.raises(RunAbortedError, match="has died: ZeroDivisionError"):
        mapping.check()


def test_a_broker_that_restarts_is_waited_for(tmp_path, running):
    server = KafkaServer(tmp_path)
    server.start()
    try:
        create_topics(server.address, [Topic("prices", 3, 1), Topic("dead", 1, 1)])
        broker = Broker(server.address, "prices", "dead")
        sink = Sink()
        mapping = running(broker.mapping(sink))
        broker.publish("a", "b", "c")
        mapping.wait_drained(SECONDS)
        server.stop()
        server = KafkaServer(tmp_path, port=server.port)
        server.start()
        broker.publish("d")
        mapping.wait_drained(SECONDS)
        assert sink.values == {0: ["a", "d"], 1: ["b"], 2: ["c"]}
        mapping.stop()
    finally:
        server.stop()


def test_group_offsets_count_only_what_the_log_still_has(broker):
    offsets = GroupOffsets(broker.address, "nobody", broker.topic)
    assert [partition.partition for partition in offsets.partitions] == [0, 1, 2]
    assert offsets.lag() == 0
    broker.publish("a", "b")
    assert offsets.lag() == 2
    assert offsets.rewind_lost() == {}
    offsets.close()
