"""Bars on adjusted prices: open, high and low move by the factor that turned the close into the adjusted close."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from api.schemas import Bar
from stock_ai.models import Price, StockPrice

_WHOLE = Decimal(1)
_HUNDREDTH = Decimal("0.01")


def raw_bar(bar: StockPrice) -> Bar:
    """The bar as traded."""
    return Bar(
        time=bar.time,
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        adjusted_close=bar.adjusted_close,
        volume=bar.volume,
        provisional=bar.provisional,
    )


def adjusted_bar(bar: StockPrice) -> Bar:
    """The bar on adjusted prices: whole VND for a stock, two decimals for an index, halves rounded up.

    Without an adjusted close the factor is unknown and every price is null: a raw price is never given for an
    adjusted one. Volume is as traded.
    """
    factor = Decimal(bar.adjusted_close) / Decimal(bar.close) if bar.adjusted_close is not None and bar.close else None

    def scaled(price: Price | None) -> Price | None:
        if price is None or factor is None:
            return None
        value = Decimal(price) * factor
        if isinstance(price, int):
            return int(value.quantize(_WHOLE, ROUND_HALF_UP))
        return value.quantize(_HUNDREDTH, ROUND_HALF_UP)

    return Bar(
        time=bar.time,
        open=scaled(bar.open),
        high=scaled(bar.high),
        low=scaled(bar.low),
        close=bar.adjusted_close,
        adjusted_close=bar.adjusted_close,
        volume=bar.volume,
        provisional=bar.provisional,
    )
