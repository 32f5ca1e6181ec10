"""What is answered while a store is away.

Redis away: insights, their history, signals and the market come from MongoDB, slower and marked `redis`; prices and the
track record need no Redis. Explanations and live events answer 503.

MongoDB away: insights, their history, signals, the market and kept explanations need none; where the routes would add
something from it, they leave it out and mark `mongodb`. Prices, the track record and quality answer 503.

An answer is marked by its header `X-Degraded` and by `degraded` in its freshness block.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from api import marks
from api.breakers import Breaker, Guarded, StoreAwayError
from api.services import Services
from stock_ai.errors import RetryableError

if TYPE_CHECKING:
    from stock_ai.models.insight import HistoryPage, HistoryPosition, Insight
    from stock_ai.models.market_view import MarketRows
    from stock_ai.ports.analyses import InsightReader, MarketReader

_T = TypeVar("_T")
REDIS: Final = "redis"
MONGODB: Final = "mongodb"
_ROWS_SECONDS: Final = 30.0
"""How long the rows from MongoDB are used: to read them takes some reads of each symbol."""
_PATIENCE_SECONDS: Final = 4.0
"""For one call to MongoDB, finding the server included."""
_BEHIND: Final = {
    "prices": MONGODB,
    "quality": MONGODB,
    "track_record": MONGODB,
    "llm_texts": REDIS,
    "llm_flights": REDIS,
    "llm_usage": REDIS,
    "llm_limit": REDIS,
    "changes": REDIS,
    "request_counts": REDIS,
}
"""The store behind each port that has no other."""


class FallbackInsights:
    """Implements `stock_ai.ports.InsightReader`: Redis, and MongoDB while it is away."""

    def __init__(self, first: InsightReader, second: Callable[[], InsightReader]) -> None:
        self._first = first
        self._second = second

    def get(self, symbol: str) -> Insight | None:
        """See `InsightReader.get`."""
        return self._either(lambda reader: reader.get(symbol))

    def get_many(self, symbols: Sequence[str]) -> dict[str, Insight]:
        """See `InsightReader.get_many`."""
        return self._either(lambda reader: reader.get_many(symbols))

    def history(self, symbol: str, limit: int, before: HistoryPosition | None = None) -> HistoryPage:
        """See `InsightReader.history`."""
        return self._either(lambda reader: reader.history(symbol, limit, before))

    def _either(self, ask: Callable[[InsightReader], _T]) -> _T:
        try:
            return ask(self._first)
        except RetryableError:
            found = ask(self._second())
            marks.mark(REDIS)
            return found


class FallbackMarket:
    """Implements `stock_ai.ports.MarketReader`: Redis, and MongoDB while it is away, which one thread then reads."""

    def __init__(
        self, first: MarketReader, second: Callable[[], MarketReader], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._first = first
        self._second = second
        self._now = now
        self._lock = threading.Lock()
        self._kept: MarketRows | None = None
        self._until = 0.0

    def rows(self) -> MarketRows:
        """See `MarketReader.rows`."""
        try:
            return self._first.rows()
        except RetryableError:
            rows = self._stored()
            marks.mark(REDIS)
            return rows

    def _stored(self) -> MarketRows:
        # The others go on with what was read before, or wait where there is nothing.
        if self._now() >= self._until and self._lock.acquire(blocking=self._kept is None):
            try:
                if self._now() >= self._until:
                    self._kept = self._second().rows()
                    self._until = self._now() + _ROWS_SECONDS
            finally:
                self._lock.release()
        if self._kept is None:
            raise RetryableError("neither Redis nor MongoDB tells the market's rows")
        return self._kept


class DegradableServices:
    """`Services` whose stores are behind breakers, with MongoDB in the place of Redis where that can be.

    Each port is made when it is first read, as those of the services within.
    """

    def __init__(self, within: Services, patience: Callable[[], AbstractContextManager[Any]] | None = None) -> None:
        mongodb = Breaker(MONGODB, patience) if patience else Breaker(MONGODB)
        self.breakers = {MONGODB: mongodb, REDIS: Breaker(REDIS)}
        self._within = within
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        """The port called `name`, kept once it is made, save the clock and other plain values."""
        if name not in {*_BEHIND, "insights", "market", "probes"}:
            return getattr(self._within, name)
        with self._lock:
            if name not in self.__dict__:
                self.__dict__[name] = self._made(name)
            return self.__dict__[name]

    def _made(self, name: str) -> Any:
        redis, within = self.breakers[REDIS], self._within
        if name == "insights":
            return FallbackInsights(cast("InsightReader", Guarded(within.insights, redis)), self._analyses)
        if name == "market":
            return FallbackMarket(cast("MarketReader", Guarded(within.market, redis)), self._analyses)
        if name == "probes":
            return {store: self._probe(store, ask) for store, ask in within.probes.items()}
        return Guarded(getattr(within, name), self.breakers[_BEHIND[name]])

    def _analyses(self) -> Any:
        """Insights and rows from MongoDB, where the whole market takes seconds."""
        return Guarded(self._within.analyses, self.breakers[MONGODB], patient=True)

    def _probe(self, store: str, ask: Callable[[], None]) -> Callable[[], None]:
        """A store that was away a moment ago is down at once."""
        if store not in self.breakers:
            return ask
        breaker = self.breakers[store]

        def probe() -> None:
            try:
                breaker.call(lambda: _retryable(ask))
            except StoreAwayError:
                raise
            except RetryableError as error:
                raise (error.__cause__ or error) from None

        return probe


def _retryable(ask: Callable[[], None]) -> None:
    """A probe raises whatever its driver does."""
    try:
        ask()
    except Exception as error:
        raise RetryableError(type(error).__name__) from error


def degradable(within: Services) -> Services:
    """`within`, able to do without one of its stores."""
    return cast("Services", DegradableServices(within, _patience))


def _patience() -> AbstractContextManager[None]:
    import pymongo  # With its driver: who never asks MongoDB never imports it.

    return pymongo.timeout(_PATIENCE_SECONDS)
