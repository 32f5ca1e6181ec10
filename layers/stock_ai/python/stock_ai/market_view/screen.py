"""The screen of signals: filters, orders and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from stock_ai.models.analysis import Signal
from stock_ai.models.listing import Listing, Sector
from stock_ai.models.market_view import MarketRow


class Sort(StrEnum):
    """The order of a screen; `-` is descending. Rows without the figure come last, equals by symbol."""

    CONFIDENCE_DOWN = "-confidence"
    CONFIDENCE_UP = "confidence"
    CHANGE_DOWN = "-change"
    CHANGE_UP = "change"
    TRADED_VALUE_DOWN = "-traded_value"
    TRADED_VALUE_UP = "traded_value"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a row must be to come through; None asks nothing. What is not known does not come through a filter."""

    signal: Signal | None = None
    min_confidence: float | None = None
    exchange: str | None = None
    sector: Sector | None = None
    min_traded_value: float | None = None
    """VND, mean of 20 sessions."""


class ScreenPosition(NamedTuple):
    """Where a page ends: the rank of its last row."""

    value: float | None
    """The figure it is sorted by; None where it has none, and in the order by symbol."""
    symbol: str


@dataclass(frozen=True, slots=True)
class ScreenPage:
    """Some rows of a screen."""

    total: int
    """Rows that come through the filters, on all pages."""
    rows: list[MarketRow]
    next: ScreenPosition | None
    """What to ask for as `after` for the next page; None where there is none."""


_Figure = Callable[[MarketRow], float | None]
_FIGURES: dict[str, _Figure] = {
    "confidence": lambda row: row.confidence,
    "change": lambda row: row.change_percent,
    "traded_value": lambda row: row.traded_value,
    "symbol": lambda row: None,  # noqa: ARG005
}


def screen(
    rows: Iterable[MarketRow],
    listings: Mapping[str, Listing],
    filters: Filters,
    sort: Sort,
    limit: int,
    after: ScreenPosition | None = None,
) -> ScreenPage:
    """The first `limit` rows behind `after` of those with a signal that come through `filters`.

    A position is a rank and not a row: a row that is gone or has moved leaves out or repeats no other one.
    """
    figure, falling = _FIGURES[sort.removeprefix("-")], sort.startswith("-")

    def rank(value: float | None, symbol: str) -> tuple[bool, float, str]:
        return value is None, 0.0 if value is None else -value if falling else value, symbol

    passed = [row for row in rows if row.signal is not None and _passes(row, listings.get(row.symbol), filters)]
    ranked = sorted((rank(figure(row), row.symbol), row) for row in passed)
    if after is not None:
        start = rank(*after)
        ranked = [each for each in ranked if each[0] > start]
    chosen = [row for _, row in ranked[: max(limit, 0)]]
    last = chosen[-1] if chosen and len(ranked) > len(chosen) else None
    return ScreenPage(len(passed), chosen, ScreenPosition(figure(last), last.symbol) if last else None)


def _passes(row: MarketRow, listing: Listing | None, filters: Filters) -> bool:
    return (
        (filters.signal is None or row.signal is filters.signal)
        and _at_least(row.confidence, filters.min_confidence)
        and _at_least(row.traded_value, filters.min_traded_value)
        and (filters.exchange is None or (listing is not None and listing.exchange == filters.exchange))
        and (filters.sector is None or (listing is not None and listing.sector is filters.sector))
    )


def _at_least(value: float | None, bound: float | None) -> bool:
    return bound is None or (value is not None and value >= bound)
