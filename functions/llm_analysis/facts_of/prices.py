"""Close, returns, volume and price levels.

Only `close` is a price as traded. Whatever spans sessions is on adjusted prices in the terms of that close: each bar is
multiplied by its own adjusted / close and divided by that of the newest bar, which is 1 where the source has adjusted
up to today. Where the history has no adjusted prices all are as traded, and the fact `adjusted` says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from functions.llm_analysis.facts_of.table import Table
from stock_ai.models.analysis import AiAnalysis
from stock_ai.models.base import PriceBasis
from stock_ai.models.price import StockPrice

SESSIONS: Final = 20
"""Bars that are needed: the window of the nearer levels. The session before is among them."""


@dataclass(frozen=True, slots=True)
class _Bar:
    high: float | None
    low: float | None
    close: float | None


def price_facts(table: Table, ai: AiAnalysis, bars: Sequence[StockPrice]) -> None:
    """Add close, changes and volume. `bars` are the newest daily bars, oldest first; the last one, where there is any,
    is of the session of `ai`.
    """
    known = ai.indicators
    table.price("close", "Last close as traded", float(ai.close))
    if len(bars) > 1:
        table.price("previous_close", "Close of the session before", _in_todays_terms(bars, ai.adjusted)[-2].close)
    for period in (1, 5, 20, 60):
        sessions = "the session before" if period == 1 else f"{period} sessions before"
        table.signed(f"return_{period}", f"Change of the close against {sessions}", known.get(f"roc_{period}"))
    # While a session runs its bar may be newer than the analysis.
    if bars and bars[-1].close == ai.close:
        table.count("volume", "Shares traded in the session", bars[-1].volume, "shares")
    table.word(
        "adjusted",
        "Changes, averages and levels are adjusted for dividends and splits, in the terms of the last close",
        "yes" if ai.adjusted else "no",
    )


def level_facts(table: Table, ai: AiAnalysis, bars: Sequence[StockPrice]) -> None:
    """Add lows, highs and averages as price levels, with the distance of the close from the averages.

    `bars` as in `price_facts`. Without a bar nobody knows in which terms the averages are, so they are left out.
    """
    known, close = ai.indicators, float(ai.close)
    own = _in_todays_terms(bars[-SESSIONS:], ai.adjusted)
    lows, highs = [bar.low for bar in own if bar.low is not None], [bar.high for bar in own if bar.high is not None]
    # The windows of 252 sessions are in the indicators already; a ratio holds in any terms.
    lowest, highest = _away(close, known.get("distance_low_52w")), _away(close, known.get("distance_high_52w"))
    table.price("level.low_20", f"Low of {SESSIONS} sessions", min(lows) if len(lows) == SESSIONS else None)
    table.price("level.high_20", f"High of {SESSIONS} sessions", max(highs) if len(highs) == SESSIONS else None)
    table.price("level.low_52w", "Low of 52 weeks", lowest)
    table.price("level.high_52w", "High of 52 weeks", highest)
    factor = _factor(bars[-1], ai.adjusted) if bars else None
    for period in (20, 50, 200):
        average = known.get(f"sma_{period}")
        if average is None or factor is None:
            continue
        average /= factor
        table.signed(
            f"versus_sma_{period}", f"Close above or below its {period}-session average", 100 * (close / average - 1)
        )
        if period > SESSIONS:
            table.price(f"level.sma_{period}", f"Average close of {period} sessions", average)


def _away(close: float, distance: float | None) -> float | None:
    """The level from which the close is `distance` percent away."""
    return None if distance is None else close / (1 + distance / 100)


def _in_todays_terms(bars: Sequence[StockPrice], on_adjusted: bool) -> list[_Bar]:
    today = _factor(bars[-1], on_adjusted) if bars else None
    return [_scaled(bar, _factor(bar, on_adjusted), today) for bar in bars]


def _scaled(bar: StockPrice, factor: float | None, today: float | None) -> _Bar:
    if factor is None or today is None:
        return _Bar(None, None, None)
    return _Bar(*(None if price is None else float(price) * factor / today for price in (bar.high, bar.low, bar.close)))


def _factor(bar: StockPrice, on_adjusted: bool) -> float | None:
    """What turns prices of `bar` into adjusted ones; None where it is not known."""
    if not on_adjusted or bar.basis is PriceBasis.ADJUSTED:
        return 1.0
    return float(bar.adjusted_close) / float(bar.close) if bar.adjusted_close and bar.close else None
