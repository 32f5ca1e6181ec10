"""`StockPrice`: one bar as a source gave it, on topic `stock_prices_raw`."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Self

from pydantic import Field, model_validator

from stock_ai.models.base import SIMULATED, Interval, Price, PriceBasis, UtcInstant, VersionedMessage, digest

BarTime = Annotated[Annotated[dt.date, Field(strict=True)] | UtcInstant, Field(union_mode="left_to_right")]
"""The trading date of a daily bar, or the UTC instant at which an intraday bar opens."""


class StockPrice(VersionedMessage):
    """One bar of one symbol.

    Prices are whole VND for stocks and points for indices, as traded unless `basis` says otherwise; `adjusted_close` is
    back-adjusted for dividends and splits where the source gives it. The topic carries what the source said, so a price
    may be missing or wrong here: `stock_ai.quality.rules` decides what is stored. Identity is (symbol, interval, time).
    """

    event_id: str = Field(description="Name of this content: the same bar read twice has the same id.")
    symbol: str = Field(description="Upper case, e.g. FPT or VNINDEX.", examples=["FPT"])
    interval: Interval = Interval.DAY
    time: BarTime = Field(description="Trading date (exchange time) of a daily bar, else the UTC instant it opens.")
    open: Price | None
    high: Price | None
    low: Price | None
    close: Price | None
    adjusted_close: Price | None = Field(default=None, description="Close back-adjusted for corporate actions.")
    volume: int | None = Field(description="Shares matched; null where the source does not say.")
    source: str = Field(description="Where the bar came from; `simulated` is not a real market.")
    ingested_at: UtcInstant = Field(description="When this content was received; of two versions the newer wins.")
    provisional: bool = Field(default=False, description="True while the session still runs.")
    basis: PriceBasis = Field(
        default=PriceBasis.RAW,
        description="`raw`: open to close are as traded; `adjusted`: the source gives adjusted prices only.",
    )

    @model_validator(mode="after")
    def _time_suits_interval(self) -> Self:
        if isinstance(self.time, dt.datetime) is (self.interval is Interval.DAY):
            raise ValueError(f"time {self.time.isoformat()} does not suit interval {self.interval}")
        return self

    @property
    def simulated(self) -> bool:
        """Whether the bar comes from the simulated market."""
        return self.source == SIMULATED


def price_event_id(
    symbol: str,
    interval: Interval,
    time: dt.date | dt.datetime,
    open: Price | None,
    high: Price | None,
    low: Price | None,
    close: Price | None,
    adjusted_close: Price | None,
    volume: int | None,
    source: str,
    provisional: bool,
    basis: PriceBasis = PriceBasis.RAW,
) -> str:
    """The `event_id` of a bar: a digest of everything but the moment it was ingested."""
    # One string at once: this runs for every bar that is read, `digest` on the parts takes twice as long.
    return digest(
        f"{symbol}|{interval}|{time}|{open}|{high}|{low}|{close}|{adjusted_close}|{volume}|{source}|{provisional}|{basis}"
    )
