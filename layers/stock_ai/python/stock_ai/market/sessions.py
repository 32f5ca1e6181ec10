"""Trading hours of each exchange: which phase of the session a local time falls in."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from enum import StrEnum

from stock_ai.market.calendar import MARKET_CLOSE, MARKET_OPEN


class Exchange(StrEnum):
    """Where a symbol trades. They share one trading calendar, halts of a single exchange aside."""

    HOSE = "HOSE"
    HNX = "HNX"
    UPCOM = "UPCOM"


class Phase(StrEnum):
    """What an exchange does with orders at a moment."""

    CLOSED = "closed"
    OPENING_AUCTION = "opening_auction"
    CONTINUOUS = "continuous"
    LUNCH_BREAK = "lunch_break"
    CLOSING_AUCTION = "closing_auction"
    POST_CLOSE = "post_close"
    """HNX only: orders are filled at the closing price."""
    PUT_THROUGH = "put_through"
    """HOSE only: negotiated deals alone, the day's prices are set."""

    @property
    def is_trading(self) -> bool:
        """Whether the day's bar can still change in this phase."""
        return self not in (Phase.CLOSED, Phase.LUNCH_BREAK)


# The hours in the trading regulations of HOSE and of HNX (which runs UPCOM), as in force in 2026 and applied to
# every date. A phase lasts until the next one starts.
_AM_CLOSE, _PM_OPEN = dt.time(11, 30), dt.time(13, 0)
_AUCTION, _AFTER_AUCTION = dt.time(14, 30), dt.time(14, 45)
_HOURS: dict[Exchange, tuple[tuple[dt.time, Phase], ...]] = {
    Exchange.HOSE: (
        (dt.time.min, Phase.CLOSED),
        (MARKET_OPEN, Phase.OPENING_AUCTION),
        (dt.time(9, 15), Phase.CONTINUOUS),
        (_AM_CLOSE, Phase.LUNCH_BREAK),
        (_PM_OPEN, Phase.CONTINUOUS),
        (_AUCTION, Phase.CLOSING_AUCTION),
        (_AFTER_AUCTION, Phase.PUT_THROUGH),
        (MARKET_CLOSE, Phase.CLOSED),
    ),
    Exchange.HNX: (
        (dt.time.min, Phase.CLOSED),
        (MARKET_OPEN, Phase.CONTINUOUS),
        (_AM_CLOSE, Phase.LUNCH_BREAK),
        (_PM_OPEN, Phase.CONTINUOUS),
        (_AUCTION, Phase.CLOSING_AUCTION),
        (_AFTER_AUCTION, Phase.POST_CLOSE),
        (MARKET_CLOSE, Phase.CLOSED),
    ),
    Exchange.UPCOM: (
        (dt.time.min, Phase.CLOSED),
        (MARKET_OPEN, Phase.CONTINUOUS),
        (_AM_CLOSE, Phase.LUNCH_BREAK),
        (_PM_OPEN, Phase.CONTINUOUS),
        (MARKET_CLOSE, Phase.CLOSED),
    ),
}
_STARTS = {exchange: [start for start, _ in hours] for exchange, hours in _HOURS.items()}


def phase_at(exchange: Exchange, local: dt.time) -> Phase:
    """The phase of a trading day of `exchange` at `local` (naive, time of the exchange)."""
    return _HOURS[exchange][bisect_right(_STARTS[exchange], local) - 1][1]
