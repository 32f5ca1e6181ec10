"""Prices as traded and prices adjusted for dividends and splits: how one bar is turned into the other."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

Price = int | Decimal
"""Whole VND for a stock, points for an index."""

_WHOLE = Decimal(1)
_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Candle:
    """One bar on a chart, of any interval. An unknown price is None."""

    time: dt.date
    """Trading date, UTC instant of an intraday bar, or the first day of a week or month."""
    open: Price | None
    high: Price | None
    low: Price | None
    close: Price | None
    adjusted_close: Price | None
    volume: int | None
    provisional: bool
    adjusted: bool
    """Whether open, high, low and close are adjusted."""


def adjusted(candle: Candle) -> Candle:
    """`candle` on adjusted prices: whole VND for a stock, two decimals for an index, halves rounded up.

    Open, high and low move by the factor that turned the close into the adjusted close. Without an adjusted close the
    factor is unknown and every price is None: a raw price is never given for an adjusted one. Volume is as traded.
    """
    if candle.adjusted:
        return candle
    factor = None
    if candle.adjusted_close is not None and candle.close:
        factor = Decimal(candle.adjusted_close) / Decimal(candle.close)
    return replace(
        candle,
        open=_scaled(candle.open, factor),
        high=_scaled(candle.high, factor),
        low=_scaled(candle.low, factor),
        close=candle.adjusted_close,
        adjusted=True,
    )


def _scaled(price: Price | None, factor: Decimal | None) -> Price | None:
    if price is None or factor is None:
        return None
    value = Decimal(price) * factor
    if isinstance(price, int):
        return int(value.quantize(_WHOLE, ROUND_HALF_UP))
    return value.quantize(_HUNDREDTH, ROUND_HALF_UP)
