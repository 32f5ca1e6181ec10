"""Gathers the facts about one symbol from our own stores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from functions.llm_analysis.facts import FactSheet
from functions.llm_analysis.facts_of import prices
from functions.llm_analysis.facts_of.indicators import indicator_facts
from functions.llm_analysis.facts_of.quality import market_facts, quality_facts
from functions.llm_analysis.facts_of.signal import signal_facts
from functions.llm_analysis.facts_of.table import Table
from functions.llm_analysis.facts_of.track import DAYS, track_facts
from stock_ai.clock import Clock
from stock_ai.errors import NotFoundError
from stock_ai.market.trading_calendar import TradingCalendar
from stock_ai.models.analysis import AiAnalysis
from stock_ai.models.base import Interval
from stock_ai.ports.analyses import InsightStore
from stock_ai.ports.prices import PriceStore
from stock_ai.quality.report import SymbolQuality
from stock_ai.track_record.record import TrackRecord
from stock_ai.track_record.records import Outcome


class QualityReader(Protocol):
    """The newest quality report."""

    def symbol(self, symbol: str) -> SymbolQuality | None:
        """The quality of one symbol; None where no report tells of it."""


class TallyReader(Protocol):
    """The tallies of all signals."""

    def record(self) -> TrackRecord | None:
        """The newest ones; None before the first."""


class OutcomeReader(Protocol):
    """What has become of signals."""

    def recent(self, symbol: str, since: dt.date) -> Sequence[Outcome]:
        """The outcome rows of the symbol's signals of `since` and later, in any order."""


class Context:
    """Builds fact sheets. A few small reads: one insight from Redis, four documents or short ranges from MongoDB."""

    def __init__(
        self,
        insights: InsightStore,
        bars: PriceStore,
        quality: QualityReader,
        tallies: TallyReader,
        outcomes: OutcomeReader,
        calendar: TradingCalendar,
        clock: Clock,
    ) -> None:
        self._insights = insights
        self._bars = bars
        self._quality = quality
        self._tallies = tallies
        self._outcomes = outcomes
        self._calendar = calendar
        self._clock = clock

    def sheet(self, symbol: str) -> FactSheet:
        """The facts about `symbol` at the session of its current analysis; what no store knows is left out.

        Raises:
            NotFoundError: the symbol has not been analysed.
            RetryableError: Redis or MongoDB is away.
        """
        insight = self._insights.get(symbol)
        if insight is None or insight.ai is None:
            raise NotFoundError(f"symbol {symbol} has no analysis to explain")
        ai = insight.ai
        return FactSheet(
            symbol=symbol,
            as_of=ai.as_of,
            analysis_id=ai.analysis_id,
            close=ai.close,
            simulated=ai.simulated,
            facts=tuple(self._table(ai).facts),
        )

    def _table(self, ai: AiAnalysis) -> Table:
        bars = self._bars.bars(ai.symbol, Interval.DAY, None, ai.as_of, prices.SESSIONS)
        if bars and bars[-1].time != ai.as_of:
            # Not the bars that were analysed.
            bars = []
        quality = self._quality.symbol(ai.symbol)
        since = ai.as_of - dt.timedelta(days=DAYS)
        table = Table(ai.symbol, ai.as_of)
        prices.price_facts(table, ai, bars)
        signal_facts(table, ai)
        indicator_facts(table, ai)
        prices.level_facts(table, ai, bars)
        track_facts(table, self._outcomes.recent(ai.symbol, since), self._tallies.record(), ai.simulated)
        quality_facts(table, ai, quality)
        market_facts(table, ai, quality.exchange if quality else None, self._calendar, self._clock())
        return table
