"""How far the data can be trusted, and what the market does at this moment."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Final

from functions.llm_analysis.facts_of.table import Table, percent
from stock_ai.market.calendar import exchange_date
from stock_ai.market.trading_calendar import Exchange, TradingCalendar, sessions_behind
from stock_ai.models.analysis import AiAnalysis
from stock_ai.quality.report import SymbolQuality

_RECENT: Final = dt.timedelta(days=30)


def quality_facts(table: Table, ai: AiAnalysis, quality: SymbolQuality | None) -> None:
    """Add source, length and completeness of the history, and what was odd about its newest bars."""
    table.word("source", "Source of the prices", ai.source)
    table.count("bars", "Daily bars in the history", ai.bars, "bars")
    if quality is None:
        return
    table.number("quality.completeness", "Sessions that have a bar", percent(quality.completeness), "%")
    dates: defaultdict[str, list[dt.date]] = defaultdict(list)
    for warning in quality.latest_warnings:
        if ai.as_of - _RECENT < warning.date <= ai.as_of:
            dates[warning.kind].append(warning.date)
    for kind, found in sorted(dates.items()):
        words = f"Odd bars of late: {kind.replace('_', ' ')}"
        table.count(f"quality.warning.{kind}", words, len(found), "bars", max(found))


def market_facts(
    table: Table, ai: AiAnalysis, exchange: Exchange | None, calendar: TradingCalendar, now: dt.datetime
) -> None:
    """Add the phase of the session at `now` (aware), the age of the facts, and what is not final or not real.

    Where the exchange is not known the hours are those of HOSE.
    """
    today = exchange_date(now)
    phase = calendar.phase(exchange or Exchange.HOSE, now)
    table.word("phase", "What the exchange does at this moment", phase.replace("_", " "), date=today)
    behind = sessions_behind(ai.as_of, calendar, now)
    table.count("quality.sessions_behind", "Closed sessions after the last bar", behind, "sessions", today)
    if ai.provisional:
        table.word("provisional", "The session still runs: its close is not final", "yes")
    if ai.simulated:
        table.word("simulated", "The data are simulated and come from no real market", "yes")
