"""The signals of the market at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from stock_ai.models.analysis import Signal, WithheldReason
from stock_ai.models.market_view import MarketRow


def signal_counts(rows: Iterable[MarketRow]) -> dict[Signal, int]:
    """How many rows carry each signal, zeros included."""
    counts = Counter(row.signal for row in rows)
    return {signal: counts[signal] for signal in Signal}


def withheld_counts(rows: Iterable[MarketRow]) -> dict[WithheldReason, int]:
    """How many rows have no signal, by reason."""
    return dict(sorted(Counter(row.withheld for row in rows if row.withheld is not None).items()))


def top_signals(rows: Iterable[MarketRow], limit: int) -> list[MarketRow]:
    """The BUY and SELL signals of the highest confidence; of equals the first in the alphabet."""
    found = [
        (row.confidence, row) for row in rows if row.signal in (Signal.BUY, Signal.SELL) and row.confidence is not None
    ]
    found.sort(key=lambda each: (-each[0], each[1].symbol))
    return [row for _, row in found[:limit]]
