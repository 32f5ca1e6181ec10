"""Quality reports, the audit log of re-adjustments and crosschecks, in MongoDB, and what a report is made from."""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Mapping, Sequence

from pymongo import ASCENDING, ReplaceOne
from pymongo.collection import Collection
from pymongo.database import Database

from stock_ai.clock import to_millisecond
from stock_ai.market.sessions import Exchange
from stock_ai.models.base import Interval, digest
from stock_ai.quality.report import (
    Background,
    CrossCheck,
    MarketQuality,
    QualityReport,
    Readjustment,
    SetAside,
    SymbolQuality,
)
from stock_ai.storage.mongo import Document, insert_new, translated

_MARKET = "market"


class MongoQualityStore:
    """The newest `QualityReport`, every `Readjustment` ever detected, and the latest `CrossCheck` of each symbol.

    Collection `quality_reports` has one document per symbol and one of the market, so that none grows large; collection
    `readjustments` is only ever added to; `crosschecks` has one document per symbol. Every method raises
    `RetryableError` while MongoDB is away.
    """

    def __init__(self, database: Database[Document]) -> None:
        """`database` must give instants back aware (`stock_ai.storage.mongo.database`)."""
        self._reports = database["quality_reports"]
        self._readjustments = database["readjustments"]
        self._crosschecks = database["crosschecks"]

    def replace(self, report: QualityReport) -> bool:
        """Keep a report in place of the one before; False where a newer one is kept already.

        The market's document is written last. If that fails, writing the report again completes it.
        """
        made = to_millisecond(report.generated_at)
        with translated():
            kept = self._reports.find_one({"_id": _MARKET}, {"generated_at": 1})
            if kept is not None and kept["generated_at"] > made:
                return False
            self._reports.bulk_write([_replacing(_symbol_id(one.symbol), one) for one in report.symbols], ordered=False)
            self._reports.bulk_write([_replacing(_MARKET, report.market)])
            # Symbols whose bars are gone.
            self._reports.delete_many({"generated_at": {"$lt": made}})
        return True

    def market(self) -> MarketQuality | None:
        """The quality of all symbols together; None before the first report."""
        payload = self._payload(_MARKET)
        return None if payload is None else MarketQuality.model_validate_json(payload)

    def symbol(self, symbol: str) -> SymbolQuality | None:
        """The quality of one symbol; None where the newest report does not tell of it."""
        payload = self._payload(_symbol_id(symbol))
        return None if payload is None else SymbolQuality.model_validate_json(payload)

    def log(self, events: Sequence[Readjustment]) -> None:
        """Add events to the audit log. Adding one again, whenever it was detected, changes nothing."""
        if not events:
            return
        with translated():
            insert_new(self._indexed_readjustments, [_event(event) for event in events])

    def readjustments(self, symbol: str | None = None) -> list[Readjustment]:
        """The logged events, of one symbol or of all, oldest first."""
        with translated():
            found = self._readjustments.find({} if symbol is None else {"symbol": symbol}, {"payload": 1})
            events = [Readjustment.model_validate_json(document["payload"]) for document in found]
        return sorted(events, key=lambda event: (event.detected_at, event.symbol))

    def record_crosscheck(self, check: CrossCheck) -> None:
        """Keep a comparison in place of the symbol's last."""
        with translated():
            self._crosschecks.replace_one(
                {"_id": check.symbol}, {"_id": check.symbol, "payload": check.model_dump_json()}, upsert=True
            )

    def background(self, exchanges: Mapping[str, Exchange]) -> Background:
        """What was recorded while collecting, with where each symbol trades."""
        with translated():
            checks = [CrossCheck.model_validate_json(found["payload"]) for found in self._crosschecks.find()]
        return Background(exchanges, tuple(self.readjustments()), {check.symbol: check for check in checks})

    def _payload(self, name: str) -> str | None:
        with translated():
            document = self._reports.find_one({"_id": name}, {"payload": 1})
        return None if document is None else str(document["payload"])

    @functools.cached_property
    def _indexed_readjustments(self) -> Collection[Document]:
        """The collection, its index made sure of once per process, before the first write."""
        self._readjustments.create_index([("symbol", ASCENDING)])
        return self._readjustments


def read_set_aside(database: Database[Document]) -> list[SetAside]:
    """Every record that is quarantined still, by the first of its reasons.

    Raises:
        RetryableError: MongoDB is away.
    """
    with translated():
        found = database["quarantine"].find({"released_at": None}, {"key": 1, "reason": 1, "value": 1})
        return [
            SetAside(
                (document["key"] or b"").decode(errors="replace"), _trading_date(document["value"]), document["reason"]
            )
            for document in found
        ]


def _symbol_id(symbol: str) -> str:
    return f"symbol:{symbol}"


def _replacing(name: str, quality: MarketQuality | SymbolQuality) -> ReplaceOne[Document]:
    # As text: read as a whole or not at all.
    document = {"generated_at": to_millisecond(quality.generated_at), "payload": quality.model_dump_json()}
    return ReplaceOne({"_id": name}, document, upsert=True)


def _event(event: Readjustment) -> Document:
    identity = digest(event.model_dump_json(exclude={"detected_at"}))
    return {"_id": identity, "symbol": event.symbol, "payload": event.model_dump_json()}


def _trading_date(value: bytes) -> dt.date | None:
    try:
        bar = json.loads(value)
        return dt.date.fromisoformat(bar["time"]) if bar.get("interval") == Interval.DAY else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
