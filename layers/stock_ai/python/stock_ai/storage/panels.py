"""A `Panel` from the stored daily bars, in one pass over MongoDB."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import numpy as np
from bson import Decimal128
from pymongo.database import Database

from stock_ai.indicators import Bars, Panel
from stock_ai.models import Interval, Price, PriceBasis, StockPrice
from stock_ai.storage.mongo import translated

_PRICES = ("open", "high", "low", "close", "adjusted_close", "volume")
_BATCH = 10_000
_COLUMNS = (*_PRICES, "symbol", "time", "source", "provisional", "basis")

# symbol, trading date, the six numbers, source, provisional, basis
_Row = tuple[str, dt.date, tuple[float, ...], str, bool, str]


def read_panel(database: Database[dict[str, Any]]) -> Panel:
    """Every daily bar of every symbol.

    All of it, always: on-balance volume and the count of bars are those of the whole history, and ranks need every
    stock of a date. The bars are ordered here, because sorting takes the server as long again as reading.

    Raises:
        RetryableError: MongoDB is away.
    """
    with translated():
        shown = dict.fromkeys(_COLUMNS, 1) | {"_id": 0}
        found = database["prices"].find({"interval": Interval.DAY.value}, shown, batch_size=_BATCH)
        return _panel(_row(document) for document in found)


def panel_from_bars(bars: Iterable[StockPrice]) -> Panel:
    """A panel of daily bars that are in memory; other intervals are left out.

    Raises:
        InvalidInputError: a symbol has two bars of one date.
    """
    daily = (bar for bar in bars if bar.interval is Interval.DAY)
    rows = (
        (
            bar.symbol,
            bar.time,
            tuple(_number(getattr(bar, name)) for name in _PRICES),
            bar.source,
            bar.provisional,
            bar.basis,
        )
        for bar in daily
    )
    return _panel(rows)


def _panel(rows: Iterable[_Row]) -> Panel:
    by_symbol: defaultdict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        by_symbol[row[0]].append(row)
    return Panel.of(_bars(symbol, own) for symbol, own in by_symbol.items())


def _bars(symbol: str, rows: list[_Row]) -> Bars:
    rows.sort(key=itemgetter(1))
    _, dates, numbers, sources, provisional, bases = zip(*rows, strict=True)
    columns = np.array(numbers, dtype=np.float64).T
    return Bars(
        symbol=symbol,
        dates=np.array(dates, dtype="datetime64[D]"),
        **dict(zip(_PRICES, columns, strict=True)),
        source=sources[-1],
        provisional=provisional[-1],
        basis=PriceBasis.ADJUSTED if PriceBasis.ADJUSTED in bases else PriceBasis.RAW,
    )


def _row(document: dict[str, Any]) -> _Row:
    numbers = tuple(_number(document.get(name)) for name in _PRICES)
    # Bars stored before there was a basis are as traded.
    basis = document.get("basis", PriceBasis.RAW)
    return document["symbol"], document["time"].date(), numbers, document["source"], document["provisional"], basis


def _number(value: Price | Decimal128 | None) -> float:
    if value is None:
        return math.nan
    return float(value.to_decimal() if isinstance(value, Decimal128) else value)
