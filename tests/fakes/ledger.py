"""What was published last, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class MemoryLedger:
    """Implements `functions.ai_analysis.service.Ledger`; `killed_at` is the call of `record` that never comes back."""

    ids: dict[str, str] = field(default_factory=dict)
    stop: str | None = None
    killed_at: int | None = None
    records: int = 0

    def last(self) -> dict[str, str]:
        return dict(self.ids)

    def record(self, published: Mapping[str, str]) -> None:
        self.records += 1
        if self.records == self.killed_at:
            raise SystemExit
        self.ids.update(published)

    def stopped_at(self) -> str | None:
        return self.stop

    def stop_at(self, symbol: str) -> None:
        self.stop = symbol
