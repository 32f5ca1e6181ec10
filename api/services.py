"""What the API needs from outside, so that a test can give it from fakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import datetime as dt

    from stock_ai.clock import Clock
    from stock_ai.llm_engines import Engine
    from stock_ai.market.trading_calendar import TradingCalendar
    from stock_ai.models.insight import HistoryPage, HistoryPosition, Insight
    from stock_ai.models.listing import Listing
    from stock_ai.models.llm import Language, LlmAnalysis
    from stock_ai.models.llm_usage import LlmUsageDay
    from stock_ai.models.market_view import MarketRows
    from stock_ai.ports.analyses import InsightReader, LlmInvoker, MarketReader
    from stock_ai.ports.prices import PriceStore
    from stock_ai.quality.report import MarketQuality, SymbolQuality
    from stock_ai.storage.answers import Current
    from stock_ai.storage.flights import FlightEvent
    from stock_ai.storage.llm_usage import Counter
    from stock_ai.storage.market_views import Change
    from stock_ai.track_record.record import TrackRecord
    from stock_ai.track_record.records import IssuedSignal, Outcome

Probe = Callable[[], None]
"""Returns when the dependency has answered; raises, within two seconds, when it has not."""


class ListingReader(Protocol):
    """Names, exchanges and sectors. Every call may raise `RetryableError`."""

    def all(self) -> Mapping[str, Listing]:
        """Everything known, by symbol."""

    def get(self, symbol: str) -> Listing | None:
        """One symbol, None where nothing is known of it."""


class AnalysisReader(Protocol):
    """Insights and rows made from stored analyses, slower. Every call may raise `RetryableError`."""

    def get(self, symbol: str) -> Insight | None:
        """See `InsightReader.get`."""

    def get_many(self, symbols: Sequence[str]) -> dict[str, Insight]:
        """See `InsightReader.get_many`."""

    def history(self, symbol: str, limit: int, before: HistoryPosition | None = None) -> HistoryPage:
        """See `InsightReader.history`."""

    def rows(self) -> MarketRows:
        """See `MarketReader.rows`."""


class ChangeFeed(Protocol):
    """Insights that have become others, as they do. Every call may raise `RetryableError`."""

    def last_change(self) -> str:
        """The id of the newest change."""

    def changes(self, after: str, limit: int, wait_ms: int) -> Sequence[Change]:
        """The first changes after the one called `after`, oldest first; waits for one where there is none yet.

        Raises:
            InvalidInputError: `after` is no id.
        """


class RequestCounts(Protocol):
    """Counters that all processes of the API share."""

    def add(self, name: str, by: int, seconds: int) -> int:
        """Add to the counter called `name`, which is kept for so many seconds; what it then says.

        Raises:
            RetryableError: the store is away.
        """


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


class LlmTexts(Protocol):
    """Kept explanations. Every call may raise `RetryableError`."""

    def current(self, symbol: str, text_id: str | None = None) -> Current:
        """The insight of a symbol and its text called `text_id`, as JSON, in one read."""

    def latest(self, symbol: str, language: Language) -> LlmAnalysis | None:
        """The newest text, whatever it was made from."""


class LlmFlights(Protocol):
    """Texts that are being made. Every call may raise `RetryableError`."""

    def follow(self, text_id: str, timeout_seconds: float, after: str | None = None) -> Iterator[FlightEvent]:
        """The events of its making; `LeadGoneError` where it is left without an end."""


class LlmUsageBook(Protocol):
    """What language models cost, by day. Every call may raise `RetryableError`."""

    def day(self, day: dt.date) -> LlmUsageDay:
        """What was used on a day of the exchange."""

    def count(self, provider: str, model: str, counter: Counter, by: int = 1) -> None:
        """Count something of today."""


class LlmLimit(Protocol):
    """How often one client may have a text written."""

    def admit(self, client: str) -> None:
        """Count one; raises `ClientLimitError` where it was one too many, `RetryableError` where Redis is away."""


@dataclass(frozen=True, slots=True)
class LlmTerms:
    """How the API explains."""

    wait_seconds: float = 20.0
    """How long a request waits for its text before it is told where to ask again."""
    requests_per_minute: int = 6
    """Of one client, for texts that are still to be written; 0 sets no limit."""
    streaming: bool = True
    """Whether the server in front of the application can pass on an answer before it is whole."""


class Services(Protocol):
    """The ports of the API. Each may be made when it is first read, so that a route pays only for those it uses."""

    @property
    def prices(self) -> PriceStore:
        """Bars."""

    @property
    def insights(self) -> InsightReader:
        """Current insights and their history."""

    @property
    def market(self) -> MarketReader:
        """The rows of the whole market."""

    @property
    def analyses(self) -> AnalysisReader:
        """Insights and rows without the store of insights."""

    @property
    def changes(self) -> ChangeFeed:
        """Insights as they change."""

    @property
    def request_counts(self) -> RequestCounts:
        """How many requests each client has made."""

    @property
    def listings(self) -> ListingReader:
        """What symbols are called, where they trade and what their companies do."""

    @property
    def quality(self) -> QualityStore:
        """The newest report on the quality of prices."""

    @property
    def track_record(self) -> TrackRecordReader:
        """Issued signals and their outcomes."""

    @property
    def llm(self) -> LlmInvoker:
        """Has an explanation written."""

    @property
    def llm_terms(self) -> LlmTerms:
        """How the API explains."""

    def llm_engine(self, provider: str | None) -> Engine:
        """Who is to write a text: `provider` where one is named, else whom the settings choose."""

    @property
    def llm_texts(self) -> LlmTexts:
        """Kept explanations."""

    @property
    def llm_flights(self) -> LlmFlights:
        """Explanations that are being written."""

    @property
    def llm_usage(self) -> LlmUsageBook:
        """What language models cost."""

    @property
    def llm_limit(self) -> LlmLimit:
        """How often one client may have a text written."""

    @property
    def probes(self) -> Mapping[str, Probe]:
        """A question to each dependency, by its name."""

    @property
    def calendar(self) -> TradingCalendar:
        """On which days there are sessions."""

    @property
    def clock(self) -> Clock:
        """The present instant."""
