"""THE list of model features. All are free of the price scale and look at no later bar.

Three kinds: of the stock alone (`own_features`), its rank among the stocks of the date, and of the equal-weight market.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from stock_ai.indicators.panel import AdjustedPrices, Bars, Dates, Floats
from stock_ai.ml.cross_section import MARKET_BARS, MARKET_NAMES, Integers, locate, market, ranks
from stock_ai.ml.own_features import OWN, History, own_features

FEATURE_VERSION = 2
"""Raised whenever a feature is added, removed, moved or computed otherwise; a model of another version is refused."""
MIN_BARS = 260
"""Bars a stock needs: a year of 52 weeks. The longest window is 252 sessions (`position_52w`)."""

_MARKET_WORDS = (
    "market return over 5 sessions",
    "market return over 20 sessions",
    "market volatility of 20 sessions",
    "share of stocks above their 50-session mean",
)
_RANKED = (
    "return_1",
    "return_5",
    "return_20",
    "return_60",
    "return_250",
    "volatility_20",
    "volume_ratio_20",
    "position_52w",
    "illiquidity_20",
    "distance_sma_20",
)
_OWN_NAMES = tuple(name for name, _, _ in OWN)
_RANKED_COLUMNS = [_OWN_NAMES.index(name) for name in _RANKED]

FEATURES: dict[str, str] = {
    **{name: words for name, words, _ in OWN},
    **{f"rank_{OWN[at][0]}": f"rank among all stocks: {OWN[at][1]}" for at in _RANKED_COLUMNS},
    **dict(zip(MARKET_NAMES, _MARKET_WORDS, strict=True)),
}
"""Every feature by name in the order of the columns, with plain words for it."""
FEATURE_NAMES = tuple(FEATURES)


@dataclass(frozen=True, slots=True, eq=False)
class FeatureRows:
    """One row per bar, by symbol in the order they were added, then by date.

    Attributes:
        values: (rows, features) in the order of `FEATURE_NAMES`; NaN where a feature is undefined.
        symbol: (rows,) position of the symbol in the order they were added.
        bar: (rows,) position of the bar within its symbol.
        dates: (rows,) trading dates.
    """

    values: Floats
    symbol: Integers
    bar: Integers
    dates: Dates


@dataclass(slots=True)
class FeatureBuilder:
    """Takes stocks one by one, so that their indicators need not all be held, and then builds the rows.

    `dates` limits the rows to those trading dates (sorted); the market is of all bars that indicators are given of.
    """

    dates: Dates | None = None
    _series: list[Floats] = field(default_factory=list)
    _bar: list[Integers] = field(default_factory=list)
    _row_dates: list[Dates] = field(default_factory=list)
    _all_dates: list[Dates] = field(default_factory=list)
    _returns: list[Floats] = field(default_factory=list)
    _above: list[Floats] = field(default_factory=list)

    def needs(self, bars: Bars) -> int:
        """Of how many of the newest bars `add` takes the indicators: those since the first date, and its market."""
        since = len(bars) if self.dates is None else len(bars) - _first(self.dates, bars.dates)
        return min(since + MARKET_BARS, len(bars))

    def add(self, bars: Bars, prices: AdjustedPrices, indicators: Mapping[str, Floats]) -> None:
        """Add one stock with its adjusted prices and all its indicators, of at least as many bars as it `needs`."""
        rows = np.arange(len(bars)) if self.dates is None else _found(self.dates, bars.dates)
        with np.errstate(divide="ignore", invalid="ignore"):
            history = History.of(bars, prices, indicators)
            self._series.append(history.at(rows))
        average = indicators["sma_50"]
        known = len(bars) - len(average)
        self._all_dates.append(bars.dates[known:])
        self._returns.append(history.returns[known:])
        self._above.append(np.where(np.isfinite(average), prices.close[known:] > average, np.nan))
        self._bar.append(rows)
        self._row_dates.append(bars.dates[rows])

    def build(self) -> FeatureRows:
        """All rows of all stocks added."""
        if not self._series:
            empty = np.empty(0, dtype=np.int64)
            return FeatureRows(np.empty((0, len(FEATURES))), empty, empty, np.empty(0, dtype="datetime64[D]"))
        whole = market(np.concatenate(self._all_dates), np.concatenate(self._returns), np.concatenate(self._above))
        own, dates = own_features(np.concatenate(self._series, axis=1)), np.concatenate(self._row_dates)
        _, day = np.unique(dates, return_inverse=True)
        where = locate(dates, whole.dates)
        values = np.full((len(dates), len(FEATURES)), np.nan)
        values[:, : len(OWN)] = own.T
        for column, ranked in enumerate(_RANKED_COLUMNS, len(OWN)):
            values[:, column] = ranks(own[ranked], day)
        values[where >= 0, -len(MARKET_NAMES) :] = whole.values[where[where >= 0]]
        symbol = np.repeat(np.arange(len(self._bar)), [len(rows) for rows in self._bar])
        return FeatureRows(values, symbol, np.concatenate(self._bar), dates)


def _first(dates: Dates, among: Dates) -> int:
    """The position in `among` of the first date that is not before `dates`; both are sorted."""
    return int(among.searchsorted(dates[0])) if len(dates) else len(among)


def _found(dates: Dates, among: Dates) -> Integers:
    """The positions in `among` of the dates that are there; both are sorted."""
    where = locate(dates, among)
    return where[where >= 0]
