"""What the API needs from outside, so that a test can give it from fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from stock_ai.clock import Clock
    from stock_ai.market.trading_calendar import TradingCalendar
    from stock_ai.ports import InsightStore, LlmInvoker, PriceStore
    from stock_ai.quality.report import MarketQuality, SymbolQuality
    from stock_ai.track_record.record import TrackRecord
    from stock_ai.track_record.records import IssuedSignal, Outcome

Probe = Callable[[], None]
"""Returns when the dependency has answered; raises, within two seconds, when it has not."""


class QualityStore(Protocol):
    """The newest report on the quality of the stored prices."""

    def market(self) -> MarketQuality | None:
        """The quality of all symbols together; None before the first report."""

    def symbol(self, symbol: str) -> SymbolQuality | None:
        """The quality of one symbol; None where the newest report does not tell of it."""


class TrackRecordReader(Protocol):
    """What was said and what came of it."""

    def record(self) -> TrackRecord | None:
        """The newest tallies, of real signals where there are any, else of simulated ones; None before the first."""

    def signals(self, symbol: str) -> Sequence[IssuedSignal]:
        """Every signal of a symbol, newest first."""

    def outcomes(self, symbol: str) -> Sequence[Outcome]:
        """Every outcome row of a symbol's signals, by date, signal, horizon and revision."""


class Services(Protocol):
    """The ports of the API. Each may be made when it is first read, so that a route pays only for those it uses."""

    @property
    def prices(self) -> PriceStore:
        """Bars."""

    @property
    def insights(self) -> InsightStore:
        """Current insights and their history."""

    @property
    def quality(self) -> QualityStore:
        """The newest report on the quality of prices."""

    @property
    def track_record(self) -> TrackRecordReader:
        """Issued signals and their outcomes."""

    @property
    def llm(self) -> LlmInvoker:
        """Explanations in words."""

    @property
    def probes(self) -> Mapping[str, Probe]:
        """A question to each dependency, by its name."""

    @property
    def calendar(self) -> TradingCalendar:
        """On which days there are sessions."""

    @property
    def clock(self) -> Clock:
        """The present instant."""
