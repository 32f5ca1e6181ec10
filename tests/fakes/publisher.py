"""A publisher that keeps what it was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from stock_ai.errors import RetryableError


@dataclass
class Published:
    topic: str
    key: str
    value: bytes
    headers: dict[str, bytes]


@dataclass
class RecordingPublisher:
    """Implements `stock_ai.ports.Publisher`; `down` makes `flush` fail as an absent broker does."""

    sent: list[Published] = field(default_factory=list)
    flushes: int = 0
    down: bool = False

    def publish(self, topic: str, key: str, value: bytes, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        self.sent.append(Published(topic, key, value, dict(headers)))

    def flush(self) -> None:
        if self.down:
            raise RetryableError("broker is away")
        self.flushes += 1
