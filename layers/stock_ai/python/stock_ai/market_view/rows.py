"""The row of an insight."""

from __future__ import annotations

from stock_ai.merging import version
from stock_ai.models.insight import Insight
from stock_ai.models.market_view import MarketRow


def row(insight: Insight) -> MarketRow:
    """The row of an insight, a function of nothing else, so that rows converge as insights do."""
    ai = insight.ai
    figures = ai.indicators if ai else {}
    position = figures.get("position_52w")
    return MarketRow(
        version=version(insight),
        symbol=insight.symbol,
        event_time=insight.event_time,
        as_of=insight.as_of,
        close=insight.close,
        signal=insight.signal,
        confidence=insight.confidence,
        calibrated=insight.calibrated,
        proven_skill=insight.proven_skill,
        withheld=insight.withheld.reason if insight.withheld else None,
        change_percent=_rounded(figures.get("roc_1"), 4),
        traded_value=_rounded(figures.get("traded_value_20"), 0),
        volume_ratio=_rounded(figures.get("volume_ratio_20"), 4),
        above_sma_50=_above(insight, figures.get("sma_50")),
        above_sma_200=_above(insight, figures.get("sma_200")),
        new_high=None if position is None else position >= 1,
        new_low=None if position is None else position <= 0,
        provisional=insight.provisional,
        simulated=insight.simulated,
        source=ai.source if ai else None,
    )


def _above(insight: Insight, mean: float | None) -> bool | None:
    # Histories are adjusted back from their newest bar, so its close is the same as traded and adjusted.
    return None if mean is None or insight.close is None else float(insight.close) > mean


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)
