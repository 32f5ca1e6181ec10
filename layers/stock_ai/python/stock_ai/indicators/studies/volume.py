"""What the traded volume adds. Volumes are as traded; where prices enter, they are adjusted, but for the turnover."""

from __future__ import annotations

import numpy as np

from stock_ai.indicators.indicator import Family, Row, row
from stock_ai.indicators.panel import Floats
from stock_ai.indicators.series import Series
from stock_ai.indicators.ta import ta

TRADED_VALUE = "traded_value_20"
"""Undefined for an index, whose points times shares are no money."""


def on_balance_volume(series: Series) -> tuple[Floats, ...]:
    """Volume added on a rise and taken off on a fall, from the first bar on: only its changes mean something."""
    return (ta.OBV(series.close, series.volume),)


def money_flow(series: Series) -> tuple[Floats, ...]:
    """Money flow index over 14 sessions, 0 to 100: RSI's idea on typical price x volume."""
    values = ta.MFI(series.high, series.low, series.close, series.volume, 14)
    none = (series.unmoved_typical > 0) | (series.idle > 0)
    if none.any():
        values[ta.SUM(none.astype(np.float64), 14) == 14] = np.nan
    return (values,)


def accumulation(series: Series) -> tuple[Floats, ...]:
    """Volume times where the close lies in the session's range (-1 to 1), summed from the first bar on."""
    return (ta.AD(series.high, series.low, series.close, series.volume),)


def chaikin_oscillator(series: Series) -> tuple[Floats, ...]:
    """EMA(3) - EMA(10) of the accumulation line."""
    return (ta.ADOSC(series.high, series.low, series.close, series.volume, 3, 10),)


def chaikin_money_flow(series: Series) -> tuple[Floats, ...]:
    """Accumulation of 20 sessions over their volume, -1 to 1."""
    values = ta.CMF(series.high, series.low, series.close, series.volume, 20)
    values[(series.idle >= 20) | np.isinf(values)] = np.nan
    return (values,)


def force_index(series: Series) -> tuple[Floats, ...]:
    """EMA(13) of the change of the close times the volume."""
    return (ta.EFI(series.close, series.volume, 13),)


def volume_ratio(series: Series) -> tuple[Floats, ...]:
    """Volume over its 20-session average, this session included."""
    values = series.volume / ta.SMA(series.volume, 20)
    values[(series.idle >= 20) | np.isinf(values)] = np.nan
    return (values,)


def traded_value(series: Series) -> tuple[Floats, ...]:
    """Mean over 20 sessions of the close as traded x volume."""
    return (ta.SMA(series.turnover, 20),)


ROWS: tuple[Row, ...] = tuple(
    row(Family.VOLUME, study, output, needs_volume=True, remembers=remembers)
    for study, remembers, output in (
        (on_balance_volume, True, ("obv", 1, "shares", "On-balance volume since the first bar")),
        (money_flow, False, ("mfi_14", 15, "0..100", "Money flow index, 14 sessions")),
        (accumulation, True, ("accumulation", 1, "shares", "Accumulation/distribution line since the first bar")),
        (chaikin_oscillator, True, ("chaikin_oscillator", 10, "shares", "EMA(3) - EMA(10) of accumulation")),
        (chaikin_money_flow, False, ("cmf_20", 20, "-1..1", "Accumulation over volume, 20 sessions")),
        (force_index, True, ("force_index_13", 14, "price x shares", "EMA(13) of change x volume")),
        (volume_ratio, False, ("volume_ratio_20", 20, "ratio", "Volume over its mean of 20 sessions")),
        (traded_value, False, (TRADED_VALUE, 20, "VND", "Mean traded value of 20 sessions, at traded closes")),
    )
)
"""The volume indicators."""
