"""The API's ports in memory, and makers of the bars and analyses they hold."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from stock_ai.market.trading_calendar import TradingCalendar, default_calendar
from stock_ai.models import AiAnalysis, LlmAnalysis, ModelRef, Signal, StockPrice, Withheld
from stock_ai.quality.report import MarketQuality, QualityReport, SymbolQuality
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
    """Implements `stock_ai.ports.LlmInvoker`; raises `error` when one is set."""

    asked: list[dict[str, str]] = field(default_factory=list)
    error: Exception | None = None

    def __call__(self, request: dict[str, str]) -> LlmAnalysis:
        self.asked.append(request)
        if self.error is not None:
            raise self.error
        return make_text(request["symbol"], request["language"])


@dataclass
class MemoryServices:
    """Implements `api.services.Services`."""

    prices: CountingPriceStore
    insights: CountingInsightStore
    quality: MemoryQualityStore
    track_record: MemoryTrackRecord
    llm: RecordingLlm
    probes: dict
    clock: FixedClock
    calendar: TradingCalendar


def memory_services(**changes) -> MemoryServices:
    """Services in memory with all dependencies up, on Saturday 2025-08-23 at the exchange."""
    fields = {
        "prices": CountingPriceStore(),
        "insights": CountingInsightStore(),
        "quality": MemoryQualityStore(),
        "track_record": MemoryTrackRecord(),
        "llm": RecordingLlm(),
        "probes": {name: lambda: None for name in ("mongodb", "redis", "kafka")},
        "clock": FixedClock(NOW),
        "calendar": default_calendar(),
    }
    return MemoryServices(**(fields | changes))
