"""Issued signals, their outcomes, and the tallies made of them, in MongoDB."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence

from bson.binary import Binary
from pydantic import TypeAdapter
from pymongo import ASCENDING
from pymongo.collection import Collection
from pymongo.database import Database

from stock_ai.clock import to_millisecond
from stock_ai.storage.mongo import Document, insert_new, midnight, translated
from stock_ai.track_record.days import Day, DayKey, day_of
from stock_ai.track_record.record import TrackRecord
from stock_ai.track_record.records import IssuedSignal, Outcome
from stock_ai.track_record.tallies import Cell

_TAKEN = "taken"
_INSERTED_AT_ONCE = 2_000
_BATCH = 5_000


class MongoTrackRecord:
    """Implements `stock_ai.ports.SignalLog` and `OutcomeStore`, and `api.services.TrackRecordReader`.

    Collections `signals` and `outcomes` have one document for each signal and each outcome and are only ever added to.
    `track_record_days` has one document for each trading date, so that a pass does not read every row again;
    `track_record` has the tallies. Every method raises `RetryableError` while MongoDB is away.
    """

    def __init__(self, database: Database[Document]) -> None:
        """`database` must give instants back aware (`stock_ai.storage.mongo.database`)."""
        self._signals = database["signals"]
        self._outcomes = database["outcomes"]
        self._days = database["track_record_days"]
        self._record = database["track_record"]

    def issue(self, signals: Sequence[IssuedSignal], now: dt.datetime) -> int:
        """See `SignalLog.issue`."""
        first: dict[str, Document] = {}
        for signal in signals:
            first.setdefault(signal.signal_id, _row(signal.signal_id, signal) | {"stored_at": to_millisecond(now)})
        if not first:
            return 0
        with translated():
            return len(first) - len(insert_new(self._indexed_signals, list(first.values())))

    def taken_until(self) -> dt.datetime | None:
        """See `OutcomeStore.taken_until`."""
        with translated():
            found = self._record.find_one({"_id": _TAKEN})
        return None if found is None else found["until"]

    def issued_since(self, instant: dt.datetime | None) -> Iterator[tuple[dt.datetime, IssuedSignal]]:
        """See `OutcomeStore.issued_since`."""
        chosen = {} if instant is None else {"stored_at": {"$gte": to_millisecond(instant)}}
        with translated():
            found = self._signals.find(chosen, {"stored_at": 1, "payload": 1}, batch_size=_BATCH)
            for document in found.sort("stored_at", ASCENDING):
                yield document["stored_at"], IssuedSignal.model_validate_json(document["payload"])

    def take_until(self, instant: dt.datetime) -> None:
        """See `OutcomeStore.take_until`."""
        self._replace(_TAKEN, {"until": instant})

    def open_days(self) -> list[DayKey]:
        """See `OutcomeStore.open_days`."""
        with translated():
            found = [
                DayKey(document["simulated"], document["as_of"].date())
                for document in self._days.find({"open": True}, {"simulated": 1, "as_of": 1})
            ]
        return sorted(found)

    def open_day(self, key: DayKey) -> Day | None:
        """See `OutcomeStore.open_day`."""
        with translated():
            found = self._days.find_one({"_id": _day_id(key)}, {"day": 1})
        return None if found is None or found["day"] is None else _form().validate_json(zlib.decompress(found["day"]))

    def is_closed(self, key: DayKey) -> bool:
        """See `OutcomeStore.is_closed`."""
        with translated():
            found = self._days.find_one({"_id": _day_id(key)}, {"open": 1})
        return found is not None and not found["open"]

    def day_anew(self, key: DayKey) -> Day:
        """See `OutcomeStore.day_anew`."""
        chosen = {"as_of": midnight(key.as_of), "simulated": key.simulated}
        with translated():
            signals = [
                IssuedSignal.model_validate_json(document["payload"])
                for document in self._signals.find(chosen, {"payload": 1}, batch_size=_BATCH)
            ]
            outcomes = [
                Outcome.model_validate_json(document["payload"])
                for document in self._outcomes.find(chosen, {"payload": 1}, batch_size=_BATCH)
            ]
        return day_of(key, signals, outcomes)

    def keep_day(self, day: Day, cells: Sequence[Cell], *, closed: bool) -> None:
        """See `OutcomeStore.keep_day`."""
        content: Document = {
            "simulated": day.simulated,
            "as_of": midnight(day.as_of),
            "open": not closed,
            "cells": json.dumps(cells),
            "day": None if closed else Binary(zlib.compress(_form().dump_json(day), 1)),
        }
        with translated():
            self._indexed_days.replace_one({"_id": _day_id(day.key)}, content, upsert=True)

    def add_outcomes(self, outcomes: Sequence[Outcome]) -> bool:
        """See `OutcomeStore.add_outcomes`."""
        known = 0
        with translated():
            for part in _parts(outcomes, _INSERTED_AT_ONCE):
                rows = [_row(outcome.outcome_id, outcome) for outcome in part]
                known += len(insert_new(self._indexed_outcomes, rows))
        return known == 0

    def cells(self, simulated: bool) -> Iterator[tuple[dt.date, list[Cell]]]:
        """See `OutcomeStore.cells`."""
        with translated():
            for document in self._days.find({"simulated": simulated}, {"as_of": 1, "cells": 1}):
                yield document["as_of"].date(), [Cell(*cell) for cell in json.loads(document["cells"])]

    def keep_record(self, record: TrackRecord) -> None:
        """See `OutcomeStore.keep_record`."""
        self._replace(_world(record.simulated), {"payload": record.model_dump_json()})

    def record(self) -> TrackRecord | None:
        """The newest tallies: of real signals where there are any, else of simulated ones; None before the first."""
        with translated():
            for simulated in (False, True):
                found = self._record.find_one({"_id": _world(simulated)}, {"payload": 1})
                if found is not None:
                    return TrackRecord.model_validate_json(found["payload"])
        return None

    def signals(self, symbol: str) -> list[IssuedSignal]:
        """Every signal of a symbol, newest first."""
        with translated():
            found = [
                IssuedSignal.model_validate_json(document["payload"])
                for document in self._signals.find({"symbol": symbol}, {"payload": 1}, batch_size=_BATCH)
            ]
        return sorted(found, key=lambda one: (one.as_of, one.issued_at, one.signal_id), reverse=True)

    def outcomes(self, symbol: str) -> list[Outcome]:
        """Every outcome row of a symbol's signals, by date, signal, horizon and revision."""
        with translated():
            found = [
                Outcome.model_validate_json(document["payload"])
                for document in self._outcomes.find({"symbol": symbol}, {"payload": 1}, batch_size=_BATCH)
            ]
        return sorted(found, key=lambda one: (one.as_of, one.signal_id, one.horizon, one.revision))

    def _replace(self, name: str, content: Document) -> None:
        with translated():
            self._record.replace_one({"_id": name}, content, upsert=True)

    # Indexes are made sure of once per process, before the first write.

    @functools.cached_property
    def _indexed_signals(self) -> Collection[Document]:
        return _indexed(self._signals, ("symbol", "as_of"), ("as_of", "simulated"), ("stored_at",))

    @functools.cached_property
    def _indexed_outcomes(self) -> Collection[Document]:
        return _indexed(self._outcomes, ("symbol", "as_of"), ("as_of", "simulated"))

    @functools.cached_property
    def _indexed_days(self) -> Collection[Document]:
        return _indexed(self._days, ("open",), ("simulated", "as_of"))


def _indexed(collection: Collection[Document], *indexes: tuple[str, ...]) -> Collection[Document]:
    for fields in indexes:
        collection.create_index([(field, ASCENDING) for field in fields])
    return collection


@functools.cache
def _form() -> TypeAdapter[Day]:
    return TypeAdapter(Day)


def _row(identity: str, one: IssuedSignal | Outcome) -> Document:
    return {
        "_id": identity,
        "symbol": one.symbol,
        "as_of": midnight(one.as_of),
        "simulated": one.simulated,
        "payload": one.model_dump_json(),
    }


def _parts(rows: Iterable[Outcome], size: int) -> Iterator[list[Outcome]]:
    rows = iter(rows)
    while part := list(itertools.islice(rows, size)):
        yield part


def _day_id(key: DayKey) -> str:
    return f"{_world(key.simulated)}|{key.as_of}"


def _world(simulated: bool) -> str:
    return "simulated" if simulated else "real"
