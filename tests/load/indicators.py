"""Indicators over a market of 1,577 symbols against a bare loop over the same TA-Lib functions on ready arrays."""

from __future__ import annotations

import tempfile
from collections import deque
from pathlib import Path

import numpy as np
import talib

from stock_ai.indicators import Panel, compute
from tests.load import market
from tests.load.result import Result, paired, seconds

ROUNDS = 5
_PATTERNS = (
    talib.CDLDOJI,
    talib.CDLHAMMER,
    talib.CDLSHOOTINGSTAR,
    talib.CDLENGULFING,
    talib.CDLHARAMI,
    talib.CDLPIERCING,
    talib.CDLDARKCLOUDCOVER,
    talib.CDLMORNINGSTAR,
    talib.CDLEVENINGSTAR,
    talib.CDL3WHITESOLDIERS,
    talib.CDL3BLACKCROWS,
)


def _once(opened: np.ndarray, high: np.ndarray, low: np.ndarray, close: np.ndarray, volume: np.ndarray) -> None:
    """The TA-Lib functions that the indicators rest on, once each, and nothing around them."""
    range_, bar, flow = (high, low), (high, low, close), (high, low, close, volume)
    for period in (5, 10, 20, 50, 100, 200):
        talib.SMA(close, period)
    for period in (5, 12, 26, 50, 200):
        talib.EMA(close, period)
    talib.BBANDS(close, 20, 2, 2, 0)
    talib.KC(*bar, 20, 10, 2)
    talib.DONCHIAN(*range_, 20)
    talib.SAR(*range_, 0.02, 0.2)
    talib.SUPERTREND(*bar, 10, 3)
    for period in (9, 26, 52):
        talib.MIDPRICE(*range_, period)
    talib.VWMA(close, volume, 20)
    talib.RSI(close, 7)
    talib.RSI(close, 14)
    talib.STOCH(*bar, 14, 3, 0, 3, 0)
    talib.STOCHRSI(close, 14, 14, 3, 0)
    talib.WILLR(*bar, 14)
    talib.CCI(*bar, 20)
    for period in (1, 5, 10, 20, 60):
        talib.ROC(close, period)
    talib.MOM(close, 10)
    talib.MACD(close, 12, 26, 9)
    talib.PPO(close, 12, 26, 1)
    talib.TRIX(close, 15)
    talib.ULTOSC(*bar, 7, 14, 28)
    talib.ATR(*bar, 14)
    talib.NATR(*bar, 14)
    talib.TRANGE(*bar)
    # Width of the bands, volatility of 20 and 60 sessions, Parkinson's mean, variance of the trend.
    for period in (20, 20, 60):
        talib.STDDEV(close, period, 1.0)
    talib.SMA(close, 20)
    talib.VAR(close, 20)
    talib.LINEARREG_SLOPE(close, 20)
    talib.ADX(*bar, 14)
    talib.PLUS_DI(*bar, 14)
    talib.MINUS_DI(*bar, 14)
    talib.AROON(*range_, 25)
    talib.MIN(low, 252)
    talib.MAX(high, 252)
    for pattern in _PATTERNS:
        pattern(opened, *bar)
    talib.OBV(close, volume)
    talib.MFI(*flow, 14)
    talib.AD(*flow)
    talib.ADOSC(*flow, 3, 10)
    talib.CMF(*flow, 20)
    talib.EFI(close, volume, 13)
    # Means of the volume and of the traded value.
    talib.SMA(volume, 20)
    talib.SMA(volume, 20)


Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Adjusted open, high, low and close of one symbol, and its volume."""


def ready(panel: Panel) -> list[Arrays]:
    """What the bare loop runs on."""
    return [
        (prices.open, prices.high, prices.low, prices.close, bars.volume)
        for bars in panel
        for prices in [bars.adjusted_prices()]
    ]


def bare(arrays: list[Arrays]) -> float:
    """Seconds of the bare loop."""
    return seconds(lambda: deque((_once(*one) for one in arrays), maxlen=0))


def bench() -> Result:
    """Seconds per pass, ours (adjustment, holes and units included) over bare."""
    with tempfile.TemporaryDirectory() as folder:
        panel, _ = market.split(Path(folder))
    arrays = ready(panel)

    def ours() -> float:
        return seconds(lambda: deque(map(compute, panel), maxlen=0))

    measured, baseline = paired(ours, lambda: bare(arrays), ROUNDS)
    return Result("indicators", measured / baseline, 2.5, "s", baseline, measured, higher_is_better=False)
