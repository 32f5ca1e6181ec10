"""What the API is asked and answers. Prices are JSON numbers: whole VND for stocks, points for an index."""

from api.schemas.analysis import History, HistoryItem, InsightAnswer, Insights
from api.schemas.base import Answer, Freshness, Question, Schema
from api.schemas.indicators import IndicatorCatalogue, IndicatorHistory, IndicatorItem, IndicatorParameter, Indicators
from api.schemas.llm import LlmAnswer, LlmWriting, WritingStatus
from api.schemas.market import (
    Breadth,
    IndexMove,
    MarketBreadth,
    MarketOverview,
    Movers,
    RankedSignal,
    Row,
    SectorItem,
    Sectors,
    SignalScreen,
)
from api.schemas.prices import Bar, ChartInterval, PriceBars
from api.schemas.service import Dependency, DependencyState, Health, Links, ServiceState, Shortfall
from api.schemas.stocks import StockDetail, StockItem, StockList

__all__ = [
    "Answer",
    "Bar",
    "Breadth",
    "ChartInterval",
    "Dependency",
    "DependencyState",
    "Freshness",
    "Health",
    "History",
    "HistoryItem",
    "IndexMove",
    "IndicatorCatalogue",
    "IndicatorHistory",
    "IndicatorItem",
    "IndicatorParameter",
    "Indicators",
    "InsightAnswer",
    "Insights",
    "Links",
    "LlmAnswer",
    "LlmWriting",
    "MarketBreadth",
    "MarketOverview",
    "Movers",
    "PriceBars",
    "Question",
    "RankedSignal",
    "Row",
    "Schema",
    "SectorItem",
    "Sectors",
    "ServiceState",
    "Shortfall",
    "SignalScreen",
    "StockDetail",
    "StockItem",
    "StockList",
    "WritingStatus",
]
