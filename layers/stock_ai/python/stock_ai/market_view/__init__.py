"""Views of the whole market, computed from its rows and its listings. No I/O."""

from stock_ai.market_view.breadth import MarketBreadth, breadth
from stock_ai.market_view.movers import MoverKind, movers
from stock_ai.market_view.overview import signal_counts, top_signals, withheld_counts
from stock_ai.market_view.rows import row
from stock_ai.market_view.screen import Filters, ScreenPage, ScreenPosition, Sort, screen
from stock_ai.market_view.sectors import SectorView, sectors

__all__ = [
    "Filters",
    "MarketBreadth",
    "MoverKind",
    "ScreenPage",
    "ScreenPosition",
    "SectorView",
    "Sort",
    "breadth",
    "movers",
    "row",
    "screen",
    "sectors",
    "signal_counts",
    "top_signals",
    "withheld_counts",
]
