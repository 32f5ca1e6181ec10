"""Everything that needs the whole market at once: indicators, features with their ranks, recent sessions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stock_ai.indicators import (
    INDICATORS,
    RELATIVE,
    AdjustedPrices,
    Bars,
    Null,
    Panel,
    compute,
    reasons,
    relative_reasons,
    relative_strength,
)
from stock_ai.indicators.panel import Dates, Floats
from stock_ai.market.symbols import is_index
from stock_ai.ml.cross_section import sessions
from stock_ai.ml.dataset import stocks
from stock_ai.ml.features import FEATURE_NAMES, MIN_BARS, FeatureBuilder
from stock_ai.models.analysis import NullIndicator

HALTED_SESSIONS = 5
"""Sessions that a stock may lag behind the market before it counts as halted; until then it is judged by its own."""
BENCHMARK = "VNINDEX"
"""The index against which the relative strength of a stock is measured."""
_DIGITS = 10
"""Significant digits of an indicator: more is rounding noise, which would give equal content two ids."""
_NAMES = tuple(indicator.name for indicator in (*INDICATORS, *RELATIVE))
_POWERS = np.array([float(f"1e{exponent}") for exponent in range(23)])
"""Powers of ten that float64 holds exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One symbol after its newest session.

    Attributes:
        bars: its history.
        indicators: the newest values by name, rounded; None where undefined.
        nulls: the reason for each None.
        features: (features,), NaN where undefined, as all are of an index and of a halted stock.
    """

    bars: Bars
    indicators: dict[str, float | None]
    nulls: dict[str, NullIndicator]
    features: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """Every symbol by name, in order, and the newest sessions of the market: `MIN_BARS` of them where there are."""

    seen: Mapping[str, Seen]
    sessions: Dates


def lag(bars: Bars, recent: Dates) -> int:
    """How many of the market's recent sessions came after the last bar."""
    return len(recent) - int(np.searchsorted(recent, bars.dates[-1], side="right"))


def look(panel: Panel) -> Market:
    """The market after its newest session, in one pass over the bars; ranks are among all stocks of a date."""
    chosen = stocks(panel)
    index = next((bars for bars in panel if bars.symbol == BENCHMARK), None)
    levels = None if index is None else index.adjusted_prices()
    recent = sessions(
        np.concatenate([np.empty(0, dtype="datetime64[D]"), *(bars.dates[-MIN_BARS:] for bars in chosen)])
    )
    # Each date with a last bar costs the ranks of all stocks: those that are halted are not worth it.
    alive = [bars.dates[-1] for bars in chosen if lag(bars, recent) <= HALTED_SESSIONS]
    builder = FeatureBuilder(np.unique(np.array(alive, dtype="datetime64[D]")))
    newest: list[list[float]] = []
    nulls: list[dict[str, Null]] = []
    for bars in panel:
        # In a call of its own, so that the arrays of one symbol make room for those of the next.
        last, why = _newest(bars, index, levels, builder)
        newest.append(last)
        nulls.append(why)
    features = _features(builder, chosen)
    unknown = np.full(len(FEATURE_NAMES), np.nan)
    numbers = rounded(np.array(newest).reshape(len(panel), len(_NAMES))).tolist()
    return Market(
        seen={
            bars.symbol: Seen(bars, _named(bars, row, why), _stated(why), features.get(bars.symbol, unknown))
            for bars, row, why in zip(panel, numbers, nulls, strict=True)
        },
        sessions=recent,
    )


def _newest(
    bars: Bars, index: Bars | None, levels: AdjustedPrices | None, builder: FeatureBuilder
) -> tuple[list[float], dict[str, Null]]:
    """The newest indicators in the order of `_NAMES`, with the reasons of those that are NaN; a stock goes to
    `builder` as well."""
    prices = bars.adjusted_prices()
    values = compute(bars, prices, builder.needs(bars))
    last = [column.item(-1) for column in values.values()]
    why = {} if all(map(math.isfinite, last)) else reasons(bars, values)
    if is_index(bars.symbol):
        return [*last, *[math.nan] * len(RELATIVE)], why
    builder.add(bars, prices, values)
    relative = relative_strength(bars, index, prices, levels, 1)
    against = [column.item(-1) for column in relative.values()]
    if not all(map(math.isfinite, against)):
        why |= relative_reasons(bars, index, relative)
    return last + against, why


def _stated(nulls: Mapping[str, Null]) -> dict[str, NullIndicator]:
    made = {null: NullIndicator(reason=null.reason, needed=null.needed, had=null.had) for null in set(nulls.values())}
    return {name: made[null] for name, null in nulls.items()}


def _named(bars: Bars, row: list[float], nulls: Mapping[str, Null]) -> dict[str, float | None]:
    """The values by name, without what compares a stock with the index where it is an index itself."""
    names = _NAMES[: len(INDICATORS)] if is_index(bars.symbol) else _NAMES
    return dict(zip(names, row, strict=False)) | dict.fromkeys(nulls)


def _features(builder: FeatureBuilder, chosen: Sequence[Bars]) -> dict[str, Floats]:
    """The features of the last bar of each stock whose last date the builder was asked for."""
    if not chosen:
        return {}
    rows = builder.build()
    # Each stock's rows are by date, so its last bar is the last of its rows.
    ends = np.searchsorted(rows.symbol, np.arange(len(chosen)), side="right").tolist()
    starts = [0, *ends[:-1]]
    return {
        bars.symbol: rows.values[end - 1] for bars, start, end in zip(chosen, starts, ends, strict=True) if end > start
    }


def rounded(values: Floats) -> Floats:
    """Each value to `_DIGITS` significant digits: the float64 nearest to that decimal; what is not finite stays."""
    with np.errstate(divide="ignore"):
        magnitude = np.floor(np.log10(np.abs(values)))
    usable = np.isfinite(magnitude)
    places = np.where(usable, _DIGITS - 1 - magnitude, 0).astype(np.int64)
    # One exact factor and one rounding operation each, so that the result is the decimal's own float64.
    factor = _POWERS[np.minimum(np.abs(places), len(_POWERS) - 1)]
    result: Floats = np.where(places >= 0, np.rint(values * factor) / factor, np.rint(values / factor) * factor)
    return result
