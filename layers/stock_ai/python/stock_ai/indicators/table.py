"""THE table of indicators and what it drives: `compute` and `latest`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from stock_ai.indicators.indicator import Indicator, Row
from stock_ai.indicators.panel import AdjustedPrices, Bars, Flags, Floats
from stock_ai.indicators.series import Series, priced, runs, traded
from stock_ai.indicators.studies import candles, momentum, overlays, trend, volatility, volume
from stock_ai.market.symbols import is_index

_ROWS = (*overlays.ROWS, *momentum.ROWS, *volatility.ROWS, *trend.ROWS, *candles.ROWS, *volume.ROWS)
_PRICE_ROWS = tuple(row for row in _ROWS if not row.needs_volume)
_VOLUME_ROWS = tuple(row for row in _ROWS if row.needs_volume)

_REACHES = (64, 256)
"""A few lengths of tails that serve all studies, since cutting one for each would take longer than it saves."""
_PIECES = tuple(
    (row, None if row.reach is None else next(reach for reach in _REACHES if reach >= row.reach))
    for row in (*_PRICE_ROWS, *_VOLUME_ROWS)
)

INDICATORS: tuple[Indicator, ...] = tuple(
    indicator for row in (*_PRICE_ROWS, *_VOLUME_ROWS) for indicator in row.outputs
)
"""Every indicator, in the order in which `compute` gives them: those that need a volume come last."""
_NAMES = tuple(indicator.name for indicator in INDICATORS)


def compute(bars: Bars, prices: AdjustedPrices | None = None, newest: int | None = None) -> dict[str, Floats]:
    """Every indicator of one symbol by name, each of shape (bars,), on adjusted prices.

    With `newest` only the last so many of each, or all where there are fewer, in a part of the time. They are those of
    the whole to within rounding, since sums over a window then begin at another bar.

    NaN before warm-up and where the value is undefined (`reasons` says why); never infinite. A bar with a missing or
    non-positive price, or for indicators that need it a missing volume, is NaN and the history starts anew after it.

    Args:
        bars: the bars.
        prices: `bars.adjusted_prices()` where the caller has them already.
    """
    prices = prices or bars.adjusted_prices()
    values: dict[str, Floats] = {}
    # The undefined is divided by zero on purpose; each study turns it into NaN.
    with np.errstate(all="ignore"):
        if bars.priced and bars.traded:
            _fill_whole(Series.of(bars, prices, slice(None)), values, len(bars) if newest is None else newest)
        else:
            _fill(_PRICE_ROWS, bars, prices, priced(bars), values)
            _fill(_VOLUME_ROWS, bars, prices, traded(bars), values)
            if newest is not None:
                values = {name: column[-newest:] for name, column in values.items()}
    if is_index(bars.symbol):
        values[volume.TRADED_VALUE].fill(np.nan)
    return values


def latest(values: Mapping[str, Floats]) -> dict[str, float | None]:
    """The last value of each indicator that `compute` gave; None where it is NaN or there are no bars."""
    last = {name: column.item(-1) if len(column) else math.nan for name, column in values.items()}
    return {name: value if math.isfinite(value) else None for name, value in last.items()}


def _fill_whole(series: Series, values: dict[str, Floats], newest: int) -> None:
    """Add the newest of all outputs to `values`; each study gets no more bars than they depend on."""
    bars = len(series.close)
    count = min(newest, bars)
    unknown = np.full(count, np.nan)
    pieces = {reach: series.tail(newest + reach) for reach in _REACHES} | {None: series}
    columns: list[Floats] = []
    for row, reach in _PIECES:
        if bars >= row.warm_up:
            columns += [column[-count:] for column in row.study(pieces[reach])]
        else:
            columns += [unknown] * len(row.names)
    # Copied, so that no long array is kept for its end, and no two outputs are one array.
    values.update(zip(_NAMES, np.concatenate(columns).reshape(-1, count), strict=True))


def _fill(rows: Sequence[Row], bars: Bars, prices: AdjustedPrices, usable: Flags, values: dict[str, Floats]) -> None:
    """Add the outputs of `rows` to `values`, run by run of usable bars."""
    for row in rows:
        values.update((name, np.full(len(bars), np.nan)) for name in row.names)
    for run in runs(usable):
        series = Series.of(bars, prices, run)
        for row in rows:
            if len(series.close) < row.warm_up:
                continue
            for name, column in zip(row.names, row.study(series), strict=True):
                values[name][run] = column
