"""Records set aside and what became of them, in MongoDB."""

from __future__ import annotations

import builtins
import datetime as dt
import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection
from pymongo.database import Database

from stock_ai.clock import to_millisecond
from stock_ai.errors import NotFoundError
from stock_ai.ports import QuarantinedRecord
from stock_ai.storage.mongo import Document, insert_new, translated

_LONGEST_NAME: Final = 64


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records are wanted; None takes any."""

    reason: str | None = None
    """The first of a record's reasons, under which it counts."""
    symbol: str | None = None
    source: str | None = None
    since: dt.datetime | None = None
    """Set aside at or after this instant (aware)."""
    released: bool = False
    """Whether released records are wanted too."""


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record in quarantine, with the symbol and source that its message names."""

    record: QuarantinedRecord
    symbol: str | None
    source: str | None
    released_at: dt.datetime | None
    """When it was last corrected or released; None while it is still quarantined."""


@dataclass(frozen=True, slots=True)
class Release:
    """A decision to let a record through: who, when, why and what was changed."""

    record_id: str
    by: str
    note: str
    at: dt.datetime
    event_id: str
    """Of the bar that was published."""
    changes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Field to its JSON before and after; empty where the record was released as it was."""


class MongoQuarantine:
    """Implements `stock_ai.ports.QuarantineStore` and `stock_ai.releasing.ReleaseStore`.

    Collection `quarantine` holds the records, each of which stays for good; `quarantine_releases` one document per
    decision, only ever added to.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._records = database["quarantine"]
        self._releases = database["quarantine_releases"]

    def known(self, record_ids: Sequence[str]) -> set[str]:
        """See `QuarantineStore.known`. Released records are known too."""
        if not record_ids:
            return set()
        with translated():
            return {document["_id"] for document in self._records.find({"_id": {"$in": list(record_ids)}}, {"_id": 1})}

    def add(self, records: Sequence[QuarantinedRecord]) -> None:
        """See `QuarantineStore.add`."""
        if records:
            with translated():
                insert_new(self._indexed_records, [_to_document(record) for record in records])

    def list(self, wanted: Filter, limit: int, after: str | None = None) -> builtins.list[KeptRecord]:
        """The newest `limit` records, newest first; those that follow record `after` where one is named.

        Raises:
            NotFoundError: there is no record `after`.
            RetryableError: the store is away.
        """
        match = _match(wanted)
        if after is not None:
            at = to_millisecond(self.get(after).record.quarantined_at)
            match["$or"] = [{"quarantined_at": {"$lt": at}}, {"quarantined_at": at, "_id": {"$lt": after}}]
        order = [("quarantined_at", DESCENDING), ("_id", DESCENDING)]
        with translated():
            return [_kept(document) for document in self._records.find(match).sort(order).limit(limit)]

    def get(self, record_id: str) -> KeptRecord:
        """One record, released or not.

        Raises:
            NotFoundError: there is no such record.
            RetryableError: the store is away.
        """
        with translated():
            document = self._records.find_one({"_id": record_id})
        if document is None:
            raise NotFoundError(f"id: there is no quarantined record {record_id!r}")
        return _kept(document)

    def releases(self, record_id: str) -> builtins.list[Release]:
        """Every decision about a record, oldest first."""
        with translated():
            found = self._releases.find({"record_id": record_id}).sort([("at", ASCENDING), ("_id", ASCENDING)])
            documents = builtins.list(found)
        return [
            Release(
                record_id=document["record_id"],
                by=document["by"],
                note=document["note"],
                at=document["at"],
                event_id=document["event_id"],
                changes={name: (before, after) for name, before, after in document["changes"]},
            )
            for document in documents
        ]

    def record_release(self, release: Release) -> None:
        """Write down a decision, before it is carried out."""
        changes = [[name, before, after] for name, (before, after) in release.changes.items()]
        with translated():
            self._releases.insert_one(
                {
                    "_id": ObjectId(),
                    "record_id": release.record_id,
                    "by": release.by,
                    "note": release.note,
                    "at": to_millisecond(release.at),
                    "event_id": release.event_id,
                    "changes": changes,
                }
            )

    def mark_released(self, record_id: str, at: dt.datetime) -> None:
        """Count the record as quarantined no more."""
        with translated():
            self._records.update_one({"_id": record_id}, {"$set": {"released_at": to_millisecond(at)}})

    def counts_by_reason(self, symbol: str | None = None) -> dict[str, int]:
        """How many records are quarantined still, by first reason, of one symbol or of all."""
        with translated():
            groups = self._records.aggregate(
                [
                    {"$match": _match(Filter(symbol=symbol))},
                    {"$group": {"_id": "$reason", "count": {"$sum": 1}}},
                ]
            )
            return {group["_id"]: group["count"] for group in sorted(groups, key=lambda group: str(group["_id"]))}

    @functools.cached_property
    def _indexed_records(self) -> Collection[Document]:
        """The collection of records, its index made sure of once per process, before the first write."""
        self._records.create_index([("quarantined_at", DESCENDING), ("_id", DESCENDING)])
        return self._records


def _match(wanted: Filter) -> Document:
    match: Document = {} if wanted.released else {"released_at": None}
    named = {"reason": wanted.reason, "symbol": wanted.symbol, "source": wanted.source}
    match |= {name: value for name, value in named.items() if value is not None}
    if wanted.since is not None:
        match["quarantined_at"] = {"$gte": to_millisecond(wanted.since)}
    return match


def _to_document(record: QuarantinedRecord) -> Document:
    message = _message(record.value)
    return {
        "_id": record.record_id,
        "reason": record.reasons[0],
        "reasons": list(record.reasons),
        "detail": record.detail,
        "symbol": _name(message.get("symbol")) or _name((record.key or b"").decode(errors="replace")),
        "source": _name(message.get("source")),
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "quarantined_at": to_millisecond(record.quarantined_at),
        "released_at": None,
        "key": record.key,
        "value": record.value,
        "headers": [list(header) for header in record.headers],
    }


def _kept(document: Document) -> KeptRecord:
    record = QuarantinedRecord(
        record_id=document["_id"],
        reasons=tuple(document["reasons"]),
        detail=document["detail"],
        topic=document["topic"],
        partition=document["partition"],
        offset=document["offset"],
        quarantined_at=document["quarantined_at"],
        value=document["value"],
        key=document["key"],
        headers=tuple((name, value) for name, value in document["headers"]),
    )
    # A record set aside by an earlier release of this project has none of the three.
    return KeptRecord(record, document.get("symbol"), document.get("source"), document.get("released_at"))


def _message(value: bytes) -> dict[str, Any]:
    try:
        message = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _name(value: object) -> str | None:
    """A name as it can be searched for; anything else a faulty message holds in its place is left out."""
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and "\0" not in value else None
