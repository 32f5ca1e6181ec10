"""Messages to Kafka, acknowledged by all in-sync replicas."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError

from stock_ai.errors import RetryableError, RunAbortedError
from stock_ai.secrets import reread
from stock_ai.settings import KafkaSecurity, KafkaSettings
from stock_ai.streaming.client import client_options

# kafka-python logs every reconnect of an absent broker.
logging.getLogger("kafka").setLevel(logging.WARNING)

MAX_IN_FLIGHT = 5_000
"""Messages under way at most; kafka-python 3 itself puts no bound on its buffer.

From 1,000 to no bound, throughput measured the same within noise; a small bound keeps memory small."""

CONNECT_SECONDS = 5
DELIVERY_SECONDS = 10
"""How long an absent broker is waited for: at the start, and for a message already queued."""


class KafkaPublisher:
    """Implements `stock_ai.ports.Publisher`.

    After a `RetryableError` nothing of what was published since the last flush is sure: publish all of it again.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        """Connect.

        Raises:
            RetryableError: no broker answers within `CONNECT_SECONDS`.
        """
        self._servers = settings.bootstrap_servers
        self._has_password = settings.security is KafkaSecurity.SCRAM
        self._queued = 0
        self._fault: BaseException | None = None
        try:
            self._producer = KafkaProducer(
                **client_options(settings),
                client_id="stock-ai",
                acks="all",
                compression_type="lz4",
                linger_ms=20,
                batch_size=64 * 1024,
                metrics_enabled=False,
                bootstrap_timeout_ms=CONNECT_SECONDS * 1000,
                max_block_ms=CONNECT_SECONDS * 1000,
                request_timeout_ms=DELIVERY_SECONDS * 500,
                delivery_timeout_ms=DELIVERY_SECONDS * 1000,
                reconnect_backoff_max_ms=1000,
            )
        except KafkaError as error:
            raise self._away(f"does not answer: {error}") from error

    def publish(self, topic: str, key: str, value: bytes, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        """See `stock_ai.ports.Publisher`. Waits while `MAX_IN_FLIGHT` messages are under way.

        Raises:
            RetryableError: the broker is away, or an earlier message was not acknowledged.
            RunAbortedError: the message is larger than Kafka takes, today and tomorrow.
        """
        try:
            future = self._producer.send(topic, key=key.encode(), value=value, headers=list(headers))
        except MessageSizeTooLargeError as error:
            raise RunAbortedError(f"{len(value)} bytes for {topic} of {key} are too many: {error}") from error
        except KafkaError as error:
            raise self._away(f"takes no message for {topic}: {error}") from error
        # Not the futures are kept but the first fault: thousands of live futures slow the whole process down.
        future.add_errback(self._remember)
        self._queued += 1
        if self._queued >= MAX_IN_FLIGHT:
            self.flush()

    def flush(self) -> None:
        """See `stock_ai.ports.Publisher`.

        Raises:
            RetryableError: a message since the last flush was not acknowledged within `DELIVERY_SECONDS`.
        """
        self._queued = 0
        try:
            self._producer.flush(timeout=DELIVERY_SECONDS + CONNECT_SECONDS)
        except KafkaError as error:
            self._fault = error
        fault, self._fault = self._fault, None
        if fault is not None:
            raise self._away(f"did not acknowledge a message: {fault}") from fault

    def close(self) -> None:
        """Send what is queued and let go of the connection.

        Raises:
            RetryableError: the broker went away before it had acknowledged everything.
        """
        try:
            self._producer.close(timeout=CONNECT_SECONDS)
        except KafkaError as error:
            raise RetryableError(f"Kafka at {self._servers} went away before all was sent: {error}") from error

    def _away(self, what: str) -> RetryableError:
        # A refused password often shows as a mere timeout, since the connection is made in the sender's thread.
        if self._has_password:
            reread()
        return RetryableError(f"Kafka at {self._servers} {what}")

    def _remember(self, fault: BaseException) -> None:
        """Called in the sender's thread; the first fault since the last flush is the one that is told."""
        self._fault = self._fault or fault
