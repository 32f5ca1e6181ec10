"""A pass over the whole market, from the panel's snapshot to the last message, against the bare TA-Lib loop.

In a process of its own with one thread, after a model was trained on part of the market: the pass reads the snapshot,
computes indicators and features, predicts, explains, and hands each message to a publisher in memory.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections import deque
from pathlib import Path

import numpy as np
import talib

from functions.ai_analysis.market import BENCHMARK
from functions.ai_analysis.service import analyse
from stock_ai.indicators import Panel
from stock_ai.ml.card import ModelCard
from stock_ai.ml.model import load_model
from stock_ai.ml.training import train
from stock_ai.storage.bar_changes import Watermark
from stock_ai.storage.bar_columns import NUMBERS, BarColumns
from stock_ai.storage.panel_snapshots import Snapshot, decode, encode
from tests.fakes.ledger import MemoryLedger
from tests.fakes.publisher import RecordingPublisher
from tests.load import market
from tests.load.indicators import bare, ready
from tests.load.result import Result, paired, seconds

ROUNDS = 5
LIMIT_RATIO = 3.0
LIMIT_MB = 1000
_TRAINED_ON = 6
"""The model learns from every sixth symbol: how well it foresees does not matter here."""
_NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_SNAPSHOT, _CARD, _MODEL = "daily.panel", "card.json", "model.skops"


def bench() -> list[Result]:
    """Seconds of a pass over those of the bare loop, and the largest resident memory after one pass."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        panel = _with_index(market.split(folder)[0])
        trained = train(Panel(panel.bars[::_TRAINED_ON]), 7, _NOW)
        (folder / _SNAPSHOT).write_bytes(encode(Snapshot(_columns(panel), Watermark(1, "bench", ()))))
        (folder / _CARD).write_text(trained.card.model_dump_json())
        (folder / _MODEL).write_bytes(trained.blob)
        run = subprocess.run(
            [sys.executable, "-m", "tests.load.market_pass", name],
            env=os.environ | {"OMP_NUM_THREADS": "1", "POWERTOOLS_LOG_LEVEL": "ERROR"},
            stdout=subprocess.PIPE,
            check=True,
        )
    found = json.loads(run.stdout)
    measured, baseline, peak = found["pass"], found["bare"], found["peak_mb"]
    return [
        Result("market_pass", measured / baseline, LIMIT_RATIO, "s", baseline, measured, higher_is_better=False),
        Result("market_pass_memory", peak / LIMIT_MB, 1.0, "MB", LIMIT_MB, peak, higher_is_better=False),
    ]


def _with_index(panel: Panel) -> Panel:
    """The market with an index that has every session; which levels it has makes no difference to the time."""
    longest = max(panel, key=len)
    return Panel.of([*panel, dataclasses.replace(longest, symbol=BENCHMARK)])


def _columns(panel: Panel) -> BarColumns:
    def each(of: str) -> np.ndarray:
        return np.concatenate([getattr(bars, of) for bars in panel])

    bars = sum(map(len, panel))
    return BarColumns(
        symbols=panel.symbols,
        counts=np.array([len(bars) for bars in panel]),
        dates=each("dates"),
        numbers=np.stack([each(column) for column in NUMBERS]),
        sources=("csv",),
        source=np.zeros(bars, dtype=np.int64),
        provisional=np.zeros(bars, dtype=bool),
        adjusted=np.zeros(bars, dtype=bool),
    )


def _measure(folder: Path) -> dict[str, float]:
    """Medians of passes and bare loops in turn, and the peak after the first pass, before what only the bench needs."""
    model = load_model(ModelCard.model_validate_json((folder / _CARD).read_text()), (folder / _MODEL).read_bytes())

    def whole() -> None:
        panel = decode((folder / _SNAPSHOT).read_bytes()).columns.panel()
        publisher = RecordingPublisher()
        report = analyse(panel, model, publisher, MemoryLedger(), _NOW, lambda: 600_000)
        assert len(publisher.sent) == len(panel) == report.published
        assert sum(report.signals.values()) > len(panel) / 2

    whole()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    panel = decode((folder / _SNAPSHOT).read_bytes()).columns.panel()
    arrays, pairs = ready(panel), _pairs(panel)
    measured, baseline = paired(lambda: seconds(whole), lambda: bare(arrays) + _bare_relative(pairs), ROUNDS)
    return {"pass": measured, "bare": baseline, "peak_mb": peak}


def _pairs(panel: Panel) -> list[tuple[np.ndarray, np.ndarray]]:
    """The adjusted closes of each stock and those of the index at its dates."""
    (index,) = (bars for bars in panel if bars.symbol == BENCHMARK)
    levels = index.adjusted_prices().close
    return [
        (bars.adjusted_prices().close, levels[np.searchsorted(index.dates, bars.dates).clip(max=len(index) - 1)])
        for bars in panel
        if bars is not index
    ]


def _bare_relative(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Seconds of the functions that relative strength, beta and correlation rest on, which a pass gives too."""

    def once(stock: np.ndarray, level: np.ndarray) -> None:
        for period in (20, 60, 120):
            talib.ROC(stock, period)
            talib.ROC(level, period)
        talib.CORREL(stock, level, 60)
        talib.STDDEV(stock, 60)
        talib.STDDEV(level, 60)

    return seconds(lambda: deque((once(*pair) for pair in pairs), maxlen=0))


if __name__ == "__main__":
    print(json.dumps(_measure(Path(sys.argv[1]))))
