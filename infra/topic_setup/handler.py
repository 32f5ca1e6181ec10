"""Creates the Kafka topics of the topology: invoked once per deployment, and safe to invoke again."""

from __future__ import annotations

import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from infra.topology import TOPICS, Topic
from stock_ai.errors import InvalidInputError, RetryableError, RunAbortedError
from stock_ai.observability import logger
from stock_ai.settings import KafkaSettings
from stock_ai.streaming.client import client_options

REPLICATION_VARIABLE = "KAFKA_REPLICATION_FACTOR"
_BROKERS_CHOICE = -1
_TIMEOUT_MS = 30_000
"""For the first answer and for each request: a serverless cluster that has slept takes its time."""


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[str]]:  # noqa: ARG001 - Lambda's signature
    """Create the topics that are missing; the answer is `{"created": [..], "present": [..]}`.

    A topic that is there stays as it is: more partitions would move keys to others and break their order.

    Raises:
        InvalidInputError: a setting is missing or wrong.
        RetryableError: the cluster is away.
        RunAbortedError: the cluster refuses a topic; the message names it.
    """
    answer = set_up(KafkaSettings.load(), TOPICS, _replication_factor())
    logger.info("topics are set up", extra={"topics": answer})
    return answer


def set_up(settings: KafkaSettings, topics: tuple[Topic, ...], replication_factor: int) -> dict[str, list[str]]:
    """See `handler`; -1 leaves the replication factor to the cluster."""
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


def _replication_factor() -> int:
    text = os.environ.get(REPLICATION_VARIABLE) or str(_BROKERS_CHOICE)
    try:
        factor = int(text)
    except ValueError:
        factor = 0
    if factor < 1 and factor != _BROKERS_CHOICE:
        raise InvalidInputError(f"{REPLICATION_VARIABLE}: must be a number of brokers, or -1, got {text!r}")
    return factor
