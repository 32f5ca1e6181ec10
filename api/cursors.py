"""Cursors of the prices route: where the next page of bars ends, opaque to the caller."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Final

from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, Field, ValidationError

from api.schemas import ChartInterval, Schema
from stock_ai.models.price import BarTime

EARLIEST: Final = dt.date(1900, 1, 1)
LATEST: Final = dt.date(2999, 12, 31)
"""Trading dates that can be asked for: day arithmetic on any of them stays within the calendar."""

MAX_LENGTH: Final = 200


class Position(Schema):
    """The bars of one series that lie before `before`. Newer bars that arrive do not move it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    symbol: str = Field(alias="s")
    interval: ChartInterval = Field(alias="i")
    before: BarTime = Field(alias="b")


def encode(symbol: str, interval: ChartInterval, before: dt.date) -> str:
    """Cursor of the bars of a series before the one at `before`: a date, or an aware instant of an intraday bar."""
    position = Position(s=symbol, i=interval, b=before)
    return base64.urlsafe_b64encode(position.model_dump_json(by_alias=True).encode()).decode().rstrip("=")


def decode(text: str, symbol: str, interval: ChartInterval) -> dt.date:
    """Where the page of `text` ends: its bars lie before that date or, for intraday bars, before that instant.

    Raises:
        RequestValidationError: it is no cursor of ours, or one of another symbol or interval; names `cursor`.
    """
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        position = Position.model_validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeError, binascii.Error, ValidationError, OverflowError):
        raise _refused(text, "is not a cursor that this API gave") from None
    if (position.symbol, position.interval) != (symbol, interval):
        raise _refused(text, f"belongs to {position.symbol[:20]} at {position.interval}, not to {symbol} at {interval}")
    before = position.before
    date = before.date() if isinstance(before, dt.datetime) else before
    intraday = interval not in (ChartInterval.DAY, ChartInterval.WEEK, ChartInterval.MONTH)
    if isinstance(before, dt.datetime) is not intraday or not EARLIEST < date < LATEST:
        raise _refused(text, "is not a cursor that this API gave")
    return before


def _refused(text: str, message: str) -> RequestValidationError:
    return RequestValidationError(
        [{"type": "value_error", "loc": ("query", "cursor"), "msg": message, "input": text, "ctx": {}}]
    )
