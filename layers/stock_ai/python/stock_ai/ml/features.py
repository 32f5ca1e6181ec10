"""THE list of model features. All are free of the price scale and look at no later bar.

Three kinds: of the stock alone, its rank among the stocks of the date, and of the equal-weight market.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from stock_ai.indicators.panel import AdjustedPrices, Bars, Dates, Floats
from stock_ai.ml.cross_section import MARKET_NAMES, Integers, locate, market, ranks

FEATURE_VERSION = 1
"""Raised whenever a feature is added, removed, moved or computed otherwise; a model of another version is refused."""
MIN_BARS = 260
"""Bars a stock needs: a year of 52 weeks. The longest window is 252 sessions (`position_52w`)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Inputs:
    """What a feature of the stock alone is computed from, each of shape (bars,)."""

    prices: AdjustedPrices
    logs: Floats
    indicators: Mapping[str, Floats]


_Own = Callable[[_Inputs], Floats]


def _log_return(period: int) -> _Own:
    return lambda inputs: _change(inputs.logs, period)


def _distance(average: str) -> _Own:
    return lambda inputs: inputs.prices.close / inputs.indicators[average] - 1


def _percent(name: str) -> _Own:
    return lambda inputs: inputs.indicators[name] / 100


def _as_is(name: str) -> _Own:
    return lambda inputs: inputs.indicators[name]


def _per_close(name: str) -> _Own:
    return lambda inputs: inputs.indicators[name] / inputs.prices.close


def _gap(inputs: _Inputs) -> Floats:
    gap = np.full(len(inputs.logs), np.nan)
    gap[1:] = np.log(inputs.prices.open[1:]) - inputs.logs[:-1]
    return gap


def _close_location(inputs: _Inputs) -> Floats:
    span = inputs.prices.high - inputs.prices.low
    # A bar without a range closes in the middle of it.
    return np.where(span > 0, (inputs.prices.close - inputs.prices.low) / span, 0.5)


def _band_width(inputs: _Inputs) -> Floats:
    values = inputs.indicators
    return (values["bollinger_upper"] - values["bollinger_lower"]) / values["bollinger_middle"]


def _volume(inputs: _Inputs) -> Floats:
    return np.log1p(inputs.indicators["volume_ratio_20"])


def _change(logs: Floats, period: int) -> Floats:
    change = np.full(len(logs), np.nan)
    change[period:] = logs[period:] - logs[:-period]
    return change


# Name, plain words, function.
_OWN: tuple[tuple[str, str, _Own], ...] = (
    ("return_1", "return of the last session", _log_return(1)),
    ("return_5", "return over 5 sessions", _log_return(5)),
    ("return_10", "return over 10 sessions", _log_return(10)),
    ("return_20", "return over 20 sessions", _log_return(20)),
    ("return_60", "return over 60 sessions", _log_return(60)),
    ("return_120", "return over 120 sessions", _log_return(120)),
    ("distance_sma_20", "distance from the 20-session mean", _distance("sma_20")),
    ("distance_sma_50", "distance from the 50-session mean", _distance("sma_50")),
    ("distance_sma_200", "distance from the 200-session mean", _distance("sma_200")),
    ("rsi_14", "relative strength index", _percent("rsi_14")),
    ("macd", "MACD line over the price", _per_close("macd")),
    ("macd_histogram", "MACD histogram over the price", _per_close("macd_histogram")),
    ("bollinger_percent_b", "place between the Bollinger bands", _as_is("bollinger_percent_b")),
    ("bollinger_width", "width of the Bollinger bands", _band_width),
    ("atr_14", "average true range over the price", _per_close("atr_14")),
    ("stochastic_k", "stochastic %K", _percent("stochastic_k")),
    ("stochastic_d", "stochastic %D", _percent("stochastic_d")),
    ("mfi_14", "money flow index", _percent("mfi_14")),
    ("volume_ratio_20", "volume against its 20-session mean (log)", _volume),
    ("volatility_20", "volatility of 20 sessions", _as_is("volatility_20")),
    ("position_52w", "place in the 52-week range", _as_is("position_52w")),
    ("gap", "gap at the open", _gap),
    ("close_location", "place of the close in the day's range", _close_location),
)
_RANKED = ("return_1", "return_5", "return_20", "return_60", "volatility_20", "volume_ratio_20", "position_52w")
_MARKET_WORDS = (
    "market return over 5 sessions",
    "market return over 20 sessions",
    "market volatility of 20 sessions",
    "share of stocks above their 50-session mean",
)
_OWN_NAMES = tuple(name for name, _, _ in _OWN)
_RANKED_COLUMNS = [_OWN_NAMES.index(name) for name in _RANKED]

FEATURES: dict[str, str] = {
    **{name: words for name, words, _ in _OWN},
    **{f"rank_{name}": f"rank among all stocks: {words}" for name, words, _ in _OWN if name in _RANKED},
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

    `dates` limits the rows to those trading dates (sorted); the market is always of all bars.
    """

    dates: Dates | None = None
    _own: list[Floats] = field(default_factory=list)
    _bar: list[Integers] = field(default_factory=list)
    _row_dates: list[Dates] = field(default_factory=list)
    _all_dates: list[Dates] = field(default_factory=list)
    _returns: list[Floats] = field(default_factory=list)
    _above: list[Floats] = field(default_factory=list)

    def add(self, bars: Bars, prices: AdjustedPrices, indicators: Mapping[str, Floats]) -> None:
        """Add one stock with its adjusted prices and all its indicators."""
        with np.errstate(divide="ignore", invalid="ignore"):
            inputs = _Inputs(prices, np.log(prices.close), indicators)
            own = np.column_stack([function(inputs) for _, _, function in _OWN])
        own[~np.isfinite(own)] = np.nan
        average = indicators["sma_50"]
        self._all_dates.append(bars.dates)
        self._returns.append(own[:, 0].copy())
        self._above.append(np.where(np.isfinite(average), (prices.close > average).astype(np.float64), np.nan))
        rows = np.arange(len(bars)) if self.dates is None else np.flatnonzero(locate(bars.dates, self.dates) >= 0)
        self._own.append(own[rows])
        self._bar.append(rows)
        self._row_dates.append(bars.dates[rows])

    def build(self) -> FeatureRows:
        """All rows of all stocks added."""
        if not self._own:
            empty = np.empty(0, dtype=np.int64)
            return FeatureRows(np.empty((0, len(FEATURES))), empty, empty, np.empty(0, dtype="datetime64[D]"))
        whole = market(np.concatenate(self._all_dates), np.concatenate(self._returns), np.concatenate(self._above))
        own, dates = np.concatenate(self._own), np.concatenate(self._row_dates)
        _, day = np.unique(dates, return_inverse=True)
        ranked = np.column_stack([ranks(own[:, column], day) for column in _RANKED_COLUMNS])
        where = locate(dates, whole.dates)
        around = np.full((len(dates), len(MARKET_NAMES)), np.nan)
        around[where >= 0] = whole.values[where[where >= 0]]
        symbol = np.repeat(np.arange(len(self._own)), [len(rows) for rows in self._own])
        return FeatureRows(np.column_stack((own, ranked, around)), symbol, np.concatenate(self._bar), dates)
