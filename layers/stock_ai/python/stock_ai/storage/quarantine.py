"""Records set aside, in MongoDB."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo.database import Database

from stock_ai.clock import to_millisecond
from stock_ai.ports import QuarantinedRecord
from stock_ai.storage.mongo import Document, insert_new, translated


class MongoQuarantine:
    """Implements `stock_ai.ports.QuarantineStore` on collection `quarantine`."""

    def __init__(self, database: Database[Document]) -> None:
        self._records = database["quarantine"]

    def known(self, record_ids: Sequence[str]) -> set[str]:
        """See `QuarantineStore.known`."""
        if not record_ids:
            return set()
        with translated():
            return {document["_id"] for document in self._records.find({"_id": {"$in": list(record_ids)}}, {"_id": 1})}

    def add(self, records: Sequence[QuarantinedRecord]) -> None:
        """See `QuarantineStore.add`."""
        if not records:
            return
        documents = [
            {
                "_id": record.record_id,
                "reason": record.reasons[0],
                "reasons": list(record.reasons),
                "detail": record.detail,
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "quarantined_at": to_millisecond(record.quarantined_at),
                "key": record.key,
                "value": record.value,
                "headers": [list(header) for header in record.headers],
            }
            for record in records
        ]
        with translated():
            insert_new(self._records, documents)

    def counts(self) -> dict[str, int]:
        """How many records are kept, by first reason."""
        with translated():
            groups = self._records.aggregate([{"$group": {"_id": "$reason", "count": {"$sum": 1}}}])
            return {group["_id"]: group["count"] for group in sorted(groups, key=lambda group: str(group["_id"]))}
