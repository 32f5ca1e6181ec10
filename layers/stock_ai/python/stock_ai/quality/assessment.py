"""From stored bars to a `QualityReport`."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from stock_ai.clock import Clock
from stock_ai.errors import NotFoundError
from stock_ai.market.trading_calendar import TradingCalendar, sessions_behind
from stock_ai.models.base import SIMULATED
from stock_ai.quality.actions import corporate_actions
from stock_ai.quality.columns import DailyBars, Dates
from stock_ai.quality.gaps import Attendance, attendance
from stock_ai.quality.report import (
    Background,
    MarketQuality,
    QualityReport,
    Readjustment,
    SetAside,
    SymbolBrief,
    SymbolQuality,
    WarningKind,
)
from stock_ai.quality.soft import flags, warnings

LATEST_WARNINGS = 50
LEAST_COMPLETE = 20
_NO_BACKGROUND = Background()


def assess(
    panel: Iterable[DailyBars],
    quarantined: Iterable[SetAside],
    calendar: TradingCalendar,
    clock: Clock,
    background: Background = _NO_BACKGROUND,
) -> QualityReport:
    """How right the daily bars of `panel` are.

    Args:
        panel: all symbols, each with at least one bar: one symbol alone cannot tell a gap of its own from the market's.
        quarantined: all records set aside. A session whose bar is among them is incomplete, but no gap.
        calendar: the sessions to be expected.
        clock: tells which sessions have closed.
        background: what is known beside the bars.

    Raises:
        NotFoundError: there are no bars.
    """
    symbols = sorted(panel, key=lambda bars: bars.symbol)
    if not symbols:
        raise NotFoundError("no daily bars are stored")
    reasons: defaultdict[str, Counter[str]] = defaultdict(Counter)
    dates: defaultdict[str, list[dt.date]] = defaultdict(list)
    for symbol, date, reason in quarantined:
        reasons[symbol][reason] += 1
        if date is not None:
            dates[symbol].append(date)
    answered = {bars.symbol: _answered(bars.dates, dates[bars.symbol]) for bars in symbols}
    readjusted: defaultdict[str, list[Readjustment]] = defaultdict(list)
    for event in background.readjustments:
        readjusted[event.symbol].insert(0, event)
    seen = attendance(answered, calendar)
    now = clock()
    told: list[SymbolQuality] = []
    for bars in symbols:
        found = flags(bars, seen.sessions, background.exchanges.get(bars.symbol))
        expected, present = seen.expected(bars.dates)
        last: dt.date = bars.dates[-1].item()
        told.append(
            SymbolQuality(
                generated_at=now,
                symbol=bars.symbol,
                bars=len(bars),
                first=bars.dates[0].item(),
                last=last,
                sessions_expected=expected,
                completeness=_share(present, expected),
                gaps=seen.gaps(answered[bars.symbol]),
                quarantined=dict(sorted(reasons[bars.symbol].items())),
                warnings=_ordered({one.kind: len(one) for one in found}),
                latest_warnings=tuple(warnings(bars, found, LATEST_WARNINGS)),
                corporate_actions=tuple(corporate_actions(bars)),
                exchange=background.exchanges.get(bars.symbol),
                readjustments=tuple(readjusted[bars.symbol]),
                crosscheck=background.crosschecks.get(bars.symbol),
                sessions_behind=sessions_behind(last, calendar, now),
                source=bars.source,
                provisional=bars.provisional,
                simulated=bars.source == SIMULATED,
            )
        )
    return QualityReport(market=_market(told, seen, sum(reasons.values(), Counter()), now), symbols=tuple(told))


def _answered(stored: Dates, set_aside: list[dt.date]) -> Dates:
    """The dates of which the source gave a bar, sound or not, from the first stored one to the last."""
    if not set_aside:
        return stored
    dates = np.union1d(stored, np.array(set_aside, dtype="datetime64[D]"))
    inside: Dates = dates[(dates >= stored[0]) & (dates <= stored[-1])]
    return inside


def _market(
    symbols: list[SymbolQuality], seen: Attendance, quarantined: Mapping[str, int], now: dt.datetime
) -> MarketQuality:
    last = max(one.last for one in symbols)
    newest = [one for one in symbols if one.last == last]
    sources = {one.source for one in symbols}
    kinds: Counter[WarningKind] = Counter()
    for one in symbols:
        kinds.update(one.warnings)
    expected = sum(one.sessions_expected for one in symbols)
    worst = sorted(symbols, key=lambda one: (one.completeness, one.symbol))[:LEAST_COMPLETE]
    return MarketQuality(
        generated_at=now,
        symbols=len(symbols),
        bars=sum(one.bars for one in symbols),
        first=min(one.first for one in symbols),
        last=last,
        sessions_expected=expected,
        completeness=_share(sum(one.completeness * one.sessions_expected for one in symbols), expected),
        gaps=seen.market_gaps(),
        thin_sessions=seen.thin_sessions(),
        unexpected_sessions=seen.unexpected,
        symbols_with_gaps=sum(bool(one.gaps) for one in symbols),
        symbols_behind=len(symbols) - len(newest),
        quarantined=dict(sorted(quarantined.items())),
        warnings=_ordered(kinds),
        corporate_actions=sum(len(one.corporate_actions) for one in symbols),
        readjustments=sum(len(one.readjustments) for one in symbols),
        crosschecked=sum(one.crosscheck is not None for one in symbols),
        disagreeing=sum(one.crosscheck is not None and bool(one.crosscheck.differences) for one in symbols),
        sessions_behind=min(one.sessions_behind for one in symbols),
        source=sources.pop() if len(sources) == 1 else None,
        provisional=any(one.provisional for one in newest),
        simulated=any(one.simulated for one in symbols),
        least_complete=tuple(
            SymbolBrief(
                symbol=one.symbol,
                completeness=one.completeness,
                sessions_behind=one.sessions_behind,
                warnings=sum(one.warnings.values()),
            )
            for one in worst
        ),
    )


def _ordered(counts: Mapping[WarningKind, int]) -> dict[WarningKind, int]:
    return {kind: counts[kind] for kind in WarningKind if kind in counts}


def _share(present: float, expected: int) -> float:
    """Rounded to a millionth; 1 where nothing was expected, as for a single bar on a closed day."""
    return round(present / expected, 6) if expected else 1.0
