"""The hard rules of a bar: one that breaks any of them is quarantined and never analysed. Nothing else quarantines."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from stock_ai.market.calendar import exchange_date
from stock_ai.market.symbols import is_symbol
from stock_ai.models.price import StockPrice


class Reason(StrEnum):
    """Why a record was set aside. A record that breaks several rules counts once, under the first in this order."""

    NON_POSITIVE_PRICE = "non_positive_price"
    LOW_ABOVE_BODY = "low_above_body"
    HIGH_BELOW_BODY = "high_below_body"
    NEGATIVE_VOLUME = "negative_volume"
    FUTURE_TIME = "future_time"
    BAD_SYMBOL = "bad_symbol"
    UNKNOWN_SCHEMA_VERSION = "unknown_schema_version"
    UNDECODABLE = "undecodable"


def hard_faults(bar: StockPrice, now: dt.datetime) -> tuple[Reason, ...]:
    """Every hard rule that `bar` breaks at `now` (aware, UTC), in the order of `Reason`; empty for a good bar.

    A missing price breaks the rule of positive prices. The rules on low and high need all four prices, so they are
    not judged then. `adjusted_close` is not judged at all: an adjustment may take an old price to zero.
    """
    open_, high, low, close = bar.open, bar.high, bar.low, bar.close
    faults: list[Reason] | None = None
    if (
        open_ is None or high is None or low is None or close is None
        or open_ <= 0 or high <= 0 or low <= 0 or close <= 0
    ):  # fmt: skip
        faults = [Reason.NON_POSITIVE_PRICE]
    else:
        if low > open_ or low > close:
            faults = [Reason.LOW_ABOVE_BODY]
        if high < open_ or high < close:
            faults = [*(faults or ()), Reason.HIGH_BELOW_BODY]
    if bar.volume is not None and bar.volume < 0:
        faults = [*(faults or ()), Reason.NEGATIVE_VOLUME]
    if _is_future(bar.time, now):
        faults = [*(faults or ()), Reason.FUTURE_TIME]
    if not is_symbol(bar.symbol):
        faults = [*(faults or ()), Reason.BAD_SYMBOL]
    return () if faults is None else tuple(faults)


def _is_future(time: dt.date | dt.datetime, now: dt.datetime) -> bool:
    if isinstance(time, dt.datetime):
        return time > now
    # The exchange is ahead of UTC, so a date up to the UTC one is past there too: no zone arithmetic for most bars.
    return time > now.date() and time > exchange_date(now)
