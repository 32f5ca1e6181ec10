"""Where each symbol trades, and what it is called, in MongoDB."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Container, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pymongo import UpdateMany, UpdateOne
from pymongo.database import Database

from stock_ai.clock import Clock
from stock_ai.errors import RetryableError
from stock_ai.market.sessions import Exchange
from stock_ai.models.listing import Listing, Sector
from stock_ai.observability import logger
from stock_ai.ports.prices import Listings, Move
from stock_ai.storage.mongo import Document, insert_new, translated

_SECTORS = {str(sector): sector for sector in Sector}
_NOT_READ = {"before": 0, "since": 0}
_TOGETHER = 100
"""Symbols in one write."""
_LEFT_ALONE = dt.timedelta(seconds=10)
"""After a failure: to find a server away takes seconds, in which somebody waits for an answer."""


class MongoListings:
    """Implements `stock_ai.ports.Listings`.

    Collection `listings` has one document per symbol: its exchange, since when it has been seen there, when it was last
    seen on any, and the exchanges it was on before; its names and sector, who said so and when. A symbol that is listed
    no more stays.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._listings = database["listings"]

    def record(self, exchange: Exchange, symbols: Sequence[str], on: dt.date) -> Sequence[Move]:
        """See `Listings.record`. Recording the same again changes nothing."""
        known = self._documents()
        day = on.isoformat()
        moves: list[Move] = []
        changes: dict[str, Document] = {}
        for symbol in sorted(set(symbols)):
            before = known.get(symbol, {}).get("exchange")
            changes[symbol] = {"seen_on": day}
            if before != exchange:
                changes[symbol] |= {"exchange": str(exchange), "since": day}
            if before not in (None, exchange):
                moves.append(Move(symbol, Exchange(before), exchange))
        self._write(changes, known, moves)
        return moves

    def exchanges(self) -> dict[str, Exchange]:
        """See `Listings.exchanges`."""
        with translated():
            found = list(self._listings.find({}, {"exchange": 1}))
        return {one["_id"]: Exchange(one["exchange"]) for one in found if "exchange" in one}

    def describe(self, listings: Iterable[Listing]) -> int:
        """See `Listings.describe`: one read and one bulk of writes. Describing the same again changes nothing."""
        known = self._documents()
        changes: dict[str, Document] = {}
        for listing in listings:
            before = known.get(listing.symbol, {})
            if before.get("described_on", "") > listing.as_of.isoformat():
                continue
            said = _said(listing, exchange_known="exchange" in before)
            if change := {name: value for name, value in said.items() if before.get(name) != value}:
                changes[listing.symbol] = changes.get(listing.symbol, {}) | change
        self._write(changes, known)
        return len(changes)

    def all(self) -> dict[str, Listing]:
        """See `Listings.all`: one read."""
        return {symbol: _listing(document) for symbol, document in self._documents().items()}

    def get(self, symbol: str) -> Listing | None:
        """See `Listings.get`."""
        with translated():
            document = self._listings.find_one({"_id": symbol}, _NOT_READ)
        return None if document is None else _listing(document)

    def _documents(self) -> dict[str, Document]:
        with translated():
            return {document["_id"]: document for document in self._listings.find({}, _NOT_READ)}

    def _write(self, changes: Mapping[str, Document], known: Container[str], moves: Sequence[Move] = ()) -> None:
        new = [{"_id": symbol, **change} for symbol, change in changes.items() if symbol not in known]
        writes: list[UpdateMany | UpdateOne] = []
        moved = {move.symbol: move for move in moves}
        # Most have no news but another day, the same for all.
        alike: dict[tuple[tuple[str, Any], ...], list[str]] = {}
        for symbol, change in changes.items():
            if (move := moved.get(symbol)) is not None:
                left = {"before": {"exchange": str(move.before), "until": change["since"]}}
                writes.append(UpdateOne({"_id": symbol}, {"$set": change, "$push": left}))
            elif symbol in known:
                alike.setdefault(tuple(sorted(change.items())), []).append(symbol)
        for news, symbols in alike.items():
            for start in range(0, len(symbols), _TOGETHER):
                part = symbols[start : start + _TOGETHER]
                writes.append(UpdateMany({"_id": {"$in": part}}, {"$set": dict(news)}))
        with translated():
            if new:
                # One that another process has just added is described again another day.
                insert_new(self._listings, new)
            if writes:
                self._listings.bulk_write(writes, ordered=False)


class KeptListings:
    """All listings, read again once they are older than `fresh_for`; safe for several threads.

    While MongoDB is away what was read before stays, however old: names do not wear out.
    """

    def __init__(self, listings: Listings, clock: Clock, fresh_for: dt.timedelta = dt.timedelta(minutes=1)) -> None:
        """Read nothing yet."""
        self._listings = listings
        self._clock = clock
        self._fresh_for = fresh_for
        self._lock = threading.Lock()
        self._kept: Mapping[str, Listing] | None = None
        self._until: dt.datetime | None = None
        self._failure = ""

    def all(self) -> Mapping[str, Listing]:
        """Every listing by symbol; the same object until it is read again.

        Raises:
            RetryableError: MongoDB is away, and nothing was read before; it is not asked again for a while.
        """
        # One thread reads; the others go on with what there is, or wait where there is nothing.
        if self._is_due() and self._lock.acquire(blocking=self._kept is None):
            try:
                if self._is_due():
                    self._read()
            finally:
                self._lock.release()
        if self._kept is None:
            raise RetryableError(self._failure)
        return self._kept

    def get(self, symbol: str) -> Listing | None:
        """One listing, None where the symbol is not known. Raises as `all`."""
        return self.all().get(symbol)

    def _is_due(self) -> bool:
        return self._until is None or self._clock() >= self._until

    def _read(self) -> None:
        try:
            self._kept = MappingProxyType(dict(self._listings.all()))
            self._until = self._clock() + self._fresh_for
        except RetryableError as error:
            self._failure = str(error)
            self._until = self._clock() + _LEFT_ALONE
            logger.warning("listings not read", reason=str(error), kept=self._kept is not None)


def _said(listing: Listing, exchange_known: bool) -> Document:
    day = listing.as_of.isoformat()
    said = {
        "name": listing.name,
        "name_en": listing.name_en,
        "sector": None if listing.sector is None else str(listing.sector),
        "source": listing.source,
        "described_on": day,
    }
    if listing.exchange is not None and not exchange_known:
        said |= {"exchange": str(Exchange(listing.exchange)), "since": day}
    return {name: value for name, value in said.items() if value is not None}


def _listing(document: Document) -> Listing:
    return Listing(
        symbol=document["_id"],
        exchange=document.get("exchange"),
        name=document.get("name"),
        name_en=document.get("name_en"),
        # One that another version of this code has stored may not be known here.
        sector=_SECTORS.get(document.get("sector", "")),
        as_of=dt.date.fromisoformat(max(document.get("described_on", ""), document.get("seen_on", ""))),
        source=document.get("source"),
    )
