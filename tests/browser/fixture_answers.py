"""What the API of the dashboard's tests answers, in the forms of the real one."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import itertools

import numpy as np

from stock_ai.indicators.table import INDICATORS
from stock_ai.ml.features import FEATURES
from tests.browser.fixture_market import MODEL, SIGNALS, Stock, stocks, tallies

_ROUND = 4
VIEWS = {"BUY": "bullish", "HOLD": "neutral", "SELL": "bearish"}


@dataclasses.dataclass
class World:
    """What a test may change of the answers."""

    simulated: bool = False
    provisional: bool = False
    sessions_behind: int = 0
    streaming: bool = True
    llm_problem: tuple[int, str, str] | None = None
    usual: bool = True
    """Whether reasons tell what they are compared with; those of an earlier release do not."""
    pending: frozenset[str] = frozenset({"VTP"})
    broken: frozenset[str] = frozenset()
    """Routes, such as `market/sectors`, that fail."""


class Answers:
    """Answers by route, over one market."""

    def __init__(self) -> None:
        self.world = World()
        self.stocks = stocks()
        self.listed = [one for one in self.stocks.values() if not one.index]
        self.last = str(max(one.bars.dates[-1] for one in self.listed))
        self._record = self._make_record()

    def freshness(self) -> dict:
        world = self.world
        return {
            "as_of": self.last, "age_days": 1 + world.sessions_behind, "sessions_behind": world.sessions_behind,
            "source": "simulated" if world.simulated else "csv", "provisional": world.provisional,
            "simulated": world.simulated, "degraded": [],
        }  # fmt: skip

    def row(self, stock: Stock) -> dict:
        signal = stock.signals[-1]
        waiting = stock.symbol in self.world.pending
        return {
            "symbol": stock.symbol, "name": stock.name, "name_en": stock.name_en, "exchange": stock.exchange,
            "sector": stock.sector, "signal": None if waiting else signal["signal"],
            "confidence": None if waiting else signal["confidence"], "calibrated": True, "proven_skill": False,
            "close": stock.price(stock.bars.close[-1]), "change_percent": _rounded(stock.newest("roc_1"), 2),
            "traded_value": round(float(stock.bars.close[-1] * stock.bars.volume[-1])),
            "volume_ratio": _rounded(stock.newest("volume_ratio_20"), 2), "as_of": str(stock.bars.dates[-1]),
            "provisional": self.world.provisional, "simulated": self.world.simulated,
        }  # fmt: skip

    def stock(self, stock: Stock) -> dict:
        return {
            **self.row(stock), "index": stock.index, "first": str(stock.bars.dates[0]),
            "last": str(stock.bars.dates[-1]), "freshness": self.freshness(),
        }  # fmt: skip

    def insight(self, stock: Stock) -> dict:
        signal = stock.signals[-1]
        modelled = not stock.index
        reasons = [
            {"feature": name, "value": value, "weight": weight,
             "usual": usual if self.world.usual else None,
             "text": f"{FEATURES.get(name, name)} is {value:.3g}, above its usual {usual:.3g}"}
            for name, value, usual, weight in (
                ("return_20", 0.0314159, 0.00412, 0.214),
                ("rank_volatility_20", 0.8125, 0.5, -0.118),
                ("distance_sma_200", -0.0521, 0.0133, 0.081),
                ("not_yet_named", 0.03, 0.02, -0.043),
            )
        ]  # fmt: skip
        nulls = {item.name: {"reason": "warm_up"} for item in INDICATORS if stock.newest(item.name) is None}
        ai = {
            "analysis_id": "0" * 32, "symbol": stock.symbol, "as_of": str(stock.bars.dates[-1]), "adjusted": True,
            "bars": len(stock.bars), "close": stock.price(stock.bars.close[-1]),
            "probabilities": signal["probabilities"] if modelled else None, "model": MODEL if modelled else None,
            "indicators": {item.name: stock.newest(item.name) for item in INDICATORS}, "nulls": nulls,
            "reasons": reasons if modelled else [], "source": "csv",
        }  # fmt: skip
        detail = "stocks are foreseen against the market, not the market"
        parts = [
            {"source": "ai", "view": VIEWS[signal["signal"]], "confidence": signal["confidence"], "weight": 1.0,
             "reliability": 0.5, "as_of": ai["as_of"], "age_sessions": 0, "used": True,
             "reason": "states"},
            {"source": "llm", "view": None, "confidence": None, "weight": 0.0, "reliability": 0.0,
             "as_of": ai["as_of"], "age_sessions": 0, "used": False, "reason": "template"},
        ]  # fmt: skip
        return {
            "symbol": stock.symbol, "event_time": f"{ai['as_of']}T08:30:00Z", "as_of": ai["as_of"],
            "close": ai["close"], "signal": signal["signal"] if modelled else None,
            "confidence": signal["confidence"] if modelled else None,
            "withheld": None if modelled else {"reason": "index_not_modelled", "detail": detail},
            "simulated": self.world.simulated, "provisional": self.world.provisional, "ai": ai, "llm": None,
            "calibrated": True, "agreement": "none", "parts": parts if modelled else [],
            "proven_skill": False if modelled else None, "freshness": self.freshness(),
        }  # fmt: skip

    def prices(self, stock: Stock, adjusted: bool, interval: str, limit: int) -> dict:
        own = stock.bars
        prices = own.adjusted_prices() if adjusted else own
        groups: dict[str, list[int]] = collections.defaultdict(list)
        for at, date in enumerate(own.dates):
            groups[_begin(date.item(), interval)].append(at)
        bars = [
            {
                "time": time, "open": stock.price(prices.open[at[0]]), "high": stock.price(prices.high[at].max()),
                "low": stock.price(prices.low[at].min()), "close": stock.price(prices.close[at[-1]]),
                "adjusted_close": stock.price(own.adjusted_close[at[-1]]), "volume": round(float(own.volume[at].sum())),
                "provisional": self.world.provisional, "basis": "adjusted" if adjusted else "raw",
            }
            for time, at in groups.items()
        ]  # fmt: skip
        basis = "adjusted" if adjusted else "raw"
        return {
            "symbol": stock.symbol, "interval": interval, "prices": basis, "bars": bars[-limit:],
            "next_cursor": None, "freshness": self.freshness(),
        }  # fmt: skip

    def history(self, stock: Stock, names: list[str], limit: int) -> dict:
        series = {
            name: [_rounded(float(value), _ROUND) for value in stock.values[name.replace(":", "_")][-limit:]]
            for name in names
        }
        dates = [str(date) for date in stock.bars.dates[-limit:]]
        return {"symbol": stock.symbol, "adjusted": True, "dates": dates, "series": series}

    def catalogue(self) -> dict:
        listed = [
            {"name": one.name, "family": one.family.value, "unit": one.unit, "description": one.description,
             "warm_up": one.warm_up, "parameters": []}
            for one in INDICATORS
        ]  # fmt: skip
        period = {"name": "period", "default": 14, "min": 2, "max": 200}
        listed.append({"name": "rsi", "family": "momentum", "unit": "0..100", "warm_up": 15, "parameters": [period],
                       "description": "Relative strength index of any period"})  # fmt: skip
        return {"indicators": listed, "freshness": self.freshness()}

    def rows(self) -> list[dict]:
        return [self.row(stock) for stock in self.listed]

    def overview(self) -> dict:
        rows = self.rows()
        counts = collections.Counter(row["signal"] for row in rows)
        index = self.stocks["VNINDEX"]
        ranked = sorted((row for row in rows if row["signal"] in ("BUY", "SELL")), key=lambda row: -row["confidence"])
        return {
            "symbols": len(rows) + 1, "signals": {name: counts[name] for name in SIGNALS},
            "withheld": {"index_not_modelled": 1, "insufficient_history": 3}, "pending": len(self.world.pending),
            "breadth": self.breadth(), "top": ranked[:10], "freshness": self.freshness(),
            "vnindex": {"symbol": "VNINDEX", "as_of": str(index.bars.dates[-1]),
                        "close": index.price(index.bars.close[-1]), "previous_close": index.price(index.bars.close[-2]),
                        "change_percent": _rounded(index.newest("roc_1"), 2)},
        }  # fmt: skip

    def breadth(self) -> dict:
        moves = [row["change_percent"] or 0 for row in self.rows()]

        def above(name: str) -> float:
            return round(100 * float(np.mean([s.bars.close[-1] > s.values[name][-1] for s in self.listed])), 1)

        highs = [stock.newest("position_52w") or 0 for stock in self.listed]
        return {
            "session": self.last, "advancers": sum(move > 0 for move in moves),
            "decliners": sum(move < 0 for move in moves), "unchanged": sum(move == 0 for move in moves),
            "not_compared": 0, "above_sma_50_percent": above("sma_50"), "above_sma_200_percent": above("sma_200"),
            "new_highs": sum(high >= 1 for high in highs), "new_lows": sum(high <= 0 for high in highs),
            "freshness": self.freshness(),
        }  # fmt: skip

    def sectors(self) -> dict:
        groups: dict[str, list[dict]] = collections.defaultdict(list)
        for row in self.rows():
            groups[row["sector"]].append(row)
        listed = [
            {
                "sector": sector, "stocks": len(rows),
                "advancers": sum((row["change_percent"] or 0) > 0 for row in rows),
                "decliners": sum((row["change_percent"] or 0) < 0 for row in rows),
                "unchanged": sum(row["change_percent"] == 0 for row in rows),
                "change_percent": round(float(np.mean([row["change_percent"] or 0 for row in rows])), 2),
                "traded_value": sum(row["traded_value"] for row in rows),
                **{name.lower(): sum(row["signal"] == name for row in rows) for name in SIGNALS},
            }
            for sector, rows in groups.items() if sector
        ]  # fmt: skip
        return {"sectors": listed, "freshness": self.freshness()}

    def record(self) -> dict:
        return {**self._record, "simulated": self.world.simulated, "freshness": self.freshness()}

    def symbol_record(self, stock: Stock, limit: int) -> dict:
        signals = [] if stock.index else list(reversed(stock.signals))
        return {
            "symbol": stock.symbol, "issued": len(signals), "overall": tallies(signals), "late": tallies([]),
            "signals": signals[:limit], "next_cursor": None, "disclaimers": [], "freshness": self.freshness(),
        }  # fmt: skip

    def _make_record(self) -> dict:
        every = [signal for stock in self.listed for signal in stock.signals]
        edges = [0.33, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 1.0]
        months = sorted({signal["as_of"][:7] for signal in every})
        disclaimer = "Returns are before cost. The past foretells nothing; this is no investment advice."
        buckets = itertools.pairwise(edges)
        return {
            "generated_at": f"{self.last}T09:00:00Z", "first": min(one["as_of"] for one in every), "last": self.last,
            "overall": tallies(every), "late": tallies([]), "disclaimers": [disclaimer],
            "by_model": [{**tallies(every), **MODEL}],
            "by_signal": [{"signal": name, **tallies([s for s in every if s["signal"] == name])} for name in SIGNALS],
            "by_confidence": [
                {"at_least": low, "below": high, **tallies([s for s in every if low <= s["confidence"] < high])}
                for low, high in buckets
            ],
            "by_month": [
                {"month": month, **tallies([s for s in every if s["as_of"].startswith(month)])} for month in months
            ],
        }  # fmt: skip

    def quality(self, symbol: str | None) -> dict:
        counts = {
            "generated_at": f"{self.last}T08:40:00Z", "bars": 61_204, "first": "2023-07-20", "last": self.last,
            "sessions_expected": 61_390, "completeness": 0.99697, "quarantined": {"non_positive_price": 42,
            "low_above_body": 16}, "warnings": {"price_limit": 118, "tick": 64, "volume_spike": 31}, "gaps": [],
            "sessions_behind": 0, "source": "csv", "provisional": False, "simulated": self.world.simulated,
        }  # fmt: skip
        if symbol:
            return {"market": None, "symbol": {**counts, "symbol": symbol, "corporate_actions": [
                {"symbol": symbol, "date": "2025-06-12", "factor": 0.87, "kind": "stock"}]},
                "freshness": self.freshness()}  # fmt: skip
        least = [{"symbol": s.symbol, "completeness": 0.95 + n / 500, "sessions_behind": 0, "warnings": 20 - n}
                 for n, s in enumerate(self.listed[:12])]  # fmt: skip
        odd = [{"date": "2025-02-03", "symbols": 0, "listed": 120}]
        return {"market": {**counts, "symbols": 121, "symbols_with_gaps": 9, "symbols_behind": 2,
            "corporate_actions": 164, "readjustments": 3, "crosschecked": 30, "disagreeing": 1, "thin_sessions": odd,
            "unexpected_sessions": [], "least_complete": least}, "symbol": None,
            "freshness": self.freshness()}  # fmt: skip


def _begin(date: dt.date, interval: str) -> str:
    if interval == "1W":
        return str(date - dt.timedelta(days=date.weekday()))
    return str(date.replace(day=1)) if interval == "1M" else str(date)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None or not np.isfinite(value) else round(value, digits)
