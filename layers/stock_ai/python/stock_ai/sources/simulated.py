"""The simulated market as a price source. Everything made from it is marked `simulated`."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal

from stock_ai.clock import Clock
from stock_ai.errors import InvalidInputError
from stock_ai.market import calendar
from stock_ai.market.symbols import VN30
from stock_ai.models.base import SIMULATED
from stock_ai.models.listing import Listing
from stock_ai.ports.sources import SourceBar
from stock_ai.sources import simulated_market as market
from stock_ai.sources.simulated_listings import simulated_listings

_MARKET_OPEN_MINUTE = calendar.MARKET_OPEN.hour * 60
_SESSION_MINUTES = calendar.MARKET_CLOSE.hour * 60 - _MARKET_OPEN_MINUTE


class SimulatedSource:
    """Thirty stocks and VNINDEX, offline and seeded; stocks in whole VND, the index in points with two decimals.

    The bars of a past date depend only on the seed; `adjusted_close` also halves when a 2:1 split follows. Bars reach
    from the last `sessions` sessions to the clock's exchange date. Today has no bar before 09:00; until 15:00 its bar
    is provisional and shows the share of the session that has passed.
    """

    name = SIMULATED

    def __init__(self, clock: Clock, seed: int = 20150105, sessions: int = 500) -> None:
        self._clock = clock
        self._seed = seed
        self._sessions = sessions
        self._days: list[dt.date] = []
        self._factor: list[float] = []
        self._stocks: dict[str, list[market.SessionBar]] = {}
        self._index: list[market.IndexBar] = []

    def symbols(self) -> Sequence[str]:
        """The thirty stocks and VNINDEX, sorted."""
        return sorted((*VN30, market.INDEX))

    def check(self, symbols: Sequence[str]) -> None:
        """See `stock_ai.ports.PriceSource`: only the names can be wrong here.

        Raises:
            InvalidInputError: a symbol is not in the simulated market.
        """
        known = set(self.symbols())
        for symbol in symbols:
            if symbol not in known:
                raise InvalidInputError(f"symbol {symbol!r} is not in the simulated market; it has {', '.join(VN30)}")

    def descriptions(self) -> Sequence[Listing]:
        """See `stock_ai.ports.PriceSource`: every symbol, with a name that says that it is simulated."""
        return simulated_listings(calendar.exchange_date(self._clock()))

    def bars(self, symbol: str, since: dt.date | None, until: dt.date | None) -> Sequence[SourceBar]:
        """See `stock_ai.ports.PriceSource`.

        Raises:
            InvalidInputError: the symbol is not in the simulated market.
        """
        self.check([symbol])
        now = self._clock()
        self._advance(now)
        first = max(self._days[-self._sessions :][0], since or dt.date.min)
        last = until or dt.date.max
        if symbol == market.INDEX:
            return [_index_bar(bar, now) for bar in self._index_bars() if first <= bar.date <= last]
        splits = market.split_dates(self._seed, symbol, self._days)
        return [_stock_bar(symbol, bar, splits, now) for bar in self._stock(symbol) if first <= bar.date <= last]

    def _advance(self, now: dt.datetime) -> None:
        """Forget what was made for another date, so that a long-lived source follows the clock."""
        local = now.astimezone(calendar.EXCHANGE_ZONE)
        open_today = local.time() >= calendar.MARKET_OPEN
        days = market.sessions(local.date() - dt.timedelta(days=0 if open_today else 1))
        if not days:
            raise InvalidInputError(f"the simulated market starts on {market.EPOCH}, the clock says {local.date()}")
        if days != self._days:
            self._days, self._factor = days, market.market_returns(self._seed, len(days))
            self._stocks, self._index = {}, []

    def _stock(self, symbol: str) -> list[market.SessionBar]:
        if symbol not in self._stocks:
            self._stocks[symbol] = list(market.stock(self._seed, symbol, self._days, self._factor))
        return self._stocks[symbol]

    def _index_bars(self) -> list[market.IndexBar]:
        if not self._index:
            self._index = list(market.index({symbol: self._stock(symbol) for symbol in VN30}, self._days))
        return self._index


def _elapsed(day: dt.date, now: dt.datetime) -> float | None:
    """The share of the session that has passed at `now`, or None when it is over."""
    if calendar.is_final(day, now):
        return None
    local = now.astimezone(calendar.EXCHANGE_ZONE)
    return (local.hour * 60 + local.minute - _MARKET_OPEN_MINUTE) / _SESSION_MINUTES


def _so_far(bar: market.SessionBar | market.IndexBar, share: float) -> tuple[float, float, float]:
    """High, low and last price after a share of the session: they only widen, and at 1 they are the bar's own."""
    last = bar.open + share * (bar.close - bar.open)
    high = max(bar.open, last) + share * (bar.high - max(bar.open, bar.close))
    low = min(bar.open, last) - share * (min(bar.open, bar.close) - bar.low)
    return high, low, last


def _stock_bar(symbol: str, bar: market.SessionBar, splits: list[dt.date], now: dt.datetime) -> SourceBar:
    high, low, close, volume = bar.high, bar.low, bar.close, bar.volume
    share = _elapsed(bar.date, now)
    if share is not None:
        high, low, close = (market.on_tick(price) for price in _so_far(bar, share))
        volume = int(volume * share) // market.LOT * market.LOT
    adjusted = round(Decimal(close) / 2 ** (len(splits) - bisect_right(splits, bar.date)))
    return SourceBar(symbol, bar.date, bar.open, high, low, close, adjusted, volume, provisional=share is not None)


def _index_bar(bar: market.IndexBar, now: dt.datetime) -> SourceBar:
    high, low, close, volume = bar.high, bar.low, bar.close, bar.volume
    share = _elapsed(bar.date, now)
    if share is not None:
        high, low, close = _so_far(bar, share)
        volume = int(volume * share)
    last = _points(close)
    return SourceBar(
        market.INDEX, bar.date, _points(bar.open), _points(high), _points(low), last, last, volume, share is not None
    )


def _points(value: float) -> Decimal:
    return Decimal(f"{value:.2f}")
