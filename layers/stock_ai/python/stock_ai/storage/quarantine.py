"""Records set aside and what became of them, in MongoDB."""

from __future__ import annotations

import builtins
import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection
from pymongo.database import Database

from stock_ai.clock import to_millisecond
from stock_ai.errors import NotFoundError
from stock_ai.ports.prices import QuarantinedRecord
from stock_ai.quality.corrections import fields_of
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
    """When it was last corrected, released or accepted from a redrive; None while it is still quarantined."""
    refusals: int = 0
    """How often the consumer refused it again after it was released as it was."""


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


def released_from(record_id: str) -> bytes:
    """The header value by which the copy of a released record tells where it comes from."""
    return f"quarantine:{record_id}".encode()


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
        """See `QuarantineStore.add`. The refused copy of a released record puts that record into quarantine again."""
        refused = [each.record_id for each in records if released_from(each.record_id) in dict(each.headers).values()]
        if records:
            with translated():
                insert_new(self._indexed_records, [_to_document(record) for record in records])
        if refused:
            again = {"$set": {"released_at": None}, "$inc": {"refusals": 1}}
            with translated():
                self._records.update_many({"_id": {"$in": refused}}, again)

    def let_through(self, record_ids: Sequence[str], at: dt.datetime) -> None:
        """See `QuarantineStore.let_through`."""
        still = {"_id": {"$in": builtins.list(record_ids)}, "released_at": None}
        with translated():
            self._records.update_many(still, {"$set": {"released_at": to_millisecond(at)}})

    def list(self, wanted: Filter, limit: int, after: str | None = None) -> builtins.list[KeptRecord]:
        """The newest `limit` records, newest first; those that follow record `after` where one is named.

        Raises:
            NotFoundError: there is no record `after`.
            RetryableError: the store is away.
        """
        conditions = _conditions(wanted)
        if after is not None:
            at = to_millisecond(self.get(after).record.quarantined_at)
            conditions.append({"$or": [{"quarantined_at": {"$lt": at}}, {"quarantined_at": at, "_id": {"$lt": after}}]})
        order = [("quarantined_at", DESCENDING), ("_id", DESCENDING)]
        with translated():
            return [_kept(document) for document in self._records.find(_all(conditions)).sort(order).limit(limit)]

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

    def mark_released(self, record_id: str, at: dt.datetime, refusals: int = 0) -> None:
        """Count the record as quarantined no more, unless it was refused more often by now than `refusals` times."""
        # A record that was never refused has no such field.
        unchanged = {"_id": record_id, "refusals": refusals or None}
        with translated():
            self._records.update_one(unchanged, {"$set": {"released_at": to_millisecond(at)}})

    def released(self) -> set[tuple[str, bytes]]:
        """Topic and value of every record that was let through in any way and is not quarantined again."""
        with translated():
            found = self._records.find({"released_at": {"$ne": None}}, {"topic": 1, "value": 1})
            return {(document["topic"], document["value"]) for document in found}

    def counts_by_reason(self, symbol: str | None = None) -> dict[str, int]:
        """How many records are quarantined still, by first reason, of one symbol or of all."""
        with translated():
            groups = self._records.aggregate(
                [
                    {"$match": _all(_conditions(Filter(symbol=symbol)))},
                    {"$group": {"_id": "$reason", "count": {"$sum": 1}}},
                ]
            )
            return {group["_id"]: group["count"] for group in sorted(groups, key=lambda group: str(group["_id"]))}

    @functools.cached_property
    def _indexed_records(self) -> Collection[Document]:
        """The collection of records, its index made sure of once per process, before the first write."""
        self._records.create_index([("quarantined_at", DESCENDING), ("_id", DESCENDING)])
        return self._records


def _all(conditions: Sequence[Document]) -> Document:
    return {"$and": conditions} if conditions else {}


def _conditions(wanted: Filter) -> list[Document]:
    named = {"reason": wanted.reason, "source": wanted.source}
    conditions: list[Document] = [{name: value} for name, value in named.items() if value is not None]
    if not wanted.released:
        conditions.append({"released_at": None})
    if wanted.symbol is not None:
        of_older_release = {"symbol": {"$exists": False}, "key": wanted.symbol.encode()}
        conditions.append({"$or": [{"symbol": wanted.symbol}, of_older_release]})
    if wanted.since is not None:
        conditions.append({"quarantined_at": {"$gte": to_millisecond(wanted.since)}})
    return conditions


def _to_document(record: QuarantinedRecord) -> Document:
    names = _names(record)
    return {
        "_id": record.record_id,
        "reason": record.reasons[0],
        "reasons": list(record.reasons),
        "detail": record.detail,
        "symbol": names.symbol,
        "source": names.source,
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
    # A record set aside by an earlier release of this project has neither names nor `released_at`.
    names = _Names(document["symbol"], document["source"]) if "symbol" in document else _names(record)
    return KeptRecord(record, names.symbol, names.source, document.get("released_at"), document.get("refusals", 0))


class _Names(NamedTuple):
    symbol: str | None
    source: str | None


def _names(record: QuarantinedRecord) -> _Names:
    """Symbol and source that the message of a record names; its key is the symbol where the message has none."""
    message = fields_of(record.value) or {}
    key = (record.key or b"").decode(errors="replace")
    return _Names(_name(message.get("symbol")) or _name(key), _name(message.get("source")))


def _name(value: object) -> str | None:
    """A name as it can be stored and searched for; anything else that a faulty message holds there is left out."""
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable() else None
