"""Stored bars as bars of an answer: as traded, or on adjusted prices."""

from __future__ import annotations

from api.schemas import Bar
from stock_ai.market.adjusting import Candle, adjusted
from stock_ai.models.base import PriceBasis
from stock_ai.models.price import StockPrice


def candle(bar: StockPrice, *, on_adjusted: bool) -> Candle:
    """A stored bar, on adjusted prices where wanted; one that is stored adjusted is never taken for a raw one."""
    stored = Candle(
        time=bar.time,
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        adjusted_close=bar.adjusted_close,
        volume=bar.volume,
        provisional=bar.provisional,
        adjusted=bar.basis is PriceBasis.ADJUSTED,
    )
    return adjusted(stored) if on_adjusted else stored


def answered(candle: Candle) -> Bar:
    """The bar of an answer."""
    return Bar(
        time=candle.time,
        open=candle.open,
        high=candle.high,
        low=candle.low,
        close=candle.close,
        adjusted_close=candle.adjusted_close,
        volume=candle.volume,
        provisional=candle.provisional,
        basis=PriceBasis.ADJUSTED if candle.adjusted else PriceBasis.RAW,
    )
