"""The ports: what a service needs from outside, as protocols. Adapters are in `sources`, `storage` and `streaming`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from stock_ai.models import AiAnalysis, HistoryEntry, Insight, Interval, LlmAnalysis, Price, PriceBasis, StockPrice

if TYPE_CHECKING:
    from stock_ai.market.sessions import Exchange
    from stock_ai.quality.report import CrossCheck, Readjustment
    from stock_ai.track_record.days import Day, DayKey
    from stock_ai.track_record.record import TrackRecord
    from stock_ai.track_record.records import IssuedSignal, Outcome
    from stock_ai.track_record.tallies import Cell


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


class Publisher(Protocol):
    """Sends messages; nothing is sure to have been sent before `flush` returns."""

    def publish(self, topic: str, key: str, value: bytes, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        """Queue one message.

        Raises:
            RetryableError: the broker is away.
            RunAbortedError: the broker will never take it, e.g. for its size.
        """

    def flush(self) -> None:
        """Wait until every queued message is acknowledged by all in-sync replicas.

        Raises:
            RetryableError: at least one message since the last flush was not acknowledged.
        """


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


@dataclass(frozen=True, slots=True)
class Move:
    """A symbol that has moved from one exchange to another."""

    symbol: str
    before: Exchange
    after: Exchange


class CollectionLog(Protocol):
    """Remembers what was last collected, so that unchanged data keeps its first `ingested_at`."""

    def last(self, source: str) -> dict[str, tuple[str, dt.datetime]]:
        """For each symbol of `source`: the fingerprint of its bars at the last collection and their `ingested_at`."""

    def record(self, source: str, seen: dict[str, tuple[str, dt.datetime]]) -> None:
        """Remember fingerprints and instants, before the bars are published."""


@dataclass(frozen=True, slots=True)
class CollectionPlan:
    """What is to be collected in any number of runs: one task for each symbol."""

    plan_id: str
    source: str
    interval: Interval
    since: Mapping[str, dt.date]
    """By symbol, the first trading date that is wanted."""
    until: dt.date


@dataclass(frozen=True, slots=True)
class CollectionTask:
    """What is left of one symbol of a plan: the trading dates from `since` to `until`, to be collected newest first."""

    task_id: str
    symbol: str
    interval: Interval
    since: dt.date
    until: dt.date
    anew: bool = False
    """Whether the whole history is collected anew, since the source has adjusted it again."""


@dataclass(frozen=True, slots=True)
class PlanProgress:
    """How far a plan is. Days are calendar days of all its symbols together."""

    symbols: int
    symbols_done: int
    days: int
    days_left: int
    bars: int
    failed: Mapping[str, str]
    """Symbols that were given up, with the reason."""
    postponed: Mapping[str, str]
    """Symbols that failed at their last attempt and will be tried again, with the reason."""

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.symbols_done == self.symbols


class CollectionPlans(Protocol):
    """Plans with their progress, shared by every collector: a task is held by one of them at a time, for a while.

    Every call raises `RetryableError` when the store is away.
    """

    def begin(self, plan: CollectionPlan, now: dt.datetime) -> None:
        """Make the plan and its tasks. One that is not finished goes on as it is, one that is starts anew."""

    def claim(self, plan_id: str, owner: str, now: dt.datetime, until: dt.datetime) -> CollectionTask | None:
        """Hold the next task until `until`; None when nothing is left, or others hold all that is."""

    def extend(self, task: CollectionTask, owner: str, until: dt.datetime) -> bool:
        """Hold a task for longer; False when another has taken it."""

    def advance(self, task: CollectionTask, owner: str, left_until: dt.date, bars: int) -> bool:
        """Remember that everything after `left_until` is collected, `bars` more bars; False when another has the task.

        With `left_until` before the first date of the task it is done.
        """

    def anew(self, task: CollectionTask, owner: str, since: dt.date, until: dt.date) -> CollectionTask | None:
        """Let the task begin again with the dates from `since` to `until`; None when another has it."""

    def give_up(self, task: CollectionTask, owner: str, reason: str) -> None:
        """End the task as failed."""

    def postpone(self, task: CollectionTask, owner: str, until: dt.datetime, reason: str) -> None:
        """Let nobody have the task before `until`: it has failed for now."""

    def release(self, task: CollectionTask, owner: str) -> None:
        """Let others have the task at once."""

    def progress(self, plan_id: str) -> PlanProgress:
        """How far the plan is.

        Raises:
            NotFoundError: there is no such plan.
        """

    def unfinished(self, source: str) -> Sequence[str]:
        """Plans of `source` with tasks left: those of daily bars first, of each kind the oldest first."""


class QualityLog(Protocol):
    """What the collector finds out about the data while it collects. Every call may raise `RetryableError`."""

    def log(self, events: Sequence[Readjustment]) -> None:
        """Add to the audit log of re-adjustments. Adding one again changes nothing."""

    def record_crosscheck(self, check: CrossCheck) -> None:
        """Keep what two providers say of a symbol, in place of what was kept before."""


class Listings(Protocol):
    """Where each symbol trades. Every call may raise `RetryableError`."""

    def record(self, exchange: Exchange, symbols: Sequence[str], on: dt.date) -> Sequence[Move]:
        """Remember what an exchange lists on a date; the symbols that another exchange listed before."""

    def exchanges(self) -> dict[str, Exchange]:
        """The exchange of each symbol that was ever listed."""


class AnalysisStore(Protocol):
    """Every accepted analysis, kept for good: Redis is rebuilt from it."""

    def add(self, analyses: Sequence[AiAnalysis | LlmAnalysis]) -> None:
        """Keep analyses; one with the same id keeps its first and its last `event_time`. Idempotent, in any order."""

    def all(self) -> Iterator[AiAnalysis | LlmAnalysis]:
        """Every kept analysis, by symbol and event time, oldest first."""


class SignalLog(Protocol):
    """Every signal that was ever issued, only ever added to."""

    def issue(self, signals: Sequence[IssuedSignal], now: dt.datetime) -> int:
        """Keep signals that are not there yet; the number of them. One that is there stays as it was."""


class OutcomeStore(Protocol):
    """What scoring passes read and add. Every call may raise `RetryableError`.

    Signals and outcomes are only ever added. Days and the track record are made from them and may be made anew.
    """

    def taken_until(self) -> dt.datetime | None:
        """When the newest signal that is in a day was kept; None before the first."""

    def issued_since(self, instant: dt.datetime | None) -> Iterator[tuple[dt.datetime, IssuedSignal]]:
        """The signals kept since `instant` with when each was, oldest first."""

    def take_until(self, instant: dt.datetime) -> None:
        """Remember that all signals kept until `instant` are in their days."""

    def open_days(self) -> Sequence[DayKey]:
        """The days that need another pass, oldest first."""

    def open_day(self, key: DayKey) -> Day | None:
        """One of them; None where the day is not known or is closed."""

    def is_closed(self, key: DayKey) -> bool:
        """Whether a day needs no other pass; False where it is not known."""

    def day_anew(self, key: DayKey) -> Day:
        """The day made from all its rows."""

    def keep_day(self, day: Day, cells: Sequence[Cell], *, closed: bool) -> None:
        """Keep a day with its cells in place of what was kept of it; of a closed one the cells only."""

    def add_outcomes(self, outcomes: Sequence[Outcome]) -> bool:
        """Add rows; False where one of the same signal, horizon and revision was there, which stays as it was."""

    def cells(self, simulated: bool) -> Iterator[tuple[dt.date, list[Cell]]]:
        """The cells of every day."""

    def keep_record(self, record: TrackRecord) -> None:
        """Keep the tallies in place of those before."""


class InsightStore(Protocol):
    """Current insights and their history."""

    def apply(self, analyses: Iterable[AiAnalysis | LlmAnalysis]) -> int:
        """Merge analyses into insights and history, monotonic in event time; the number of insights that changed."""

    def get(self, symbol: str) -> Insight | None:
        """The current insight of one symbol."""

    def get_many(self, symbols: Sequence[str]) -> dict[str, Insight]:
        """The current insights of those symbols that have one."""

    def history(self, symbol: str, limit: int) -> Sequence[tuple[dt.datetime, HistoryEntry]]:
        """The newest entries with their event times, newest first."""

    def clear(self) -> None:
        """Remove every insight and history."""


class LlmInvoker(Protocol):
    """How the API reaches the llm_analysis function."""

    def __call__(self, request: dict[str, str]) -> LlmAnalysis:
        """Invoke with `{"symbol": .., "language": ..}` and wait for the answer.

        Raises:
            NotFoundError: nothing is known of the symbol.
            RetryableError: the function failed or timed out.
        """
