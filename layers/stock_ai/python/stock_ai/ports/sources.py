"""Where bars come from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from stock_ai.models.base import Interval, Price, PriceBasis
from stock_ai.models.listing import Listing


class SourceBar(NamedTuple):
    """One bar as a source gives it, before it becomes a message. Units as in `StockPrice`."""

    symbol: str
    time: dt.date
    """Trading date of a daily bar, UTC instant (aware) at which an intraday bar opens."""
    open: Price | None
    high: Price | None
    low: Price | None
    close: Price | None
    adjusted_close: Price | None
    volume: int | None
    provisional: bool = False
    basis: PriceBasis = PriceBasis.RAW


class PriceSource(Protocol):
    """Where bars come from."""

    name: str

    def symbols(self) -> Sequence[str]:
        """Every symbol the source has, sorted."""

    def bars(self, symbol: str, since: dt.date | None, until: dt.date | None) -> Sequence[SourceBar]:
        """The daily bars of one symbol with `since <= time <= until`, oldest first.

        Raises:
            InvalidInputError: the source's own data cannot be read; the message names file, line, column and value.
            RetryableError: the source is away.
        """

    def check(self, symbols: Sequence[str]) -> None:
        """Parse all that `bars` would give for `symbols`, so that a bad value is found before anything is published.

        Raises:
            InvalidInputError: as `bars`.
        """

    def descriptions(self) -> Sequence[Listing]:
        """Name, exchange and sector of symbols, as far as the source knows them, by symbol; it may know none.

        Raises:
            InvalidInputError, RetryableError: as `bars`.
        """


class MarketSource(PriceSource, Protocol):
    """A source of a live market. Every call may raise `RateLimitedError` and `RetryableError`."""

    def intraday(self, symbol: str, interval: Interval, since: dt.date, until: dt.date) -> Sequence[SourceBar]:
        """The bars of one symbol within the trading dates `since` to `until`, oldest first, without filler bars."""

    def board(self, symbols: Sequence[str]) -> Sequence[SourceBar]:
        """Today's daily bar of each of many symbols, as traded; a symbol that has not traded today has none."""

    def listing(self, group: str) -> Sequence[str]:
        """The symbols of VN30, HOSE, HNX, UPCOM or ALL, sorted.

        Raises:
            InvalidInputError: the group is unknown.
        """

    def opinions(self, symbol: str, since: dt.date, until: dt.date) -> Mapping[str, Sequence[SourceBar]]:
        """The daily bars of one symbol as each provider behind the source gives them, by the provider's name."""
