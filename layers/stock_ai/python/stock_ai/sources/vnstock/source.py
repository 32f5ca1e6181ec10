"""The market as vnstock's two providers show it, behind `stock_ai.ports.MarketSource`."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from stock_ai.clock import Clock
from stock_ai.errors import InvalidInputError, NotFoundError, PaceExceededError, RetryableError
from stock_ai.market.calendar import exchange_date
from stock_ai.market.symbols import GROUPS, is_index, is_symbol
from stock_ai.models.base import Interval
from stock_ai.models.listing import Listing, Sector
from stock_ai.ports.sources import SourceBar
from stock_ai.resilience.pacing import Pacer
from stock_ai.resilience.retrying import Backoff
from stock_ai.sources.vnstock import companies
from stock_ai.sources.vnstock import library as vnstock_library
from stock_ai.sources.vnstock import rows as convert
from stock_ai.sources.vnstock.library import HISTORY_UNIT, VCI, NotServedError, Row
from stock_ai.sources.vnstock.providers import PROVIDERS, Providers

logger = logging.getLogger(__name__)

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

    def companies(self, provider: str) -> list[Row]: ...

    def industries(self) -> list[Row]: ...


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
        self._library = library
        self._providers = Providers(
            clock,
            pacer,
            library.load,
            deadline=deadline,
            patience=patience,
            breaks_after=breaks_after,
            breaks_for=breaks_for,
            backoff=backoff or Backoff(),
        )
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
            parts = [self._providers.call(provider, partial(part, provider, start, end)) for start, end in spans]
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
        return self._providers.ask(
            f"board of {len(stocks)}",
            lambda provider: self._providers.call(
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
            names.update(self._providers.ask(part, partial(self._members, part)))
        return sorted(names)

    def descriptions(self) -> Sequence[Listing]:
        """See `stock_ai.ports.PriceSource`: one call for names and exchanges, one of VCI for sectors.

        KBS has English names, VCI has none. Only VCI has sectors of the ICB; where it fails, no listing has a sector.

        Raises:
            RateLimitedError, RetryableError: as `bars`, of the names.
        """
        today = exchange_date(self._clock())

        def named(provider: str) -> list[Listing]:
            return companies.listings(self._library.companies(provider), today, self.name)

        listings = self._providers.ask(
            "companies", lambda provider: self._providers.call(provider, partial(named, provider))
        )
        sectors = self._sectors()
        return [dataclasses.replace(listing, sector=sectors.get(listing.symbol)) for listing in listings]

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

    def _sectors(self) -> dict[str, Sector]:
        try:
            return self._providers.call(VCI, lambda: companies.sectors(self._library.industries()))
        except RetryableError as error:
            logger.warning("no sectors: %s", error)
            return {}

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

        return self._providers.ask(symbol, checked)

    def _daily(
        self, provider: str, symbol: str, start: dt.date, end: dt.date, bound: dt.date | None
    ) -> list[SourceBar]:
        def ask() -> list[SourceBar]:
            rows = self._library.history(provider, symbol, start, end, Interval.DAY)
            return convert.daily(symbol, rows, HISTORY_UNIT[provider], start, bound, self._clock())

        return self._providers.call(provider, ask)

    def _members(self, group: str, provider: str) -> list[str]:
        names = self._providers.call(provider, lambda: self._library.listing(provider, group))
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
