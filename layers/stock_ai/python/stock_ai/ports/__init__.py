"""The ports: what a service needs from outside, as protocols. Adapters are in `sources`, `storage` and `streaming`."""

from stock_ai.ports.analyses import (
    AnalysisStore,
    InsightReader,
    InsightStore,
    LlmInvoker,
    MarketReader,
    OutcomeStore,
    SignalLog,
)
from stock_ai.ports.collection import CollectionLog, CollectionPlan, CollectionPlans, CollectionTask, PlanProgress
from stock_ai.ports.prices import (
    Listings,
    Move,
    PriceStore,
    QualityLog,
    QuarantinedRecord,
    QuarantineStore,
    StoreCounts,
    SymbolInfo,
)
from stock_ai.ports.sources import MarketSource, PriceSource, SourceBar
from stock_ai.ports.streams import Publisher

__all__ = [
    "AnalysisStore",
    "CollectionLog",
    "CollectionPlan",
    "CollectionPlans",
    "CollectionTask",
    "InsightReader",
    "InsightStore",
    "Listings",
    "LlmInvoker",
    "MarketReader",
    "MarketSource",
    "Move",
    "OutcomeStore",
    "PlanProgress",
    "PriceSource",
    "PriceStore",
    "Publisher",
    "QualityLog",
    "QuarantineStore",
    "QuarantinedRecord",
    "SignalLog",
    "SourceBar",
    "StoreCounts",
    "SymbolInfo",
]
