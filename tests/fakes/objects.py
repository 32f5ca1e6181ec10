"""A stored object in memory."""

from __future__ import annotations

from stock_ai.errors import RunAbortedError


class MemoryObject:
    """Implements `stock_ai.storage.objects.StoredObject`; counts, and refuses while `away`."""

    def __init__(self, content: bytes | None = None) -> None:
        self.content = content
        self.reads = 0
        self.writes = 0
        self.away = False

    def read(self) -> bytes | None:
        self._check()
        self.reads += 1
        return self.content

    def write(self, content: bytes) -> None:
        self._check()
        self.writes += 1
        self.content = content

    def replace(self, before: bytes | None, after: bytes) -> bool:
        if self.read() != before:
            return False
        self.write(after)
        return True

    def _check(self) -> None:
        if self.away:
            raise RunAbortedError("the object store is away")
