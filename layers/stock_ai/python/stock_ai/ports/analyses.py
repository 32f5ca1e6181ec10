"""Analyses, the signals in them and what became of these, and insights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from stock_ai.models.analysis import AiAnalysis
from stock_ai.models.insight import HistoryPage, HistoryPosition, Insight
from stock_ai.models.llm import Explained, LlmAnalysis
from stock_ai.models.market_view import MarketRows

if TYPE_CHECKING:
    from stock_ai.track_record.days import Day, DayKey
    from stock_ai.track_record.record import TrackRecord
    from stock_ai.track_record.records import IssuedSignal, Outcome
    from stock_ai.track_record.tallies import Cell


class AnalysisStore(Protocol):
    """Every accepted analysis, kept for good: Redis is rebuilt from it."""

    def add(self, analyses: Sequence[AiAnalysis | LlmAnalysis]) -> None:
        """Keep analyses; one with the same id keeps its first and its last `event_time`. Idempotent, in any order."""

    def all(self) -> Iterator[AiAnalysis | LlmAnalysis]:
        """Every kept analysis, by symbol and event time, oldest first."""

    def count(self) -> int:
        """About how many are kept; one that was made several times may come twice from `all`."""


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


class InsightReader(Protocol):
    """Current insights and their history."""

    def get(self, symbol: str) -> Insight | None:
        """The current insight of one symbol."""

    def get_many(self, symbols: Sequence[str]) -> dict[str, Insight]:
        """The current insights of those symbols that have one."""

    def history(self, symbol: str, limit: int, before: HistoryPosition | None = None) -> HistoryPage:
        """The newest `limit` of the kept entries, newest first; those behind `before` where it is given."""


class InsightStore(InsightReader, Protocol):
    """Current insights and their history, to be written too."""

    def apply(self, analyses: Iterable[AiAnalysis | LlmAnalysis]) -> int:
        """Merge analyses into insights, history and rows, monotonic in event time; the number of insights changed."""

    def rebuild(self, analyses: Iterable[AiAnalysis | LlmAnalysis]) -> int:
        """Remove all and make it anew from these analyses, without announcing changes; the number of insights."""


class MarketReader(Protocol):
    """The rows of the whole market."""

    def rows(self) -> MarketRows:
        """The row of every symbol with an insight."""


class LlmInvoker(Protocol):
    """How the API reaches the llm_analysis function."""

    def __call__(self, request: dict[str, str]) -> Explained:
        """Invoke with `{"symbol": .., "language": ..}`, where wanted with a `provider`, and wait for the answer.

        Raises:
            NotFoundError: nothing is known of the symbol.
            InvalidInputError: the provider is not configured.
            BudgetSpentError: the day's money is spent.
            RunAbortedError: the providers refuse this installation; the message names the setting.
            RetryableError: the function failed.
        """
