"""Bars."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from api.schemas.base import Answer, Schema
from stock_ai.models.base import Price, PriceBasis
from stock_ai.models.price import BarTime


class ChartInterval(StrEnum):
    """The span of one bar on a chart. Weeks and months are built from daily bars when they are asked for."""

    MINUTE = "1m"
    MINUTES_5 = "5m"
    MINUTES_15 = "15m"
    HOUR = "1H"
    DAY = "1D"
    WEEK = "1W"
    MONTH = "1M"


class Bar(Schema):
    """One bar. `open`, `high`, `low` and `close` are what `basis` says."""

    time: BarTime = Field(
        description="Trading date of a day, Monday of a week, first day of a month; else the UTC instant it opens."
    )
    open: Price | None
    high: Price | None
    low: Price | None
    close: Price | None
    adjusted_close: Price | None = Field(description="Close adjusted for dividends and splits; null where unknown.")
    volume: int | None
    provisional: bool = Field(description="True while a session of it is still to close, or `end` leaves one out.")
    basis: PriceBasis = Field(
        description="`adjusted` also where raw prices are asked for and the source gives adjusted ones only."
    )


class PriceBars(Answer):
    """Bars of one symbol, oldest first."""

    symbol: str
    interval: ChartInterval
    prices: PriceBasis = Field(description="What was asked for; each bar says in `basis` what it is.")
    bars: list[Bar]
    next_cursor: str | None = Field(description="`cursor` that asks for the bars before these; null when none are.")
