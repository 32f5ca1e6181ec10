"""The API's ports in memory, and makers of the bars and analyses they hold."""

from __future__ import annotations

import collections
import datetime as dt
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from api.problems import ClientLimitError
from api.services import LlmTerms
from stock_ai.errors import RetryableError
from stock_ai.llm_engines import Engine
from stock_ai.market.trading_calendar import TradingCalendar, default_calendar
from stock_ai.models.analysis import AiAnalysis, ModelRef, Signal, Withheld
from stock_ai.models.listing import Listing
from stock_ai.models.llm import Explained, LlmAnalysis, Served
from stock_ai.models.llm_usage import LlmModelUsage, LlmUsageDay
from stock_ai.models.market_view import InsightChange, MarketRow, MarketRows
from stock_ai.models.price import StockPrice
from stock_ai.ports.analyses import MarketReader
from stock_ai.quality.report import MarketQuality, QualityReport, SymbolQuality
from stock_ai.settings import LlmProviderName
from stock_ai.storage.answers import Current
from stock_ai.storage.flights import FlightEvent, LeadGoneError
from stock_ai.storage.market_views import FIRST_CHANGE, Change
from tests.fakes.clock import FixedClock
from tests.fakes.stores import MemoryInsightStore, MemoryPriceStore
from tests.fakes.track_record import MemoryTrackRecord

NOW = dt.datetime(2025, 8, 23, 3, 0, tzinfo=dt.UTC)
DAY = dt.date(2025, 8, 22)


def make_bar(symbol="FPT", time=DAY, **changes) -> StockPrice:
    fields = {
        "event_id": f"{symbol}-{time}",
        "symbol": symbol,
        "time": time,
        "open": 101600,
        "high": 101600,
        "low": 98800,
        "close": 99000,
        "adjusted_close": 99000,
        "volume": 7_212_000,
        "source": "csv",
        "ingested_at": NOW,
    }
    return StockPrice(**(fields | changes))


def make_analysis(symbol="FPT", signal=Signal.BUY, confidence=0.612, **changes) -> AiAnalysis:
    spoken = {
        "signal": signal,
        "confidence": confidence,
        "probabilities": {signal: confidence},
        "model": ModelRef(name="logistic", version="v1", trained_until=dt.date(2025, 6, 30), proven_skill=True),
    }
    fields = {
        "analysis_id": f"ai-{symbol}-{signal}",
        "symbol": symbol,
        "event_time": NOW,
        "as_of": DAY,
        "bars": 400,
        "close": 99000,
        "withheld": None,
        "indicators": {"roc_1": -1.2, "rsi_14": 74.2, "sma_20": 99150.5, "sma_50": 97000.0, "sma_200": None},
        "adjusted": True,
        "provisional": False,
        "source": "csv",
        "simulated": False,
    }
    return AiAnalysis(**(fields | spoken | changes))


def make_withheld(symbol, reason, detail, **changes) -> AiAnalysis:
    nothing = dict.fromkeys(("signal", "confidence", "probabilities", "model"))
    return make_analysis(symbol, **nothing, withheld=Withheld(reason=reason, detail=detail), **changes)


def make_text(symbol="FPT", language="en", **changes) -> LlmAnalysis:
    fields = {
        "analysis_id": f"llm-{symbol}",
        "symbol": symbol,
        "event_time": NOW,
        "as_of": DAY,
        "ai_analysis_id": f"ai-{symbol}-BUY",
        "provider": "template",
        "model": "rules",
        "prompt_version": "rules-1",
        "language": language,
        "summary": "A text.",
        "drivers": ["One."],
        "risks": ["Another."],
        "stance": "bullish",
        "disclaimer": "No advice.",
        "simulated": False,
    }
    return LlmAnalysis(**(fields | changes))


@dataclass
class CountingPriceStore(MemoryPriceStore):
    """Counts the calls that would each be a question to MongoDB."""

    calls: int = 0

    def _reach(self) -> None:
        self.calls += 1
        super()._reach()


@dataclass
class CountingInsightStore(MemoryInsightStore):
    """Counts the calls that would each be a question to Redis."""

    calls: int = 0

    def _reach(self) -> None:
        self.calls += 1
        super()._reach()


