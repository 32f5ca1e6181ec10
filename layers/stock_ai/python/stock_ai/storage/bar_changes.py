"""The log of changed daily bars: one entry per call of the price store, numbered without gaps.

A writer enters the bars it is about to store, stores them, and closes its entry with those that did change. So at any
instant every bar that may differ from what was read earlier is in an entry that is new since then or was open then,
however many write at once and whenever one of them dies.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from bson import ObjectId
from pymongo import DESCENDING
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from stock_ai.errors import RetryableError
from stock_ai.models.base import Interval
from stock_ai.storage.mongo import Document

_COLLECTION = "bar_changes"
_ATTEMPTS = 100
_LONGEST_WRITE = dt.timedelta(days=1)
"""A function lives 15 minutes; an entry that is open for longer than this was left by a writer that died."""
_KEPT = dt.timedelta(days=7)
_ONE_DAY = dt.timedelta(days=1)


class Span(NamedTuple):
    """Trading dates of one symbol, both ends included."""

    symbol: str
    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class Watermark:
    """Where in the log a reading of the bars stood.

    Attributes:
        number: the newest entry; `token` names it, so that another database, or this one put back to an earlier state,
            is told by that entry.
        open: entries whose bars may have been stored after the reading.
    """

    number: int
    token: str
    open: tuple[int, ...]


class BarChanges:
    """The log in a database. Call its methods inside `translated`."""

    def __init__(self, database: Database[Document]) -> None:
        self._entries = database[_COLLECTION]
        self._newest: int | None = None

    @contextmanager
    def writing(self, documents: Iterable[Document]) -> Iterator[list[Document]]:
        """Hold an entry for the daily bars among `documents` while they are stored; add those that changed to the list.

        After an error the entry stays open, since nobody knows what was stored.

        Raises:
            RetryableError: other writers were quicker at every attempt.
        """
        changed: list[Document] = []
        spans = _spans(documents)
        if not spans:
            yield changed
            return
        number = self._enter(spans)
        yield changed
        self._entries.update_one({"_id": number}, {"$set": {"open": False, "spans": _spans(changed)}})

    def newest(self, now: dt.datetime) -> Watermark | None:
        """The watermark of a reading of all bars that begins now; None while the log is empty."""
        newest = self._entries.find_one({}, {"token": 1}, sort=[("_id", DESCENDING)])
        if newest is None:
            return None
        still_open = self._entries.find({"open": True}, {"token": 1})
        found = [entry for entry in still_open if entry["_id"] <= newest["_id"]]
        return Watermark(newest["_id"], str(newest["token"]), _alive(found, now))

    def since(self, mark: Watermark, now: dt.datetime) -> tuple[list[Span], Watermark] | None:
        """What may have changed since `mark`, and the watermark once that has been read; None: the log cannot tell.

        The spans of a symbol do not overlap.
        """
        found = sorted(self._entries.find({"_id": {"$gte": mark.number}}), key=lambda entry: entry["_id"])
        if not found or found[0]["_id"] != mark.number or str(found[0]["token"]) != mark.token:
            return None
        if found[-1]["_id"] != mark.number + len(found) - 1:
            return None
        earlier = [number for number in mark.open if number != mark.number]
        entries = list(self._entries.find({"_id": {"$in": earlier}})) if earlier else []
        if len(entries) != len(earlier):
            return None
        entries += found if mark.number in mark.open else found[1:]
        still_open = _alive((entry for entry in entries if entry["open"]), now)
        return _joined(entries), Watermark(found[-1]["_id"], str(found[-1]["token"]), still_open)

    def prune(self, mark: Watermark, now: dt.datetime) -> None:
        """Remove old entries before `mark`. Watermarks as old as they are cannot be read from any more."""
        old = ObjectId.from_datetime(now - _KEPT)
        self._entries.delete_many({"_id": {"$lt": mark.number}, "token": {"$lt": old}})

    def _enter(self, spans: Sequence[Document]) -> int:
        """Insert an open entry under the number after the newest.

        Numbers have no gaps: one is taken by whoever has seen the one before it, and the newest is never removed.
        """
        for _ in range(_ATTEMPTS):
            if self._newest is None:
                newest = self._entries.find_one({}, {"_id": 1}, sort=[("_id", DESCENDING)])
                self._newest = newest["_id"] if newest else 0
            number = self._newest + 1
            try:
                self._entries.insert_one({"_id": number, "token": ObjectId(), "open": True, "spans": spans})
            except DuplicateKeyError:
                self._newest = None
            else:
                self._newest = number
                return number
        raise RetryableError("MongoDB: the log of changed bars was taken at every attempt")


def _alive(entries: Iterable[Document], now: dt.datetime) -> tuple[int, ...]:
    oldest = now - _LONGEST_WRITE
    return tuple(sorted(entry["_id"] for entry in entries if entry["token"].generation_time >= oldest))


def _spans(documents: Iterable[Document]) -> list[Document]:
    """First and last date of each symbol's daily bars, the symbols of equal dates together: a tick is one span."""
    dates: defaultdict[str, list[dt.datetime]] = defaultdict(list)
    for document in documents:
        if document["interval"] == Interval.DAY:
            dates[document["symbol"]].append(document["time"])
    symbols: defaultdict[tuple[dt.datetime, dt.datetime], list[str]] = defaultdict(list)
    for symbol, own in dates.items():
        symbols[min(own), max(own)].append(symbol)
    return [{"first": first, "last": last, "symbols": " ".join(names)} for (first, last), names in symbols.items()]


def _joined(entries: Iterable[Document]) -> list[Span]:
    """The spans of all entries; those of a symbol that overlap or touch become one."""
    found = sorted(
        Span(symbol, span["first"].date(), span["last"].date())
        for entry in entries
        for span in entry["spans"]
        for symbol in span["symbols"].split()
    )
    joined: list[Span] = []
    for span in found:
        before = joined[-1] if joined else None
        if before is not None and before.symbol == span.symbol and span.first <= before.last + _ONE_DAY:
            joined[-1] = before._replace(last=max(before.last, span.last))
        else:
            joined.append(span)
    return joined
