"""noida-db: speaks the Kafka protocol. Topics are created here and never by being written to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import noida_db
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from infra.topology import Topic
from local.embedded.process import HOST, EmbeddedServer
from stock_ai.errors import RetryableError, RunAbortedError


class KafkaServer(EmbeddedServer):
    """Keeps records and committed offsets over SIGTERM; a SIGKILL can lose what came in the last 0.3 s."""

    name = "kafka"

    @property
    def address(self) -> str:
        """127.0.0.1:PORT"""
        return f"{HOST}:{self.port}"

    def _command(self, data: Path) -> list[str]:
        binary = Path(noida_db.__file__).with_name("noida-db")
        where = ["--host", HOST, "--kafka-port", str(self.port), "--data-dir", str(data.absolute())]
        return [str(binary), "start", "--only", "kafka", *where]

    def _ping(self) -> None:
        client = KafkaAdminClient(bootstrap_servers=self.address, bootstrap_timeout_ms=2000, request_timeout_ms=2000)
        try:
            client.list_topics()
        finally:
            client.close()


def create_topics(bootstrap_servers: str, topics: Sequence[Topic]) -> None:
    """Create the topics that are missing. One that exists stays as it is; its partitions are never raised,
    because that would move keys to other partitions and break their order.

    Raises:
        RetryableError: the broker is away.
        RunAbortedError: the broker refused a topic; the message names it.
    """
    try:
        client = KafkaAdminClient(bootstrap_servers=bootstrap_servers.split(","))
    except KafkaError as error:
        raise RetryableError(f"Kafka is away: {error}") from error
    try:
        known = set(client.list_topics())
        for topic in topics:
            if topic.name not in known:
                _create(client, topic)
    except KafkaError as error:
        raise RetryableError(f"Kafka is away: {error}") from error
    finally:
        client.close()


def _create(client: KafkaAdminClient, topic: Topic) -> None:
    wanted = NewTopic(
        topic.name,
        num_partitions=topic.partitions,
        replication_factor=-1,  # the broker's own default: 1 embedded, 3 on a cluster
        topic_configs={"retention.ms": str(topic.retention_hours * 3_600_000)},
    )
    try:
        client.create_topics([wanted])
    except TopicAlreadyExistsError:
        return
    except KafkaError as error:
        if error.retriable:
            raise
        raise RunAbortedError(f"topic {topic.name}: {error}") from error
