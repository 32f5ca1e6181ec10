"""Stored bars, records set aside, and what else is known of the data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from stock_ai.models.base import Interval
from stock_ai.models.price import StockPrice

if TYPE_CHECKING:
    from stock_ai.market.sessions import Exchange
    from stock_ai.models.listing import Listing
    from stock_ai.quality.report import CrossCheck, Readjustment


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """What became of a batch of bars: `stored` are new or changed, `unchanged` were known or older."""

    stored: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class SymbolInfo:
    """A symbol with its stored span of daily bars."""

    symbol: str
    first: dt.date
    last: dt.date


class PriceStore(Protocol):
    """Bars, one per (symbol, interval, time)."""

    def upsert(self, bars: Sequence[StockPrice]) -> StoreCounts:
        """Store each bar unless a version with a newer `ingested_at` is known. Idempotent, in any order.

        Raises:
            RetryableError: the store is away; some bars may have been stored, and storing all again is safe.
        """

    def symbols(self) -> Sequence[SymbolInfo]:
        """Every symbol with daily bars, sorted."""

    def symbol(self, symbol: str) -> SymbolInfo | None:
        """One symbol, or None when no bar of it is stored."""

    def bars(
        self, symbol: str, interval: Interval, since: dt.date | None, until: dt.date | None, limit: int
    ) -> Sequence[StockPrice]:
        """The newest `limit` bars with `since <= trading date <= until`, oldest first."""


@dataclass(frozen=True, slots=True)
class QuarantinedRecord:
    """A record that broke a hard rule or could not be decoded."""

    record_id: str
    reasons: tuple[str, ...]
    detail: str
    topic: str
    partition: int
    offset: int
    quarantined_at: dt.datetime
    value: bytes
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = field(default=())


class QuarantineStore(Protocol):
    """Records set aside."""

    def known(self, record_ids: Sequence[str]) -> set[str]:
        """Which of the ids are already kept."""

    def add(self, records: Sequence[QuarantinedRecord]) -> None:
        """Keep the records; one that is there stays as it was, save that one released before is quarantined again."""

    def let_through(self, record_ids: Sequence[str], at: dt.datetime) -> None:
        """Count those of the ids that are quarantined as released at `at`: their records were accepted after all."""


class QualityLog(Protocol):
    """What the collector finds out about the data while it collects. Every call may raise `RetryableError`."""

    def log(self, events: Sequence[Readjustment]) -> None:
        """Add to the audit log of re-adjustments. Adding one again changes nothing."""

    def record_crosscheck(self, check: CrossCheck) -> None:
        """Keep what two providers say of a symbol, in place of what was kept before."""


@dataclass(frozen=True, slots=True)
class Move:
    """A symbol that has moved from one exchange to another."""

    symbol: str
    before: Exchange
    after: Exchange


class Listings(Protocol):
    """Where each symbol trades, and what it is called. Every call may raise `RetryableError`."""

    def record(self, exchange: Exchange, symbols: Sequence[str], on: dt.date) -> Sequence[Move]:
        """Remember what an exchange lists on a date; the symbols that another exchange listed before."""

    def exchanges(self) -> dict[str, Exchange]:
        """The exchange of each symbol that was ever listed."""

    def describe(self, listings: Iterable[Listing]) -> int:
        """Keep names and sectors in place of older ones; the number of symbols of which anything changed.

        What a listing does not say stays as it was. Its exchange is kept where none is recorded, for moves are told by
        `record`.
        """

    def all(self) -> Mapping[str, Listing]:
        """Everything known, by symbol."""

    def get(self, symbol: str) -> Listing | None:
        """One symbol, None where nothing is known of it."""
