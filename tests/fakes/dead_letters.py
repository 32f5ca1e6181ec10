"""A dead-letter sink that keeps what it was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from local.events import Record


@dataclass
class RecordingDeadLetters:
    """Implements `local.triggers.delivery.DeadLetterSink`."""

    letters: list[tuple[Record, str, str]] = field(default_factory=list)

    def put(self, records: Sequence[Record], reason: str, detail: str) -> None:
        self.letters.extend((record, reason, detail) for record in records)

    @property
    def reasons(self) -> dict[tuple[int, int], str]:
        return {(record.partition, record.offset): reason for record, reason, _ in self.letters}
