"""A seeded stock market: no data, only the rules of a random walk with price limits, ticks, lots, a split and a halt.

Each trading day of a symbol takes its random numbers from the symbol's own stream, in order, from `EPOCH` on. So a
day depends on the seed, the symbol and the days before it, and on nothing that comes later.

Prices are whole VND as traded. Limits, ticks and lots are those of HOSE (limit 7 %, tick 10/50/100 VND below 10,000,
below 50,000 and above, lot 100).
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from stock_ai.market.symbols import VN30
from stock_ai.market.trading_calendar import default_calendar

EPOCH = dt.date(2015, 1, 5)
LIMIT = 0.07
LOT = 100
HALT_SESSIONS = 6
INDEX = "VNINDEX"
INDEX_BASE = 545.0

_SPLIT_FROM = (6, 15)
_HALT_FROM = (9, 10)


@dataclass(frozen=True, slots=True)
class SessionBar:
    """One session of one stock. `reference` is the close before, halved on the day of a split; limits refer to it."""

    date: dt.date
    reference: int
    open: int
    high: int
    low: int
    close: int
    volume: int


@dataclass(frozen=True, slots=True)
class IndexBar:
    """One session of the index, in points, not rounded."""

    date: dt.date
    open: float
    high: float
    low: float
    close: float
    volume: int


def tick(price: float) -> int:
    """The tick of HOSE at `price`, both in VND."""
    return 10 if price < 10_000 else 50 if price < 50_000 else 100


def on_tick(price: float) -> int:
    """The price on the grid nearest to `price`, in VND."""
    step = tick(price)
    return math.floor(price / step + 0.5) * step


def limits(reference: int) -> tuple[int, int]:
    """Floor and ceiling price in VND of a session whose reference price is `reference`."""
    low, high = reference * (1 - LIMIT), reference * (1 + LIMIT)
    floor, ceiling = math.ceil(low / tick(low)) * tick(low), math.floor(high / tick(high)) * tick(high)
    return min(floor, reference), max(ceiling, reference)


def sessions(until: dt.date) -> list[dt.date]:
    """The sessions from `EPOCH` to `until` by the packaged calendar, so that no setting changes the seeded bars."""
    return default_calendar().sessions(EPOCH, until)


def split_symbol(seed: int, year: int) -> str:
    """The stock that splits 2:1 in `year`, on the first session from 15 June."""
    return random.Random(f"{seed}:split:{year}").choice(VN30)  # noqa: S311 - a simulation, not a secret


def halted_symbol(seed: int, year: int) -> str:
    """The stock without bars for `HALT_SESSIONS` sessions in `year`, from the first one from 10 September."""
    return random.Random(f"{seed}:halt:{year}").choice(VN30)  # noqa: S311


def split_dates(seed: int, symbol: str, days: list[dt.date]) -> list[dt.date]:
    """The days among `days` on which `symbol` first trades after a 2:1 split, oldest first."""
    return [day for day, first in _first_from(days, _SPLIT_FROM) if split_symbol(seed, first) == symbol]


def halt_dates(seed: int, symbol: str, days: list[dt.date]) -> set[dt.date]:
    """The days among `days` on which `symbol` does not trade."""
    halted: set[dt.date] = set()
    for day, year in _first_from(days, _HALT_FROM):
        if halted_symbol(seed, year) == symbol:
            start = days.index(day)
            halted.update(days[start : start + HALT_SESSIONS])
    return halted


def market_returns(seed: int, count: int) -> list[float]:
    """The common factor: `count` daily log returns whose volatility clusters (GARCH(1,1), about 1 % a day)."""
    draw = random.Random(f"{seed}:market").gauss  # noqa: S311
    variance, shock, returns = 1e-4, 0.0, []
    for _ in range(count):
        variance = 2e-6 + 0.08 * shock * shock + 0.90 * variance
        shock = math.sqrt(variance) * draw(0, 1)
        returns.append(2e-4 + shock)
    return returns


def stock(seed: int, symbol: str, days: list[dt.date], market: list[float]) -> Iterator[SessionBar]:
    """The sessions of one stock on `days` (all from `EPOCH`), given the market's return of each.

    The log return is beta times the market, a slow trend of the stock's own, a weak pull to its first price (divided
    by the splits since) and a shock whose volatility clusters.
    """
    stream = random.Random(f"{seed}:{symbol}")  # noqa: S311
    draw = stream.gauss
    close = on_tick(math.exp(stream.uniform(math.log(15_000), math.log(120_000))))
    anchor, beta, scale = math.log(close), stream.uniform(0.6, 1.4), stream.uniform(0.010, 0.020)
    turnover = math.exp(stream.uniform(math.log(3e5), math.log(2e7)))
    splits, halted = set(split_dates(seed, symbol, days)), halt_dates(seed, symbol, days)
    variance, shock, trend = scale * scale, 0.0, 0.0
    for day, factor in zip(days, market, strict=True):
        reference = close
        if day in splits:
            reference = on_tick(close / 2)
            anchor -= math.log(2)
        if day in halted:
            continue
        variance = 0.03 * scale * scale + 0.09 * shock * shock + 0.88 * variance
        sigma = math.sqrt(variance)
        shock = sigma * draw(0, 1)
        trend = 0.97 * trend + 4e-4 * draw(0, 1)
        move = beta * factor + trend + 0.003 * (anchor - math.log(reference)) + shock
        floor, ceiling = limits(reference)
        opened = _within(reference * math.exp(0.3 * move + 0.3 * sigma * draw(0, 1)), floor, ceiling)
        close = _within(reference * math.exp(move), floor, ceiling)
        top, bottom = max(opened, close), min(opened, close)
        high = _within(top * math.exp(0.5 * sigma * abs(draw(0, 1))), top, ceiling)
        low = _within(bottom * math.exp(-0.5 * sigma * abs(draw(0, 1))), floor, bottom)
        lots = turnover / LOT * math.exp(0.4 * draw(0, 1) + 6 * min(abs(move), LIMIT))
        yield SessionBar(day, reference, opened, high, low, close, LOT * max(1, round(lots)))


def index(stocks: dict[str, list[SessionBar]], days: list[dt.date]) -> Iterator[IndexBar]:
    """The equal-weight index of `stocks` on `days`; one that is halted counts as unchanged."""
    by_day: dict[dt.date, list[SessionBar]] = {day: [] for day in days}
    for bars in stocks.values():
        for bar in bars:
            by_day[bar.date].append(bar)
    level, size = INDEX_BASE, len(stocks)
    for day in days:
        bars = by_day[day]
        opened = level * (1 + sum(bar.open / bar.reference - 1 for bar in bars) / size)
        high = level * (1 + sum(bar.high / bar.reference - 1 for bar in bars) / size)
        low = level * (1 + sum(bar.low / bar.reference - 1 for bar in bars) / size)
        level *= 1 + sum(bar.close / bar.reference - 1 for bar in bars) / size
        yield IndexBar(day, opened, high, low, level, sum(bar.volume for bar in bars))


def _within(price: float, low: int, high: int) -> int:
    return min(max(on_tick(price), low), high)


def _first_from(days: list[dt.date], month_day: tuple[int, int]) -> list[tuple[dt.date, int]]:
    """Of each year the first of `days` on or after the month and day, with the year."""
    firsts: dict[int, dt.date] = {}
    for day in days:
        if (day.month, day.day) >= month_day:
            firsts.setdefault(day.year, day)
    return [(day, year) for year, day in firsts.items()]
