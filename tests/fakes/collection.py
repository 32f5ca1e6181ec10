"""A collection log in memory."""

from __future__ import annotations

import datetime as dt


class MemoryCollectionLog:
    """Implements `stock_ai.ports.CollectionLog`."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], tuple[str, dt.datetime]] = {}

    def last(self, source: str) -> dict[str, tuple[str, dt.datetime]]:
        return {symbol: entry for (owner, symbol), entry in self.entries.items() if owner == source}

    def record(self, source: str, seen: dict[str, tuple[str, dt.datetime]]) -> None:
        self.entries.update({(source, symbol): entry for symbol, entry in seen.items()})
