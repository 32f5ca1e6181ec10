"""A bar as a document, and what two versions of one come to. No I/O."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from bson.decimal128 import Decimal128
from pymongo import UpdateOne

from stock_ai.clock import to_millisecond
from stock_ai.models.base import Interval, Price, PriceBasis
from stock_ai.models.price import StockPrice
from stock_ai.storage.mongo import Document, midnight

_PRICES = ("open", "high", "low", "close", "adjusted_close")
_VERSION = ("ingested_at", "event_id")
_ADJUSTED_VERSION = "adjusted_version"


def bar_id(bar: StockPrice) -> str:
    """The identity of a bar as text, e.g. `FPT|1D|2025-08-22`, or with the UTC instant for an intraday bar."""
    return identity(bar.symbol, bar.interval, bar.time)


def identity(symbol: str, interval: Interval, time: dt.date) -> str:
    """`bar_id` of the bar of `symbol` at `time`, a trading date or an instant in UTC."""
    return f"{symbol}|{interval}|{time.isoformat()}"


def to_document(bar: StockPrice) -> Document:
    """The document of `bar`: VND as integer, points as Decimal128, a trading date as its midnight in UTC."""
    return {
        "_id": bar_id(bar),
        "symbol": bar.symbol,
        "interval": str(bar.interval),
        "time": to_millisecond(bar.time) if isinstance(bar.time, dt.datetime) else midnight(bar.time),
        **{name: _to_bson(getattr(bar, name)) for name in _PRICES},
        "volume": bar.volume,
        "source": bar.source,
        "event_id": bar.event_id,
        "ingested_at": to_millisecond(bar.ingested_at),
        "provisional": bar.provisional,
        "basis": str(bar.basis),
        "schema_version": bar.schema_version,
    }


def from_document(document: Document) -> StockPrice:
    """The bar of a document that `to_document` made."""
    fields: Document = {
        name: value.to_decimal() if isinstance(value, Decimal128) else value
        for name, value in document.items()
        if name != "_id"
    }
    if fields["interval"] == Interval.DAY:
        fields["time"] = fields["time"].date()
    return StockPrice.model_validate(fields)


def combined(one: Document, other: Document) -> Document:
    """What two versions of a bar come to. Commutative, associative and idempotent, so any order ends the same.

    Each of the two parts, `adjusted_close` and all the rest, comes from its own winner; where these differ,
    `adjusted_version` names that of the first.
    """
    main = max(one, other, key=_rank)
    adjusted = max(one, other, key=_adjusted_version)
    joined = {name: value for name, value in main.items() if name != _ADJUSTED_VERSION}
    if _adjusted_version(adjusted) != _version(main):
        joined |= {
            "adjusted_close": adjusted["adjusted_close"],
            _ADJUSTED_VERSION: dict(zip(_VERSION, _adjusted_version(adjusted), strict=True)),
        }
    return joined


def replacement(current: Document, document: Document) -> UpdateOne:
    """The update that puts `document` in place of `current`, where this is still the version that is stored."""
    expected = {name: current[name] for name in ("_id", *_VERSION)}
    if _ADJUSTED_VERSION in current:
        expected[_ADJUSTED_VERSION + ".event_id"] = current[_ADJUSTED_VERSION]["event_id"]
    change: Document = {"$set": {name: value for name, value in document.items() if name != "_id"}}
    if _ADJUSTED_VERSION in current and _ADJUSTED_VERSION not in document:
        change["$unset"] = {_ADJUSTED_VERSION: ""}
    return UpdateOne(expected, change)


def _version(document: Document) -> tuple[dt.datetime, str]:
    return document["ingested_at"], document["event_id"]


def _adjusted_version(document: Document) -> tuple[dt.datetime, str]:
    return _version(document.get(_ADJUSTED_VERSION, document))


def versions(document: Document) -> tuple[tuple[dt.datetime, str], tuple[dt.datetime, str]]:
    """(`ingested_at`, `event_id`) of the bar and of its `adjusted_close`."""
    return _version(document), _adjusted_version(document)


def _rank(document: Document) -> tuple[bool, dt.datetime, str]:
    return document.get("basis", PriceBasis.RAW) == PriceBasis.RAW, *_version(document)


def content(document: Document) -> Document:
    """All of a bar but its versions."""
    return {name: value for name, value in document.items() if name not in (*_VERSION, _ADJUSTED_VERSION)}


def _to_bson(price: Price | None) -> int | Decimal128 | None:
    return Decimal128(price) if isinstance(price, Decimal) else price
