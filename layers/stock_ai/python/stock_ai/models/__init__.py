"""The messages between services, with topic names and Redis keys. No I/O."""

from stock_ai.models.analysis import (
    AiAnalysis,
    ModelRef,
    NullIndicator,
    NullReason,
    Signal,
    SignalReason,
    Withheld,
    WithheldReason,
)
from stock_ai.models.base import SCHEMA_VERSION, SIMULATED, Interval, Price, PriceBasis, digest
from stock_ai.models.insight import HistoryEntry, HistoryKind, Insight
from stock_ai.models.llm import (
    CitedFact,
    Explained,
    Grounding,
    Horizon,
    Language,
    Level,
    LevelKind,
    LlmAnalysis,
    LlmUsage,
    Served,
    Stance,
    StanceConfidence,
)
from stock_ai.models.llm_usage import LlmModelUsage, LlmUsageDay
from stock_ai.models.price import StockPrice, price_event_id

__all__ = [
    "SCHEMA_VERSION",
    "SIMULATED",
    "AiAnalysis",
    "CitedFact",
    "Explained",
    "Grounding",
    "HistoryEntry",
    "HistoryKind",
    "Horizon",
    "Insight",
    "Interval",
    "Language",
    "Level",
    "LevelKind",
    "LlmAnalysis",
    "LlmModelUsage",
    "LlmUsage",
    "LlmUsageDay",
    "ModelRef",
    "NullIndicator",
    "NullReason",
    "Price",
    "PriceBasis",
    "Served",
    "Signal",
    "SignalReason",
    "Stance",
    "StanceConfidence",
    "StockPrice",
    "Withheld",
    "WithheldReason",
    "digest",
    "price_event_id",
]
