"""Rows to learn from: features of a stock at a session with the label that followed."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stock_ai.indicators import Bars, Panel, compute
from stock_ai.indicators.panel import Dates, Floats
from stock_ai.indicators.studies import TRADING_DAYS
from stock_ai.market.symbols import is_index
from stock_ai.ml.cross_section import Integers, locate, sessions
from stock_ai.ml.features import MIN_BARS, FeatureBuilder
from stock_ai.ml.labels import UNKNOWN, labels


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rows:
    """What happened to stocks: one row per stock and session, by session and within it by symbol.

    Attributes:
        classes: (rows,) `labels.DOWN`, `NEUTRAL` or `UP`.
        excess: (rows,) the excess return the class was made from.
        above: (rows,) whether it is above the median of the session's rows.
        session: (rows,) position in `sessions`.
        symbol: (rows,) position in `symbols`.
        sessions: trading dates of the market.
        symbols: the stocks.
    """

    classes: Integers
    excess: Floats
    above: NDArray[np.bool_]
    session: Integers
    symbol: Integers
    sessions: Dates
    symbols: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.classes)

    def rows(self, chosen: NDArray[np.bool_]) -> Self:
        """The rows of a mask of shape (rows,); sessions and symbols keep their positions."""
        kept = {field.name: getattr(self, field.name)[chosen] for field in fields(self) if field.name not in _WHOLE}
        return replace(self, **kept)


_WHOLE = frozenset({"sessions", "symbols"})
"""What is not by row."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Dataset(Rows):
    """Rows to learn from, complete ones only.

    Attributes:
        features: (rows, features), finite.
    """

    features: Floats


def stocks(panel: Panel) -> tuple[Bars, ...]:
    """The symbols of the panel that are not indices."""
    return tuple(bars for bars in panel if not is_index(bars.symbol))


def build_dataset(panel: Panel) -> Dataset:
    """Every row of the stocks' final bars whose features and label are known, from bar `MIN_BARS` on."""
    chosen = stocks(panel.final())
    days = sessions(np.concatenate([bars.dates for bars in chosen])) if chosen else np.empty(0, dtype="datetime64[D]")
    closes = np.full((len(days), len(chosen)), np.nan)
    volatility = np.full_like(closes, np.nan)
    builder = FeatureBuilder()
    for column, bars in enumerate(chosen):
        prices = bars.adjusted_prices()
        indicators = compute(bars, prices)
        builder.add(bars, prices, indicators)
        where = locate(bars.dates, days)
        closes[where[where >= 0], column] = prices.close[where >= 0]
        volatility[where[where >= 0], column] = indicators["volatility_20"][where >= 0] / TRADING_DAYS**0.5
    classes, excess = labels(closes, volatility)
    rows = builder.build()
    session = locate(rows.dates, days)
    (use,) = np.nonzero((session >= 0) & (rows.bar >= MIN_BARS - 1) & np.isfinite(rows.values).all(axis=1))
    use = use[classes[session[use], rows.symbol[use]] != UNKNOWN]
    use = use[np.lexsort((rows.symbol[use], session[use]))]
    at = (session[use], rows.symbol[use])
    return Dataset(
        features=rows.values[use],
        classes=classes[at],
        excess=excess[at],
        above=above_median(excess[at], session[use]),
        session=session[use],
        symbol=rows.symbol[use],
        sessions=days,
        symbols=tuple(bars.symbol for bars in chosen),
    )


def above_median(values: Floats, session: Integers) -> NDArray[np.bool_]:
    """Whether each value is above the median of its session; sessions must be in one piece."""
    above = np.zeros(len(values), dtype=bool)
    if not len(values):
        return above
    edges = np.flatnonzero(np.diff(session)) + 1
    for part in np.split(np.arange(len(values)), edges):
        above[part] = values[part] > np.median(values[part])
    return above
