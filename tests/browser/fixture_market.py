"""A market for the dashboard's tests: real daily bars where there are some, else seeded ones; signals are drawn."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import os
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from stock_ai.indicators import Bars
from stock_ai.indicators.table import compute
from tests.fakes.panels import random_bars

LISTINGS = Path(__file__).parents[1] / "fakes" / "listings.csv"
SESSIONS = 520
HORIZONS = (1, 5, 20)
BAND = 0.02
SIGNALS = ("BUY", "HOLD", "SELL")
MODEL = {"name": "gradient_boosting", "version": "2025.08.22", "trained_until": "2025-07-31", "proven_skill": False}
_STEP = 5


@dataclasses.dataclass(frozen=True)
class Stock:
    """One symbol with its bars, indicators and the signals that were issued for it."""

    symbol: str
    name: str
    name_en: str
    exchange: str | None
    sector: str | None
    bars: Bars
    values: dict[str, np.ndarray]
    signals: tuple[dict, ...]

    @property
    def index(self) -> bool:
        return self.symbol == "VNINDEX"

    def price(self, value: float) -> float | int:
        return round(float(value), 2) if self.index else round(float(value))

    def newest(self, name: str) -> float | None:
        value = float(self.values[name][-1])
        return round(value, 4) if np.isfinite(value) else None


def stocks() -> dict[str, Stock]:
    """The market by symbol, the index included."""
    with LISTINGS.open(encoding="utf-8") as file:
        listed = {row["symbol"]: row for row in csv.DictReader(file)}
    listed["VNINDEX"] = {"name": "Chỉ số VN-Index", "name_en": "VN-Index", "exchange": "", "sector": ""}
    bars = {one.symbol: one for one in _bars(sorted(listed))}
    market_close = bars["VNINDEX"].close
    found = {}
    for symbol, own in bars.items():
        row = listed[symbol]
        found[symbol] = Stock(
            symbol, row["name"], row["name_en"], row["exchange"] or None, row["sector"] or None,
            own, compute(own), tuple(_issued(own, market_close)),
        )  # fmt: skip
    return found


def _bars(symbols: list[str]) -> Iterator[Bars]:
    folder = os.environ.get("STOCK_AI_SHARED_DATA")
    for number, symbol in enumerate(symbols):
        path = Path(folder or "missing") / "vn_daily" / f"{symbol}.csv"
        if path.exists():
            yield _real(path, symbol)
        elif not folder:
            made = random_bars(symbol, SESSIONS, number, source="csv")
            points = {name: getattr(made, name) / 40 for name in ("open", "high", "low", "close", "adjusted_close")}
            yield dataclasses.replace(made, **points) if symbol == "VNINDEX" else made


def _real(path: Path, symbol: str) -> Bars:
    with path.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if min(float(row[name]) for name in ("open", "low", "close")) > 0]
    rows = rows[-SESSIONS:]
    names = ("open", "high", "low", "close", "adjusted_close", "volume")
    columns = {name: np.array([float(row[name]) for row in rows]) for name in names}
    dates = np.array([row["date"] for row in rows], dtype="datetime64[D]")
    return Bars(symbol, dates, **columns, source="csv")


def _issued(bars: Bars, market_close: np.ndarray) -> Iterator[dict]:
    """A signal every week of the last year, oldest first, scored by what the bars then did."""
    draw = random.Random(bars.symbol)
    prices = bars.adjusted_prices().close
    for at in range(max(0, len(bars) - 250), len(bars), _STEP):
        chances = _chances(draw)
        signal = max(chances, key=chances.__getitem__)
        outcomes = {horizon: _outcome(bars, prices, market_close, at, horizon, signal) for horizon in HORIZONS}
        yield {
            "signal_id": f"{bars.symbol}-{at}", "analysis_id": f"{at:032x}", "symbol": bars.symbol,
            "as_of": str(bars.dates[at]), "signal": signal, "confidence": chances[signal], "probabilities": chances,
            "close": round(float(bars.close[at])), "band": BAND, "model": MODEL, "source": "csv", "simulated": False,
            "issued_at": f"{bars.dates[at]}T09:00:00Z", "outcomes": outcomes, "superseded": [],
        }  # fmt: skip


def _chances(draw: random.Random) -> dict[str, float]:
    weights = [draw.gammavariate(shape, 1) for shape in (6, 7, 5.5)]
    shares = [round(weight / sum(weights), 3) for weight in weights[:2]]
    return dict(zip(SIGNALS, [*shares, round(1 - sum(shares), 3)], strict=True))


def _outcome(bars: Bars, prices: np.ndarray, market: np.ndarray, at: int, horizon: int, signal: str) -> dict | None:
    end = at + 1 + horizon
    if end >= min(len(bars), len(market)):
        return None
    own = float(prices[end] / prices[at + 1] - 1)
    excess = own - float(market[end] / market[at + 1] - 1)
    limit = BAND * (horizon / 5) ** 0.5
    hit = {"BUY": excess > limit, "SELL": excess < -limit, "HOLD": abs(excess) <= limit}[signal]
    return {
        "horizon": horizon, "status": "scored", "revision": 1, "entry_date": str(bars.dates[at + 1]),
        "exit_date": str(bars.dates[end]), "stock_return": own, "excess": excess, "hit": bool(hit),
        "direction_hit": None if signal == "HOLD" else bool(excess > 0) == (signal == "BUY"), "timely": True,
    }  # fmt: skip


def tally(signals: list[dict], horizon: int) -> dict:
    """How often they came true at one horizon, in the form of the track record."""
    outcomes = [(one, one["outcomes"][horizon]) for one in signals]
    scored = [(one, outcome) for one, outcome in outcomes if outcome]
    count = len(scored)
    hits = sum(outcome["hit"] for _, outcome in scored)
    rate = hits / count if count else None
    spread = 1.96 * (rate * (1 - rate) / count) ** 0.5 * 1.6 if count else 0
    ways = [outcome["direction_hit"] for _, outcome in scored if outcome["direction_hit"] is not None]

    def mean(values: list[float]) -> float | None:
        return sum(values) / len(values) if values else None

    return {
        "signals": len(signals), "pending": len(signals) - count, "unscored": 0, "scored": count,
        "sessions": len({one["as_of"] for one, _ in scored}), "hits": hits, "hit_rate": rate,
        "hit_rate_interval": [max(0, rate - spread), min(1, rate + spread)] if count >= 20 else None,
        "mean_confidence": mean([one["confidence"] for one, _ in scored]), "direction_hit_rate": mean(ways),
        "mean_return": mean([outcome["stock_return"] for _, outcome in scored]),
        "mean_excess": mean([outcome["excess"] for _, outcome in scored]),
    }  # fmt: skip


def tallies(signals: list[dict]) -> dict:
    """The tallies of all horizons."""
    return {"horizons": {str(horizon): tally(signals, horizon) for horizon in HORIZONS}}


def today() -> dt.date:
    """The day after the last bar of the shared data."""
    return dt.date(2025, 8, 26)