def make_row(symbol="FPT", signal="BUY", **changes) -> MarketRow:
    fields = {
        "version": "1",
        "symbol": symbol,
        "event_time": NOW,
        "as_of": DAY,
        "close": 99000,
        "signal": None if signal is None else Signal(signal),
        "confidence": 0.6,
        "calibrated": True,
        "proven_skill": False,
        "withheld": None,
        "change_percent": 1.25,
        "traded_value": 2e10,
        "volume_ratio": 1.5,
        "above_sma_50": True,
        "above_sma_200": None,
        "new_high": False,
        "new_low": False,
        "provisional": False,
        "simulated": False,
        "source": "csv",
    }
    return MarketRow(**(fields | changes))


def make_listing(symbol="FPT", **changes) -> Listing:
    return Listing(symbol=symbol, **({"exchange": "HOSE", "source": "csv", "as_of": DAY} | changes))


@dataclass
class MemoryMarket:
    """Implements `stock_ai.ports.MarketReader` with the rows that a test gives; counts the reads."""

    held: dict[str, MarketRow] = field(default_factory=dict)
    calls: int = 0

    @classmethod
    def of(cls, *rows: MarketRow) -> MemoryMarket:
        return cls({row.symbol: row for row in rows})

    def rows(self) -> MarketRows:
        self.calls += 1
        return MarketRows(None, tuple(self.held[symbol] for symbol in sorted(self.held)))


@dataclass
class MemoryListings:
    """Implements `api.services.ListingReader`."""

    known: dict[str, Listing] = field(default_factory=dict)
    down: bool = False

    def all(self) -> Mapping[str, Listing]:
        if self.down:
            raise RetryableError("listings are away")
        return self.known

    def get(self, symbol: str) -> Listing | None:
        return self.all().get(symbol)


@dataclass
class MemoryQualityStore:
    """Implements `api.services.QualityStore`; counts the calls that would each be a question to MongoDB."""

    report: QualityReport | None = None
    calls: int = 0

    def market(self) -> MarketQuality | None:
        self.calls += 1
        return self.report and self.report.market

    def symbol(self, symbol: str) -> SymbolQuality | None:
        self.calls += 1
        return self.report and self.report.symbol(symbol)


@dataclass
class RecordingLlm:
    """Implements `stock_ai.ports.LlmInvoker`; raises `error` when one is set, and waits for `gate`."""

    asked: list[dict[str, str]] = field(default_factory=list)
    error: Exception | None = None
    gate: threading.Event | None = None
    began: threading.Event = field(default_factory=threading.Event)

    def __call__(self, request: dict[str, str]) -> Explained:
        self.asked.append(request)
        self.began.set()
        if self.gate is not None:
            assert self.gate.wait(30)
        if self.error is not None:
            raise self.error
        return Explained(analysis=make_text(request["symbol"], request["language"]), served=Served.WRITTEN)


@dataclass
class MemoryTexts:
    """Implements `api.services.LlmTexts`; counts the calls that would each be a question to Redis."""

    insights: MemoryInsightStore
    kept: dict[tuple[str, str], LlmAnalysis] = field(default_factory=dict)
    newest: dict[tuple[str, str], LlmAnalysis] = field(default_factory=dict)
    calls: int = 0

    def current(self, symbol: str, text_id: str | None = None) -> Current:
        self.calls += 1
        insight = self.insights.get(symbol)
        text = self.kept.get((symbol, text_id))
        return Current(insight and insight.wire(), text and text.wire())

    def latest(self, symbol: str, language: str) -> LlmAnalysis | None:
        self.calls += 1
        return self.newest.get((symbol, language))


@dataclass
class MemoryFlights:
    """Implements `api.services.LlmFlights` for flights that a test plays; `leads` are the texts that are being made."""

    leads: set[str] = field(default_factory=set)
    events: dict[str, list[FlightEvent]] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def tell(self, text_id: str, event: str, data: dict) -> None:
        """Add an event; the last one ends the lead."""
        with self.changed:
            told = self.events.setdefault(text_id, [])
            told.append(FlightEvent(f"{len(told) + 1}-0", event, data))
            if event in ("done", "failed"):
                self.leads.discard(text_id)
            self.changed.notify_all()

    def follow(self, text_id: str, timeout_seconds: float, after: str | None = None) -> Iterator[FlightEvent]:
        seen = 0 if after is None else int(after.split("-")[0])
        deadline = time.monotonic() + timeout_seconds
        while True:
            with self.changed:
                more = self.events.get(text_id, [])[seen:]
                if not more:
                    if text_id not in self.leads:
                        raise LeadGoneError(text_id)
                    left = deadline - time.monotonic()
                    if left <= 0:
                        return
                    self.changed.wait(left)
            for event in more:
                seen += 1
                yield event
                if event.event in ("done", "failed"):
                    return


