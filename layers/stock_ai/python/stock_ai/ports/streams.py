"""How messages leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Publisher(Protocol):
    """Sends messages; nothing is sure to have been sent before `flush` returns."""

    def publish(self, topic: str, key: str, value: bytes, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        """Queue one message.

        Raises:
            RetryableError: the broker is away.
            RunAbortedError: the broker will never take it, e.g. for its size.
        """

    def flush(self) -> None:
        """Wait until every queued message is acknowledged by all in-sync replicas.

        Raises:
            RetryableError: at least one message since the last flush was not acknowledged.
        """
