"""What can go wrong with a provider."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from enum import Enum, auto
from typing import Any

Row = dict[str, Any]
"""t (on the exchange's clock), o, h, l, c, v."""


class Fault(Enum):
    """The first group befalls every answer, the second the rows of a history, the third the price board of VCI."""

    DOWN = auto()
    SLOW = auto()
    FORBIDDEN = auto()
    BLOCKED = auto()
    """403 by a firewall, with its page."""
    TOO_MANY = auto()
    TOO_MANY_WAIT = auto()
    """429 with Retry-After: 45."""
    HTML = auto()
    TRUNCATED = auto()
    EMPTY = auto()

    RENAMED_CLOSE = auto()
    RENAMED_TIME = auto()
    DUPLICATES = auto()
    CONFLICT = auto()
    DISORDER = auto()
    MIDNIGHT = auto()
    THOUSANDFOLD = auto()
    NULL_PRICES = auto()
    NULL_VOLUME = auto()
    FUTURE = auto()

    NULL_BIDS = auto()
    """The order book of one symbol is null."""
    NO_BIDS = auto()
    """It is not there at all."""


def _conflict(rows: list[Row]) -> list[Row]:
    return [*rows, {**rows[-1], "c": rows[-1]["c"] + 10}]


def _thousandfold(rows: list[Row]) -> list[Row]:
    return [{**row, **{name: row[name] * 1000 for name in "ohlc"}} for row in rows]


def _null_prices(rows: list[Row]) -> list[Row]:
    return [*rows[:-1], {**rows[-1], **dict.fromkeys("ohlc")}]


def _null_volume(rows: list[Row]) -> list[Row]:
    return [*rows[:-1], {**rows[-1], "v": None}]


def _future(rows: list[Row]) -> list[Row]:
    return [*rows, {**rows[-1], "t": rows[-1]["t"] + dt.timedelta(days=400)}]


ROW_FAULTS: dict[Fault, Callable[[list[Row]], list[Row]]] = {
    Fault.DUPLICATES: lambda rows: [*rows, *rows[:3]],
    Fault.CONFLICT: _conflict,
    Fault.DISORDER: lambda rows: [*rows[1::2], *rows[::2]],
    Fault.THOUSANDFOLD: _thousandfold,
    Fault.NULL_PRICES: _null_prices,
    Fault.NULL_VOLUME: _null_volume,
    Fault.FUTURE: _future,
}


def as_text(value: Decimal | int | None) -> str | None:
    """As KBS writes a number."""
    return None if value is None else str(value)
