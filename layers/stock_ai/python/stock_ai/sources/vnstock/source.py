"""The market as vnstock's two providers show it, behind `stock_ai.ports.MarketSource`."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeVar

import pybreaker

from stock_ai.clock import Clock
from stock_ai.errors import InvalidInputError, NotFoundError, PaceExceededError, RateLimitedError, RetryableError
from stock_ai.market.calendar import exchange_date
from stock_ai.market.symbols import GROUPS, is_index, is_symbol
from stock_ai.models import Interval
from stock_ai.ports import SourceBar
from stock_ai.resilience.deadline import Deadline
from stock_ai.resilience.pacing import Pacer
from stock_ai.resilience.retrying import Backoff
from stock_ai.sources.vnstock import library as vnstock_library
from stock_ai.sources.vnstock import rows as convert
from stock_ai.sources.vnstock.library import HISTORY_UNIT, KBS, VCI, NotServedError, Row

logger = logging.getLogger(__name__)

T = TypeVar("T")

PROVIDERS = (KBS, VCI)
"""In order of preference: VCI refuses cloud addresses at times, rounds prices to 10 VND and fails with null volumes."""
EXCHANGES = ("HOSE", "HNX", "UPCOM")
FIRST_SESSION = dt.date(2000, 7, 28)
"""Of HOSE, the oldest of the exchanges."""

_DAILY_WINDOW = dt.timedelta(days=5 * 365)
"""The library cuts longer answers to their last 8 years without a word."""
_INTRADAY_WINDOW = dt.timedelta(days=90)
"""And those of minutes to half a year."""
_VCI_STEP = 10
"""VND, to which VCI rounds."""
_SURELY_TRADED = dt.timedelta(days=365)


class Library(Protocol):
    """What is used of `stock_ai.sources.vnstock.library`."""

    def load(self) -> None: ...

    def history(self, provider: str, symbol: str, start: dt.date, end: dt.date, interval: str) -> list[Row]: ...

    def board(self, provider: str, symbols: Sequence[str]) -> list[Row]: ...

    def listing(self, provider: str, group: str) -> list[str]: ...


class VnstockSource:
    """KBS first, VCI where KBS fails; each call paced, within a deadline, and behind its provider's circuit breaker.

    All of one answer comes from one provider, since their adjusted prices differ. History is adjusted, the board is as
    traded. Safe for several threads, which take turns.
    """

    name = "vnstock"

    def __init__(
        self,
        clock: Clock,
        pacer: Pacer,
        library: Library = vnstock_library,
        *,
        deadline: float = 20.0,
        patience: float = 120.0,
        breaks_after: int = 3,
        breaks_for: float = 60.0,
        backoff: Backoff | None = None,
    ) -> None:
        """Ask nothing yet. In seconds: `deadline` for each call of the library, `patience` for the turn to make it.

        A provider is left alone for `breaks_for` seconds after `breaks_after` failures in a row.
        """
        self._clock = clock
        self._pacer = pacer
        self._library = library
        self._deadline = Deadline(deadline)
        # The import asks the network as well, with timeouts of its own.
        self._loading = Deadline(max(deadline, 60.0))
        self._patience = dt.timedelta(seconds=patience)
        self._backoff = backoff or Backoff()
        self._breakers = {
            provider: pybreaker.CircuitBreaker(
                fail_max=breaks_after,
                reset_timeout=breaks_for,
                exclude=[PaceExceededError, InvalidInputError],
                throw_new_error_on_trip=False,
                name=provider,
            )
            for provider in PROVIDERS
        }
        self._listed: tuple[dt.date, Sequence[str]] | None = None

    def symbols(self) -> Sequence[str]:
        """Every listed security, sorted; asked for once a day. Indices are not among them."""
        today = exchange_date(self._clock())
        if self._listed is None or self._listed[0] != today:
            self._listed = today, self.listing("ALL")
        return self._listed[1]

    def check(self, symbols: Sequence[str]) -> None:
        """See `stock_ai.ports.PriceSource`: the forms of the names only, nothing is asked.

        Raises:
            InvalidInputError: a name has no form of a symbol.
        """
        for symbol in symbols:
            if not is_symbol(symbol):
                raise InvalidInputError(f"symbol {symbol!r} is neither three nor eight of A-Z and 0-9, nor an index")

    def bars(self, symbol: str, since: dt.date | None, until: dt.date | None) -> Sequence[SourceBar]:
        """See `stock_ai.ports.PriceSource`. Without `until` bars in the future come too, if a provider has any.

        Raises:
            NotFoundError: nobody has a bar of a year or more, and the symbol is not listed.
            RateLimitedError, RetryableError: no provider could be asked, or gave an answer that can be used.
        """
        self.check([symbol])
        first = since or FIRST_SESSION
        last = until or exchange_date(self._clock())
        spans = list(convert.newest_first(first, last, _DAILY_WINDOW))

        def whole(provider: str) -> list[SourceBar]:
            parts: list[list[SourceBar]] = []
            for start, end in spans:
                # Only the newest window may reach into the future.
                bound = until if end == last else end
                parts.append(self._daily(provider, symbol, start, end, bound))
                if not parts[-1] and any(parts):
                    break  # before the first session of the symbol
            return [bar for part in reversed(parts) for bar in part]

        bars = self._history(symbol, whole)
        if not bars and last - first >= _SURELY_TRADED:
            self._refuse_unlisted(symbol)
        return bars

    def intraday(self, symbol: str, interval: Interval, since: dt.date, until: dt.date) -> Sequence[SourceBar]:
        """See `stock_ai.ports.MarketSource`.

        Raises:
            InvalidInputError: the interval is a day.
            RateLimitedError, RetryableError: as `bars`.
        """
        self.check([symbol])
        if interval not in convert.SPANS:
            raise InvalidInputError(f"interval {interval} is not within a day")
        spans = list(convert.newest_first(since, until, _INTRADAY_WINDOW))

        def part(provider: str, start: dt.date, end: dt.date) -> list[SourceBar]:
            rows = self._library.history(provider, symbol, start, end, interval)
            return convert.intraday(symbol, interval, rows, HISTORY_UNIT[provider], start, end, self._clock())

        def whole(provider: str) -> list[SourceBar]:
            parts = [self._call(provider, partial(part, provider, start, end)) for start, end in spans]
            return [bar for bars in reversed(parts) for bar in bars]

        return self._history(symbol, whole)

    def board(self, symbols: Sequence[str]) -> Sequence[SourceBar]:
        """See `stock_ai.ports.MarketSource`: one call for all symbols; an index is on no board.

        Raises:
            InvalidInputError: a name has no form of a symbol.
            RateLimitedError, RetryableError: as `bars`.
        """
        self.check(symbols)
        stocks = [symbol for symbol in symbols if not is_index(symbol)]
        if not stocks:
            return []
        return self._ask(
            f"board of {len(stocks)}",
            lambda provider: self._call(
                provider, lambda: convert.board(self._library.board(provider, stocks), self._clock())
            ),
        )

    def listing(self, group: str) -> Sequence[str]:
        """See `stock_ai.ports.MarketSource`; ALL is what the three exchanges list.

        Raises:
            InvalidInputError: the group is unknown.
            RateLimitedError, RetryableError: as `bars`.
        """
        if group not in GROUPS:
            raise InvalidInputError(f"group {group!r} is unknown; known are {', '.join(GROUPS)}")
        names: set[str] = set()
        for part in EXCHANGES if group == "ALL" else (group,):
            names.update(self._ask(part, partial(self._members, part)))
        return sorted(names)

    def opinions(self, symbol: str, since: dt.date, until: dt.date) -> Mapping[str, Sequence[SourceBar]]:
        """See `stock_ai.ports.MarketSource`: only of providers that answer, which may be none.

        Raises:
            InvalidInputError: the name has no form of a symbol.
            PaceExceededError: nobody can be asked now.
        """
        self.check([symbol])
        found: dict[str, Sequence[SourceBar]] = {}
        for provider in PROVIDERS:
            try:
                found[provider] = self._daily(provider, symbol, since, until, until)
            except PaceExceededError:
                raise
            except (NotServedError, RetryableError) as error:
                logger.warning("%s: no opinion of %s: %s", symbol, provider, error)
        return found

    def _history(self, symbol: str, whole: Callable[[str], list[SourceBar]]) -> list[SourceBar]:
        """The first answer in a plausible unit, or the first of two that are doubtful and agree."""
        doubtful: dict[str, tuple[int, list[SourceBar]]] = {}

        def checked(provider: str) -> list[SourceBar]:
            bars = whole(provider)
            close = convert.doubtful_close(symbol, bars)
            if close is None:
                return bars
            for other, (its_close, its_bars) in doubtful.items():
                if other != provider and abs(close - its_close) <= _VCI_STEP:
                    return its_bars
            doubtful[provider] = close, bars
            raise RetryableError(f"{provider}: a median close of {close} VND; is the unit another?")

        return self._ask(symbol, checked)

    def _daily(
        self, provider: str, symbol: str, start: dt.date, end: dt.date, bound: dt.date | None
    ) -> list[SourceBar]:
        def ask() -> list[SourceBar]:
            rows = self._library.history(provider, symbol, start, end, Interval.DAY)
            return convert.daily(symbol, rows, HISTORY_UNIT[provider], start, bound, self._clock())

        return self._call(provider, ask)

    def _members(self, group: str, provider: str) -> list[str]:
        names = self._call(provider, lambda: self._library.listing(provider, group))
        # Bonds and futures are listed too.
        return [name for name in names if is_symbol(name) and not is_index(name)]

    def _refuse_unlisted(self, symbol: str) -> None:
        if is_index(symbol):
            return
        try:
            listed = self.symbols()
        except RetryableError as error:
            logger.warning("cannot tell whether %s is listed: %s", symbol, error)
            return
        if symbol not in listed:
            raise NotFoundError(f"symbol {symbol!r} is not listed, and no provider has a bar of it")

    def _call(self, provider: str, ask: Callable[[], T]) -> T:
        """One call of the library."""

        def in_turn() -> T:
            self._loading.call(self._library.load)
            self._pacer.acquire(self._clock() + self._patience)
            return self._deadline.call(ask)

        try:
            return self._breakers[provider].call(in_turn)
        except pybreaker.CircuitBreakerError:
            raise RetryableError(f"{provider}: left alone after failures in a row") from None

    def _ask(self, what: str, serve: Callable[[str], T]) -> T:
        return self._backoff(lambda: self._first_able(what, serve))

    def _first_able(self, what: str, serve: Callable[[str], T]) -> T:
        failures: list[RetryableError] = []
        not_served: NotServedError | None = None
        for provider in PROVIDERS:
            try:
                return serve(provider)
            except PaceExceededError:
                raise
            except NotServedError as error:
                not_served = error
            except RetryableError as error:
                failures.append(error)
                last = provider == PROVIDERS[-1]
                logger.warning(
                    "%s: %s failed, %s: %s", what, provider, "no other left" if last else "asking the next", error
                )
        if not_served is not None and not failures:
            raise not_served
        message = "; ".join(str(error) for error in failures)
        waits = [error.retry_after for error in failures if isinstance(error, RateLimitedError)]
        if waits:
            raise RateLimitedError(message, min((wait for wait in waits if wait is not None), default=None))
        raise RetryableError(message)
