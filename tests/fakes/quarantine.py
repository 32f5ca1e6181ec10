"""Quarantine in memory, for what an operator does about it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass, field

from stock_ai.errors import NotFoundError
from stock_ai.models.price import StockPrice
from stock_ai.ports.prices import QuarantinedRecord
from stock_ai.storage.quarantine import Filter, KeptRecord, Release
from tests.fakes.messages import NOW


def quarantined(value: StockPrice | bytes, *reasons: str, record_id: str = "r1", **changes) -> QuarantinedRecord:
    """A record as the consumer sets one aside."""
    fields = {
        "record_id": record_id,
        "reasons": reasons or ("undecodable",),
        "detail": "why",
        "topic": "stock_prices_raw",
        "partition": 1,
        "offset": 2,
        "quarantined_at": NOW,
        "value": value if isinstance(value, bytes) else value.wire(),
        "key": b"FPT",
    }
    return QuarantinedRecord(**fields | changes)


@dataclass
class MemoryReleases:
    """Implements `stock_ai.releasing.ReleaseStore` and the lists of `local.cli.quarantine.Quarantine`."""

    kept: dict[str, KeptRecord] = field(default_factory=dict)
    decisions: list[Release] = field(default_factory=list)

    def put(self, *records: QuarantinedRecord) -> MemoryReleases:
        for record in records:
            self.kept[record.record_id] = KeptRecord(record, "FPT", "csv", None)
        return self

    def list(self, wanted: Filter, limit: int, after: str | None = None) -> list[KeptRecord]:
        found = [
            kept
            for kept in self.kept.values()
            if (wanted.released or kept.released_at is None)
            and wanted.reason in (None, kept.record.reasons[0])
            and wanted.symbol in (None, kept.symbol)
            and (wanted.since is None or wanted.since <= kept.record.quarantined_at)
        ]
        found.sort(key=_order, reverse=True)
        return [kept for kept in found if after is None or _order(kept) < _order(self.get(after))][:limit]

    def get(self, record_id: str) -> KeptRecord:
        if record_id not in self.kept:
            raise NotFoundError(f"id: there is no quarantined record {record_id!r}")
        return self.kept[record_id]

    def releases(self, record_id: str) -> list[Release]:
        return [release for release in self.decisions if release.record_id == record_id]

    def record_release(self, release: Release) -> None:
        self.decisions.append(release)

    def mark_released(self, record_id: str, at: dt.datetime, refusals: int = 0) -> None:
        if self.kept[record_id].refusals == refusals:
            self.kept[record_id] = dataclasses.replace(self.kept[record_id], released_at=at)


def _order(kept: KeptRecord) -> tuple[dt.datetime, str]:
    return kept.record.quarantined_at, kept.record.record_id
