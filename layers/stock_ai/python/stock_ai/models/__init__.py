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
from stock_ai.models.llm import Language, LlmAnalysis, Stance
from stock_ai.models.price import StockPrice, price_event_id

__all__ = [
    "SCHEMA_VERSION",
    "SIMULATED",
    "AiAnalysis",
    "HistoryEntry",
    "HistoryKind",
    "Insight",
    "Interval",
    "Language",
    "LlmAnalysis",
    "ModelRef",
    "NullIndicator",
    "NullReason",
    "Price",
    "PriceBasis",
    "Signal",
    "SignalReason",
    "Stance",
    "StockPrice",
    "Withheld",
    "WithheldReason",
    "digest",
    "price_event_id",
]
