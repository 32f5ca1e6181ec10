"""Indicators over a market of 1,577 symbols against a bare loop over the same TA-Lib functions on ready arrays."""

from __future__ import annotations

import tempfile
from collections import deque
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import talib

from stock_ai.indicators import Bars, Panel, compute
from tests.load import market
from tests.load.result import Result, paired, seconds

ROUNDS = 5
PRICES = ("open", "high", "low", "close")


def _panel(folder: Path) -> Panel:
    table = pq.read_table(market.parquet(folder))
    # What the consumer would have quarantined never reaches a panel.
    table = table.filter(pc.greater(pc.min_element_wise(*(table[name] for name in PRICES)), 0))
    columns = {name: table[name].to_numpy() for name in table.column_names}
    starts = np.flatnonzero(np.append(True, columns["symbol"][1:] != columns["symbol"][:-1]))
    ends = np.append(starts[1:], len(columns["symbol"]))
    return Panel.of(
        Bars(
            symbol=str(columns["symbol"][start]),
            dates=columns["date"][start:end].astype("datetime64[D]"),
            **{name: columns[name][start:end].astype(np.float64) for name in (*PRICES, "adjusted_close", "volume")},
            source="csv",
        )
        for start, end in zip(starts, ends, strict=True)
    )


def _bare(high: np.ndarray, low: np.ndarray, close: np.ndarray, volume: np.ndarray) -> None:
    for period in (20, 50, 200):
        talib.SMA(close, period)
    talib.EMA(close, 12)
    talib.EMA(close, 26)
    talib.RSI(close, 14)
    talib.MACD(close, 12, 26, 9)
    talib.BBANDS(close, 20, 2, 2, 0)
    talib.ATR(high, low, close, 14)
    talib.STOCH(high, low, close, 14, 3, 0, 3, 0)
    talib.ADX(high, low, close, 14)
    talib.OBV(close, volume)
    talib.MFI(high, low, close, volume, 14)
    talib.ROC(close, 1)
    talib.ROC(close, 10)
    talib.SMA(volume, 20)
    talib.STDDEV(close, 20, 1.0)
    talib.MIN(low, 252)
    talib.MAX(high, 252)


def bench() -> Result:
    """Seconds per pass, ours (adjustment, holes and units included) over bare."""
    with tempfile.TemporaryDirectory() as folder:
        panel = _panel(Path(folder))
    ready = [
        (prices.high, prices.low, prices.close, bars.volume) for bars in panel for prices in [bars.adjusted_prices()]
    ]

    def ours() -> float:
        return seconds(lambda: deque(map(compute, panel), maxlen=0))

    def bare() -> float:
        return seconds(lambda: deque((_bare(*arrays) for arrays in ready), maxlen=0))

    measured, baseline = paired(ours, bare, ROUNDS)
    return Result("indicators", measured / baseline, 2.5, "s", baseline, measured, higher_is_better=False)
