"""Exchange time. Dates and hours of the exchange are in Asia/Ho_Chi_Minh, which has no daylight saving."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

EXCHANGE_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MARKET_OPEN = dt.time(9, 0)
MARKET_CLOSE = dt.time(15, 0)
"""The end of put-through trading on HOSE and of continuous trading on UPCOM; a daily bar is final after it."""


def exchange_date(instant: dt.datetime) -> dt.date:
    """The calendar date at the exchange at `instant` (aware)."""
    return instant.astimezone(EXCHANGE_ZONE).date()


def last_closed(instant: dt.datetime) -> dt.date:
    """The last date whose session, where it has one, has closed at `instant` (aware)."""
    today = exchange_date(instant)
    return today if is_final(today, instant) else today - dt.timedelta(days=1)


def is_final(trading_date: dt.date, instant: dt.datetime) -> bool:
    """Whether the daily bar of `trading_date` can no longer change at `instant` (aware): its session has closed."""
    local = instant.astimezone(EXCHANGE_ZONE)
    return trading_date < local.date() or (trading_date == local.date() and local.time() >= MARKET_CLOSE)
