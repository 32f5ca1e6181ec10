"""Technical indicators over a panel of symbols. No I/O."""

from stock_ai.indicators.breadth import Breadth, breadth
from stock_ai.indicators.indicator import Family, Indicator
from stock_ai.indicators.nulls import Null, reasons
from stock_ai.indicators.panel import AdjustedPrices, Bars, Panel
from stock_ai.indicators.relative import RELATIVE, relative_reasons, relative_strength
from stock_ai.indicators.table import INDICATORS, compute, latest
from stock_ai.models.analysis import NullReason

__all__ = [
    "INDICATORS",
    "RELATIVE",
    "AdjustedPrices",
    "Bars",
    "Breadth",
    "Family",
    "Indicator",
    "Null",
    "NullReason",
    "Panel",
    "breadth",
    "compute",
    "latest",
    "reasons",
    "relative_reasons",
    "relative_strength",
]
