"""The function that creates topics, against a real broker."""

from __future__ import annotations

import uuid
from types import SimpleNamespace

import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from infra.topic_setup import handler as door
from infra.topic_setup import service
from infra.topology import TOPICS, Topic
from stock_ai.errors import InvalidInputError, RetryableError
from stock_ai.settings import KafkaSettings

CONTEXT = SimpleNamespace(
    function_name="topic-setup",
    memory_limit_in_mb=256,
    invoked_function_arn="arn:aws:lambda:ap-southeast-1:000000000000:function:topic-setup",
    aws_request_id="3f2f2c2e-topics",
)


@pytest.fixture
def admin(kafka_bootstrap):
    client = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    yield client
    client.close()


@pytest.fixture
def settings(kafka_bootstrap):
    return KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=kafka_bootstrap)


def wanted(partitions=3):
    return Topic(f"setup_{uuid.uuid4().hex[:12]}", partitions=partitions, retention_hours=5)


def partitions_of(admin, topic):
    (described,) = admin.describe_topics([topic.name])
    return len(described["partitions"])


def test_the_handler_creates_every_topic_and_again_none(monkeypatch, kafka_bootstrap, admin):
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka_bootstrap)
    monkeypatch.setenv(door.REPLICATION_VARIABLE, "1")
    names = [topic.name for topic in TOPICS]
    first = door.handler({}, CONTEXT)
    assert sorted(first["created"] + first["present"]) == sorted(names)
    assert set(names) <= set(admin.list_topics())
    assert door.handler({}, CONTEXT) == {"created": [], "present": names}


def test_partitions_and_retention_are_those_asked_for(settings, admin):
    topic = wanted(partitions=4)
    assert service.set_up(settings, (topic,), 1) == {"created": [topic.name], "present": []}
    assert partitions_of(admin, topic) == 4
    described = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name)])
    assert "18000000" in str(described)


def test_a_topic_that_is_there_stays_as_it_is(settings, admin):
    topic = wanted(partitions=2)
    service.set_up(settings, (topic,), 1)
    more = Topic(topic.name, partitions=6, retention_hours=5)
    assert service.set_up(settings, (more,), 1) == {"created": [], "present": [topic.name]}
    assert partitions_of(admin, topic) == 2


def test_another_set_up_at_the_same_time_is_no_fault(settings, admin):
    topic = wanted()
    service.set_up(settings, (topic,), 1)
    assert service._create(admin, topic, 1) is False


def test_an_absent_cluster_is_worth_another_try(monkeypatch):
    monkeypatch.setattr(service, "_TIMEOUT_MS", 500)
    with pytest.raises(RetryableError, match="Kafka is away"):
        service.set_up(KafkaSettings(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"), TOPICS, 1)


@pytest.mark.parametrize("text", ["0", "-2", "three"])
def test_a_wrong_replication_factor_is_named(monkeypatch, text):
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv(door.REPLICATION_VARIABLE, text)
    with pytest.raises(InvalidInputError, match=f"KAFKA_REPLICATION_FACTOR: .*{text}"):
        door.handler({}, CONTEXT)
