"""Cutting consumed records into the batches of one invocation each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from local.events import Record, entry_bytes

PAYLOAD_BYTES = 6 * 1024 * 1024
"""The largest event of a synchronous invocation (AWS Lambda quotas)."""

# For all of an event that is not a record: ARN, bootstrap servers and the names of its partitions.
_ENVELOPE_BYTES = 16 * 1024


def fits_alone(record: Record) -> bool:
    """Whether an event with this one record is within Lambda's payload."""
    return entry_bytes(record) <= PAYLOAD_BYTES - _ENVELOPE_BYTES


class Buffer:
    """Records that wait to be invoked, in the order in which they came.

    Args:
        batch_size: the most records of a batch.
        payload_bytes: the most bytes of an event.
    """

    def __init__(self, batch_size: int, payload_bytes: int = PAYLOAD_BYTES) -> None:
        self._batch_size = batch_size
        self._room_bytes = payload_bytes - _ENVELOPE_BYTES
        self._records: deque[tuple[Record, int]] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._records)

    @property
    def room(self) -> int:
        """How many more records make a full batch; 0 when records or bytes are enough for one."""
        if self._bytes >= self._room_bytes:
            return 0
        return max(0, self._batch_size - len(self._records))

    def extend(self, records: Iterable[Record]) -> None:
        """Put records after those that wait."""
        for record in records:
            size = entry_bytes(record) + 1  # the comma
            self._records.append((record, size))
            self._bytes += size

    def take(self) -> list[Record]:
        """Remove and return the longest run from the front that one event holds; one too large comes alone."""
        batch: list[Record] = []
        size = 0
        while self._records and len(batch) < self._batch_size:
            record, record_bytes = self._records[0]
            if batch and size + record_bytes > self._room_bytes:
                break
            self._records.popleft()
            self._bytes -= record_bytes
            batch.append(record)
            size += record_bytes
        return batch
