"""`MarketRow`: what lists and screens need of one insight, small enough to read the whole market at once."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from stock_ai.models.analysis import Probability, Signal, WithheldReason
from stock_ai.models.base import Message, Price, UtcInstant

_SIGNALS: dict[str | None, Signal | None] = {None: None} | {str(signal): signal for signal in Signal}
_REASONS: dict[str | None, WithheldReason | None] = {None: None} | {str(reason): reason for reason in WithheldReason}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)


@lru_cache(maxsize=1_024)
def _date(text: str) -> dt.date:
    """Most rows share their date."""
    return dt.date.fromisoformat(text)


def _instant(milliseconds: int) -> dt.datetime:
    return _EPOCH + milliseconds * _MILLISECOND


class MarketRow(NamedTuple):
    """One symbol, stock or index. Figures are of the AI part; null where there is none or the figure is undefined."""

    version: str
    """Orders the rows of one symbol, see `stock_ai.merging.version`."""
    symbol: str
    event_time: dt.datetime
    """Of the insight, UTC."""
    as_of: dt.date
    close: Price | None
    """As traded: VND, or points of an index."""
    signal: Signal | None
    confidence: float | None
    calibrated: bool
    proven_skill: bool | None
    withheld: WithheldReason | None
    change_percent: float | None
    """From the close before, adjusted: a dividend is no decline."""
    traded_value: float | None
    """VND, mean of 20 sessions."""
    volume_ratio: float | None
    """Volume over its mean of 20 sessions."""
    above_sma_50: bool | None
    above_sma_200: bool | None
    new_high: bool | None
    """Whether it has closed at the highest price of 252 sessions: the one session's high alone does not count."""
    new_low: bool | None
    """Whether it has closed at the lowest price of 252 sessions."""
    provisional: bool
    simulated: bool
    source: str | None
    """Of the prices."""

    def wire(self) -> bytes:
        """The row as a JSON array, `version` first and the event time in milliseconds; equal for equal rows."""
        fields: list[Any] = [*self]
        fields[2] = (self.event_time - _EPOCH) // _MILLISECOND
        fields[3] = self.as_of.isoformat()
        if isinstance(self.close, Decimal):
            fields[4] = float(self.close)
        return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def of(cls, fields: list[Any]) -> MarketRow:
        """The row of a parsed JSON array that `wire` wrote; for speed the array is changed in place."""
        fields[2] = _instant(fields[2])
        fields[3] = _date(fields[3])
        if isinstance(fields[4], float):
            fields[4] = Decimal(repr(fields[4]))
        fields[5] = _SIGNALS[fields[5]]
        fields[9] = _REASONS[fields[9]]
        return cls._make(fields)


class MarketRows(NamedTuple):
    """The whole market at one moment."""

    version: str | None
    """Differs whenever any row does; None where nobody keeps count."""
    rows: tuple[MarketRow, ...]
    """By symbol."""


class InsightChange(Message):
    """An insight has become another one."""

    symbol: str
    event_time: UtcInstant
    signal: Signal | None
    confidence: Probability | None
