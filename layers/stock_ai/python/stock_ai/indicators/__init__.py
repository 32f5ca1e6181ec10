"""Technical indicators over a panel of symbols. No I/O."""

from stock_ai.indicators.panel import AdjustedPrices, Bars, Panel
from stock_ai.indicators.table import INDICATORS, Indicator, compute, latest

__all__ = ["INDICATORS", "AdjustedPrices", "Bars", "Indicator", "Panel", "compute", "latest"]
