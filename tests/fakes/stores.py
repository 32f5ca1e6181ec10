"""The stores in memory, with the behaviour the ports promise. `down` makes every call fail as an absent server does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from stock_ai.errors import RetryableError
from stock_ai.market.calendar import exchange_date
from stock_ai.market_view import row
from stock_ai.merging import history_members, history_page, merge, newest
from stock_ai.models.analysis import AiAnalysis
from stock_ai.models.base import Interval
from stock_ai.models.insight import HistoryPage, HistoryPosition, Insight
from stock_ai.models.llm import LlmAnalysis
from stock_ai.models.market_view import MarketRows
from stock_ai.models.price import StockPrice
from stock_ai.ports.prices import QuarantinedRecord, StoreCounts, SymbolInfo


@dataclass
class _Store:
    down: bool = False

    def _reach(self) -> None:
        if self.down:
            raise RetryableError("store is away")


def _trading_date(bar: StockPrice) -> dt.date:
    return exchange_date(bar.time) if isinstance(bar.time, dt.datetime) else bar.time


@dataclass
class MemoryPriceStore(_Store):
    """Implements `stock_ai.ports.PriceStore`."""

    kept: dict[tuple[str, Interval, dt.date], StockPrice] = field(default_factory=dict)

    def upsert(self, bars: Sequence[StockPrice]) -> StoreCounts:
        self._reach()
        before = dict(self.kept)
        for bar in bars:
            identity = bar.symbol, bar.interval, bar.time
            known = self.kept.get(identity)
            if known is None or (known.ingested_at, known.event_id) < (bar.ingested_at, bar.event_id):
                self.kept[identity] = bar
        stored = sum(
            identity not in before or before[identity].event_id != bar.event_id for identity, bar in self.kept.items()
        )
        return StoreCounts(stored, len(bars) - stored)

    def symbols(self) -> Sequence[SymbolInfo]:
        self._reach()
        dates: dict[str, list[dt.date]] = {}
        for symbol, interval, time in self.kept:
            if interval is Interval.DAY:
                dates.setdefault(symbol, []).append(time)
        return [SymbolInfo(symbol, min(times), max(times)) for symbol, times in sorted(dates.items())]

    def symbol(self, symbol: str) -> SymbolInfo | None:
        return next((info for info in self.symbols() if info.symbol == symbol), None)

    def bars(
        self, symbol: str, interval: Interval, since: dt.date | None, until: dt.date | None, limit: int
    ) -> Sequence[StockPrice]:
        self._reach()
        found = [
            bar
            for bar in self.kept.values()
            if (bar.symbol, bar.interval) == (symbol, interval)
            and (since or dt.date.min) <= _trading_date(bar) <= (until or dt.date.max)
        ]
        return sorted(found, key=lambda bar: bar.time)[-limit:]


@dataclass
class MemoryQuarantine(_Store):
    """Implements `stock_ai.ports.QuarantineStore`."""

    kept: dict[str, QuarantinedRecord] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)

    def known(self, record_ids: Sequence[str]) -> set[str]:
        self._reach()
        return set(record_ids) & set(self.kept)

    def add(self, records: Sequence[QuarantinedRecord]) -> None:
        self._reach()
        for record in records:
            self.kept.setdefault(record.record_id, record)

    def let_through(self, record_ids: Sequence[str], at: dt.datetime) -> None:
        self._reach()
        self.released |= set(record_ids) & set(self.kept)


@dataclass
class MemoryAnalysisStore(_Store):
    """Implements `stock_ai.ports.AnalysisStore`: each id as first made and as last made."""

    kept: dict[str, list[AiAnalysis | LlmAnalysis]] = field(default_factory=dict)

    def add(self, analyses: Sequence[AiAnalysis | LlmAnalysis]) -> None:
        self._reach()
        for analysis in analyses:
            made = sorted([*self.kept.get(analysis.analysis_id, []), analysis], key=lambda each: each.event_time)
            self.kept[analysis.analysis_id] = made[:1] if made[0] == made[-1] else [made[0], made[-1]]

    def all(self) -> Iterator[AiAnalysis | LlmAnalysis]:
        self._reach()
        made = [analysis for both in self.kept.values() for analysis in both]
        yield from sorted(made, key=lambda each: (each.symbol, each.event_time, each.analysis_id))

    def count(self) -> int:
        self._reach()
        return len(self.kept)


@dataclass
class MemoryInsightStore(_Store):
    """Implements `stock_ai.ports.InsightStore` and `stock_ai.ports.MarketReader`."""

    insights: dict[str, Insight] = field(default_factory=dict)
    histories: dict[str, dict[bytes, int]] = field(default_factory=dict)

    def apply(self, analyses: Iterable[AiAnalysis | LlmAnalysis]) -> int:
        self._reach()
        before = dict(self.insights)
        for analysis in analyses:
            self.insights[analysis.symbol] = merge(self.insights.get(analysis.symbol), analysis)
            history = self.histories.setdefault(analysis.symbol, {})
            for member, score in history_members([analysis]).items():
                history[member] = min(score, history.get(member, score))
            self.histories[analysis.symbol] = newest(history)
        return sum(before.get(symbol) != insight for symbol, insight in self.insights.items())

    def rebuild(self, analyses: Iterable[AiAnalysis | LlmAnalysis]) -> int:
        self.insights.clear()
        self.histories.clear()
        return self.apply(analyses)

    def get(self, symbol: str) -> Insight | None:
        self._reach()
        return self.insights.get(symbol)

    def get_many(self, symbols: Sequence[str]) -> dict[str, Insight]:
        self._reach()
        return {symbol: self.insights[symbol] for symbol in symbols if symbol in self.insights}

    def history(self, symbol: str, limit: int, before: HistoryPosition | None = None) -> HistoryPage:
        self._reach()
        return history_page(self.histories.get(symbol, {}), limit, before)

    def rows(self) -> MarketRows:
        self._reach()
        return MarketRows(None, tuple(row(self.insights[symbol]) for symbol in sorted(self.insights)))
