"""The daily bars of a market as matrices (sessions, stocks), with what an order needs to know of each bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from stock_ai.indicators.panel import Bars, Dates, Flags, Floats, Panel, sound_prices
from stock_ai.market.trading_calendar import Exchange
from stock_ai.ml.cross_section import locate, sessions
from stock_ai.ml.dataset import stocks
from stock_ai.quality.columns import factor_changes
from stock_ai.quality.trading_rules import LIMITS, finest_tick

INDEX = "VNINDEX"
AVERAGED = 20
"""Sessions of the averages of volume and traded value."""

_NOISE = 1e-3
"""Changes of the adjustment below this are no corporate action."""


@dataclass(frozen=True, slots=True, eq=False)
class MarketTable:
    """The stocks of a panel at the sessions of the market; no value depends on a later bar of the panel.

    Matrices are (sessions, stocks), NaN or false where a stock has no bar with sound prices.

    Attributes:
        sessions: dates on which at least `cross_section.MIN_CROSS_SECTION` stocks have a bar.
        symbols: the stocks.
        open: as traded, VND.
        adjusted_open: comparable over time, as `Bars.adjusted_prices` gives it.
        adjusted_close: the same of the close.
        tradable: there is a bar, and shares changed hands.
        limit_up: the open is the day's ceiling or above: nobody sells there.
        limit_down: the open is the day's floor or below: nobody buys there.
        average_volume: shares a session over `AVERAGED` sessions up to this one, those without a bar counting zero;
            NaN before there are so many since the first bar, and where a volume is not known.
        traded_value: the same of close x volume, VND.
        index_close: (sessions,) VNINDEX in points, NaN where it has no bar.
    """

    sessions: Dates
    symbols: tuple[str, ...]
    open: Floats
    adjusted_open: Floats
    adjusted_close: Floats
    tradable: Flags
    limit_up: Flags
    limit_down: Flags
    average_volume: Floats
    traded_value: Floats
    index_close: Floats


def market_table(panel: Panel, exchanges: Mapping[str, Exchange] | None = None) -> MarketTable:
    """The final bars of a panel of stocks, with VNINDEX where the panel has it.

    Args:
        panel: daily bars; indices are no stocks.
        exchanges: where each stock trades. One that is not named is held to the limits of HOSE, the narrowest.
    """
    final = panel.final()
    chosen = stocks(final)
    days = sessions(np.concatenate([np.empty(0, dtype="datetime64[D]"), *(bars.dates for bars in chosen)]))
    shape = (len(days), len(chosen))
    open_, adjusted_open, adjusted_close = (np.full(shape, np.nan) for _ in range(3))
    tradable, limit_up, limit_down = (np.zeros(shape, dtype=bool) for _ in range(3))
    volume, value = np.zeros(shape), np.zeros(shape)
    for column, bars in enumerate(chosen):
        where = locate(bars.dates, days)
        use = (where >= 0) & np.logical_and.reduce([sound_prices(p) for p in (bars.open, bars.close)])
        at = where[use]
        prices = bars.adjusted_prices()
        up, down = _at_limit(bars, (exchanges or {}).get(bars.symbol, Exchange.HOSE))
        open_[at, column] = bars.open[use]
        adjusted_open[at, column] = prices.open[use]
        adjusted_close[at, column] = prices.close[use]
        tradable[at, column] = bars.volume[use] > 0
        limit_up[at, column], limit_down[at, column] = up[use], down[use]
        volume[: at[0] if len(at) else len(days), column] = np.nan
        volume[at, column] = bars.volume[use]
        value[at, column] = bars.close[use] * bars.volume[use]
    return MarketTable(
        sessions=days,
        symbols=tuple(bars.symbol for bars in chosen),
        open=open_,
        adjusted_open=adjusted_open,
        adjusted_close=adjusted_close,
        tradable=tradable,
        limit_up=limit_up,
        limit_down=limit_down,
        average_volume=_average(volume),
        traded_value=_average(np.where(np.isnan(volume), np.nan, value)),
        index_close=_index(final, days),
    )


def carried(values: Floats) -> Floats:
    """Each column with its last known value in place of NaN; NaN before the first one."""
    last = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(len(values))[:, None], 0), axis=0)
    found: Floats = np.take_along_axis(values, last, axis=0)
    return found


def _at_limit(bars: Bars, exchange: Exchange) -> tuple[Flags, Flags]:
    """Which bars open at the ceiling and which at the floor; never the first bar, which has no reference price.

    The reference is the close before, lowered on an ex-date by the change of the adjustment. A limit is rounded inwards
    to the tick, but leaves one tick at least. An open counts from half a tick before the limit on, on an ex-date from
    as far before it as the rounding of adjusted prices may have moved the reference.
    """
    factor, slack = factor_changes(bars)
    acted = np.abs(factor - 1) > slack + _NOISE
    with np.errstate(invalid="ignore"):
        close, open_ = bars.close[:-1], bars.open[1:]
        reference = np.where(acted, close * factor, close)
        tick = finest_tick(reference, bars.symbol, exchange)
        room = np.where(acted, close * slack + tick, tick / 2)
        limit = reference * LIMITS[exchange][0]
        # A hair keeps a limit that lies on the grid from being rounded away from it.
        ceiling = np.maximum(np.floor((reference + limit) / tick + 1e-9) * tick, reference + tick)
        floor = np.minimum(np.ceil((reference - limit) / tick - 1e-9) * tick, reference - tick)
        up, down = open_ > ceiling - room, open_ < floor + room
    return np.concatenate(([False], up)), np.concatenate(([False], down))


def _average(values: Floats) -> Floats:
    """The mean of the last `AVERAGED` rows of each column; NaN where one of them is."""
    result = np.full(values.shape, np.nan)
    if len(values) >= AVERAGED:
        result[AVERAGED - 1 :] = sliding_window_view(values, AVERAGED, axis=0).mean(axis=-1)
    return result


def _index(panel: Panel, days: Dates) -> Floats:
    closes = np.full(len(days), np.nan)
    for bars in panel:
        if bars.symbol == INDEX:
            where = locate(bars.dates, days)
            use = (where >= 0) & sound_prices(bars.close)
            closes[where[use]] = bars.close[use]
    return closes
