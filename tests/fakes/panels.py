"""Panels for tests: seeded random ones, real ones from the shared CSV files, and what is in a store."""

from __future__ import annotations

import csv
import dataclasses
import itertools

import numpy as np
from bson.codec_options import CodecOptions

from stock_ai.indicators import Bars, Panel
from stock_ai.models.base import Interval, PriceBasis
from stock_ai.storage.bar_columns import FIELDS, BarColumns

COLUMNS = ("open", "high", "low", "close", "adjusted_close", "volume")


def read_panel(database):
    """Every daily bar of every symbol, all of them read from MongoDB: what a refresh has to equal."""
    prices = database["prices"].with_options(codec_options=CodecOptions(tz_aware=False))
    found = prices.find({"interval": Interval.DAY.value}, dict.fromkeys(FIELDS, 1) | {"_id": 0}, batch_size=10_000)
    return BarColumns.empty().merged(found).panel()


def random_bars(symbol="AAA", count=400, seed=0, source="simulated", provisional=False, drift=0.0):
    """A random walk in whole VND with a halving of the adjusted history, as a 2:1 split leaves it."""
    draw = np.random.default_rng([seed, *symbol.encode()])
    close = np.rint(50_000 * np.exp(np.cumsum(draw.normal(drift, 0.02, count))))
    open_ = np.rint(close * np.exp(draw.normal(0, 0.01, count)))
    high = np.rint(np.maximum(open_, close) * np.exp(np.abs(draw.normal(0, 0.01, count))))
    low = np.rint(np.minimum(open_, close) * np.exp(-np.abs(draw.normal(0, 0.01, count))))
    factor = np.where(np.arange(count) < count // 2, 0.5, 1.0)
    dates = np.busday_offset("2022-01-03", np.arange(count), roll="forward")
    volume = np.rint(np.exp(draw.normal(13, 0.5, count)))
    return Bars(symbol, dates, open_, high, low, close, close * factor, volume, source, provisional)


def random_panel(stocks=30, count=400, seed=0, source="simulated"):
    return Panel.of(random_bars(f"S{number:02}", count, seed, source) for number in range(stocks))


def panel_of(prices):
    """The panel of daily messages; those of other intervals are left out."""
    daily = sorted(
        (price for price in prices if price.interval is Interval.DAY), key=lambda price: (price.symbol, price.time)
    )
    return Panel.of(
        Bars(
            symbol,
            np.array([price.time for price in own], dtype="datetime64[D]"),
            **{
                name: np.array([np.nan if (value := getattr(price, name)) is None else float(value) for price in own])
                for name in COLUMNS
            },
            source=own[-1].source,
            provisional=own[-1].provisional,
            basis=max((price.basis for price in own), key=lambda basis: basis is PriceBasis.ADJUSTED),
        )
        for symbol, group in itertools.groupby(daily, key=lambda price: price.symbol)
        for own in [list(group)]
    )


def assert_same_panel(one, other):
    """Symbol by symbol and field by field equal, to the last bit; NaN where the other has it."""
    assert one.symbols == other.symbols
    for mine, others in zip(one, other, strict=True):
        for field in dataclasses.fields(Bars):
            np.testing.assert_equal(
                getattr(mine, field.name), getattr(others, field.name), f"{mine.symbol} {field.name}"
            )


def real_bars(folder, symbol, since):
    with (folder / "vn_daily" / f"{symbol}.csv").open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["date"] >= since]
    table = {name: np.array([float(row[name] or "nan") for row in rows]) for name in COLUMNS}
    sound = (
        (table["low"] > 0)
        & (table["low"] <= np.minimum(table["open"], table["close"]))
        & (table["high"] >= np.maximum(table["open"], table["close"]))
    )
    dates = np.array([row["date"] for row in rows], dtype="datetime64[D]")
    return Bars(symbol, dates[sound], **{name: column[sound] for name, column in table.items()}, source="csv")


def real_panel(folder, count=20, since="2022-06-01"):
    names = sorted(path.stem for path in (folder / "vn_daily").glob("*.csv") if path.stem != "VNINDEX")
    return Panel.of(real_bars(folder, name, since) for name in (*names[:count], "VNINDEX"))


def tail(bars, count):
    """The last `count` bars."""
    columns = {name: getattr(bars, name)[-count:] for name in COLUMNS}
    return dataclasses.replace(bars, dates=bars.dates[-count:], **columns)


def cut(panel, date):
    """The panel as it was after the session of `date`."""
    return Panel.of(bars.head(int(np.searchsorted(bars.dates, date, side="right"))) for bars in panel)
