"""noida-db: speaks the Kafka protocol. Topics are created here and never by being written to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import noida_db
from kafka.admin import KafkaAdminClient

from infra.topic_setup.service import BROKERS_CHOICE, set_up
from infra.topology import Topic
from local.embedded.process import HOST, EmbeddedServer
from stock_ai.settings import KafkaSettings


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
    """Create the topics that are missing, as at a deployment; a topic that exists stays as it is.

    Raises:
        RetryableError: the broker is away.
        RunAbortedError: the broker refused a topic; the message names it.
    """
    set_up(KafkaSettings.model_validate({"KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers}), topics, BROKERS_CHOICE)
