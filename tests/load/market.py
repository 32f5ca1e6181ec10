"""The market that benches run on: the real one where it is, else a generated one of the same size."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stock_ai.indicators import Bars, Panel
from stock_ai.quality.report import SetAside

SHARED = Path(os.environ.get("STOCK_AI_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
SYMBOLS, SESSIONS = 1577, 500
COLUMNS = ("open", "high", "low", "close", "adjusted_close", "volume")


def parquet(folder: Path) -> Path:
    """A parquet file of about 1,577 symbols x 500 sessions in the tidy columns."""
    real = SHARED / "vn_market_500.parquet"
    if real.exists():
        return real
    path = folder / "market.parquet"
    generator = np.random.default_rng(7)
    days = np.arange(np.datetime64("2023-08-01"), np.datetime64("2026-01-01"))
    days = days[np.is_busday(days)][:SESSIONS].astype(str)
    steps = generator.normal(0, 0.02, (SYMBOLS, SESSIONS)).cumsum(axis=1)
    close = (20_000 * np.exp(steps)).astype(np.int64) + 1_000
    opening = np.roll(close, 1, axis=1)
    table = pa.table(
        {
            "symbol": np.repeat([name(number) for number in range(SYMBOLS)], SESSIONS),
            "date": np.tile(days, SYMBOLS),
            "open": opening.ravel(),
            "high": (np.maximum(opening, close) + 100).ravel(),
            "low": (np.minimum(opening, close) - 100).ravel(),
            "close": close.ravel(),
            "adjusted_close": close.ravel(),
            "volume": generator.integers(0, 10_000, SYMBOLS * SESSIONS) * 100,
        }
    )
    pq.write_table(table, path)
    return path


def split(folder: Path) -> tuple[Panel, list[SetAside]]:
    """The market as the consumer leaves it: the bars that break no hard rule, and the others."""
    table = pq.read_table(parquet(folder))
    symbols, dates = table["symbol"].to_numpy(), table["date"].to_numpy().astype("datetime64[D]")
    columns = {name: table[name].to_numpy().astype(np.float64) for name in COLUMNS}
    body = np.stack([columns["open"], columns["close"]])
    whole = np.stack([body.min(axis=0), columns["low"], columns["high"]]) > 0
    sound = whole.all(axis=0) & (columns["low"] <= body.min(axis=0)) & (columns["high"] >= body.max(axis=0))
    aside = [SetAside(symbols[at], dates[at].item(), "unsound") for at in np.flatnonzero(~sound)]
    kept = np.flatnonzero(sound)
    starts = np.flatnonzero(np.append(True, symbols[kept][1:] != symbols[kept][:-1]))
    panel = Panel.of(
        Bars(str(symbols[rows[0]]), dates[rows], **{name: columns[name][rows] for name in COLUMNS}, source="csv")
        for rows in np.split(kept, starts[1:])
    )
    return panel, aside


def csv_folder(folder: Path, rows: int) -> Path:
    """The first `rows` rows of the market as a folder of CSV files, one per symbol."""
    import csv

    target = folder / "csv"
    target.mkdir()
    table = pq.read_table(parquet(folder)).slice(0, rows)
    names = table.column_names
    opened: dict[str, list[tuple[object, ...]]] = {}
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        opened.setdefault(row[0], []).append(row)
    for symbol, found in opened.items():
        with (target / f"{symbol}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            writer.writerows(found)
    return target


def name(number: int) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return letters[number // 676] + letters[number // 26 % 26] + letters[number % 26]