@dataclass
class MemoryUsage:
    """Implements `api.services.LlmUsageBook`."""

    counted: collections.Counter = field(default_factory=collections.Counter)

    def day(self, day: dt.date) -> LlmUsageDay:
        hits = [
            LlmModelUsage(provider=provider, model=model, **{str(counter): count})
            for (provider, model, counter), count in self.counted.items()
        ]
        return LlmUsageDay(day=day, budget_usd=1.0, spent_usd=0.25, held_usd=0.05, left_usd=0.7, models=hits)

    def count(self, provider: str, model: str, counter: str, by: int = 1) -> None:
        self.counted[provider, model, counter] += by


@dataclass
class CountingLimit:
    """Implements `api.services.LlmLimit`: `allowed` per client."""

    allowed: int = 1_000
    admitted: collections.Counter = field(default_factory=collections.Counter)

    def admit(self, client: str) -> None:
        if self.admitted[client] >= self.allowed:
            raise ClientLimitError("at most a few", 12.3)
        self.admitted[client] += 1


@dataclass
class MemoryChanges:
    """Implements `api.services.ChangeFeed` for changes that a test tells."""

    told: list[Change] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)
    down: bool = False

    def tell(self, symbol: str, signal: Signal = Signal.BUY) -> str:
        """Add a change; its id."""
        with self.news:
            change = InsightChange(symbol=symbol, event_time=NOW, signal=signal, confidence=0.61)
            self.told.append(Change(f"{len(self.told) + 1}-0", change))
            self.news.notify_all()
            return self.told[-1].id

    def last_change(self) -> str:
        self._reach()
        return self.told[-1].id if self.told else FIRST_CHANGE

    def changes(self, after: str, limit: int, wait_ms: int) -> list[Change]:
        self._reach()
        seen = int(after.split("-")[0])
        with self.news:
            self.news.wait_for(lambda: len(self.told) > seen, wait_ms / 1000)
            return self.told[seen : seen + limit]

    def _reach(self) -> None:
        if self.down:
            raise RetryableError("the changes are away")


@dataclass
class MemoryCounts:
    """Implements `api.services.RequestCounts`; counts the calls that would each be a question to Redis."""

    counts: collections.Counter = field(default_factory=collections.Counter)
    calls: int = 0
    down: bool = False

    def add(self, name: str, by: int, seconds: int) -> int:
        self.calls += 1
        if self.down:
            raise RetryableError("the counters are away")
        self.counts[name] += by
        return self.counts[name]


@dataclass
class MemoryServices:
    """Implements `api.services.Services`."""

    prices: CountingPriceStore
    insights: CountingInsightStore
    market: MarketReader
    analyses: CountingInsightStore
    listings: MemoryListings
    quality: MemoryQualityStore
    track_record: MemoryTrackRecord
    llm: RecordingLlm
    llm_texts: MemoryTexts
    probes: dict
    clock: FixedClock
    calendar: TradingCalendar
    llm_flights: MemoryFlights = field(default_factory=MemoryFlights)
    llm_usage: MemoryUsage = field(default_factory=MemoryUsage)
    llm_limit: CountingLimit = field(default_factory=CountingLimit)
    llm_terms: LlmTerms = field(default_factory=LlmTerms)
    changes: MemoryChanges = field(default_factory=MemoryChanges)
    request_counts: MemoryCounts = field(default_factory=MemoryCounts)

    def llm_engine(self, provider: str | None) -> Engine:
        """The template, or whoever is named."""
        return Engine(LlmProviderName(provider or "template"), "rules-2")


def memory_services(**changes) -> MemoryServices:
    """Services in memory with all dependencies up, on Saturday 2025-08-23 at the exchange."""
    insights = changes.get("insights") or CountingInsightStore()
    fields = {
        "prices": CountingPriceStore(),
        "insights": insights,
        "market": insights,
        "analyses": CountingInsightStore(),
        "listings": MemoryListings(),
        "llm_texts": MemoryTexts(insights),
        "quality": MemoryQualityStore(),
        "track_record": MemoryTrackRecord(),
        "llm": RecordingLlm(),
        "probes": {name: lambda: None for name in ("mongodb", "redis", "kafka")},
        "clock": FixedClock(NOW),
        "calendar": default_calendar(),
    }
    return MemoryServices(**(fields | changes))
