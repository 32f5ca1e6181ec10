"""Creates Kafka topics: for `handler` at a deployment, for `local` before a run."""

from __future__ import annotations

from collections.abc import Sequence

from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from infra.topology import Topic
from stock_ai.errors import RetryableError, RunAbortedError
from stock_ai.settings import KafkaSettings
from stock_ai.streaming.client import client_options

BROKERS_CHOICE = -1
"""The replication factor that leaves it to the cluster: 1 embedded, 3 as a rule elsewhere."""
_TIMEOUT_MS = 30_000
"""For the first answer and for each request: a serverless cluster that has slept takes its time."""


def set_up(settings: KafkaSettings, topics: Sequence[Topic], replication_factor: int) -> dict[str, list[str]]:
    """Create the topics that are missing; the answer is `{"created": [..], "present": [..]}`, by name.

    A topic that is there stays as it is: more partitions would move keys to others and break their order.

    Raises:
        RetryableError: the cluster is away.
        RunAbortedError: the cluster refuses a topic; the message names it.
    """
    answer: dict[str, list[str]] = {"created": [], "present": []}
    try:
        client = KafkaAdminClient(
            **client_options(settings),
            client_id="stock-ai-topic-setup",
            bootstrap_timeout_ms=_TIMEOUT_MS,
            request_timeout_ms=_TIMEOUT_MS,
        )
        try:
            known = set(client.list_topics())
            for topic in topics:
                new = topic.name not in known and _create(client, topic, replication_factor)
                answer["created" if new else "present"].append(topic.name)
        finally:
            client.close()
    except KafkaError as error:
        raise RetryableError(f"Kafka is away: {error}") from error
    return answer


def _create(client: KafkaAdminClient, topic: Topic, replication_factor: int) -> bool:
    """Whether it was this call that created the topic."""
    wanted = NewTopic(
        topic.name,
        num_partitions=topic.partitions,
        replication_factor=replication_factor,
        topic_configs={"retention.ms": str(topic.retention_hours * 3_600_000)},
    )
    try:
        client.create_topics([wanted])
    except TopicAlreadyExistsError:
        return False
    except KafkaError as error:
        if error.retriable:
            raise
        raise RunAbortedError(f"topic {topic.name}: {error}") from error
    return True
