"""What came of the signals of a day, on the adjusted closes of all stocks."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from stock_ai.indicators import Panel
from stock_ai.indicators.panel import Dates, Floats, sound_prices
from stock_ai.market.symbols import is_index
from stock_ai.ml.cross_section import MIN_CROSS_SECTION, locate, sessions
from stock_ai.models.analysis import ModelRef
from stock_ai.track_record.days import Day, Entry, Score, timely
from stock_ai.track_record.records import HORIZONS, Outcome, OutcomeStatus, direction_hit, hit, signal_id

PATIENCE: Final = 10
"""Sessions after the exit during which a price that is missing is waited for."""
RECHECKED: Final = 20
"""Sessions after the last exit of a day during which its outcomes are computed again, to find corrected prices."""
_GRID = 10.0
"""VND to which sources round an adjusted close. When a history is adjusted again, each price moves by up to that."""


@dataclass(frozen=True, slots=True, eq=False)
class _Span:
    """All stocks from one session to another: their returns, the mean, and what rounding can change of both."""

    entry: dt.date
    exit: dt.date
    entry_prices: list[float]
    exit_prices: list[float]
    returns: list[float]
    rounding: list[float]
    market: float
    market_rounding: float


class Closes:
    """Adjusted closes of the stocks of one world at the market's sessions, final bars only."""

    def __init__(self, panel: Panel, simulated: bool, since: dt.date) -> None:
        """Of the sessions from `since` on; indices and the other world's symbols are left out."""
        chosen = [bars for bars in panel.final() if bars.simulated is simulated and not is_index(bars.symbol)]
        first = [int(np.searchsorted(bars.dates, np.datetime64(since))) for bars in chosen]
        dates = [bars.dates[start:] for bars, start in zip(chosen, first, strict=True)]
        self._days: Dates = sessions(np.concatenate(dates)) if dates else np.empty(0, dtype="datetime64[D]")
        self._column = {bars.symbol: column for column, bars in enumerate(chosen)}
        self._closes: Floats = np.full((len(self._days), len(chosen)), np.nan)
        self._since = np.datetime64(since)
        self._reaches_back = any(start for start in first)
        for column, (bars, start) in enumerate(zip(chosen, first, strict=True)):
            prices = bars.adjusted_prices().close
            where = locate(bars.dates[start:], self._days)
            use = (where >= 0) & sound_prices(prices[start:])
            self._closes[where[use], column] = prices[start:][use]

    def entry(self, as_of: dt.date) -> int | None:
        """Position of the first session after `as_of`; None while there is none, or where the panel starts later."""
        day = np.datetime64(as_of)
        if day < self._since or not len(self._days) or (not self._reaches_back and day < self._days[0]):
            return None
        place = int(np.searchsorted(self._days, day, side="right"))
        return place if place < len(self._days) else None

    def date(self, place: int) -> dt.date:
        """The session at a position."""
        found: dt.date = self._days[place].item()
        return found

    def after(self, place: int) -> int:
        """How many sessions there are after that at a position; negative where it has not come yet."""
        return len(self._days) - 1 - place

    def column(self, symbol: str) -> int | None:
        """The place of a symbol in the lists of a span."""
        return self._column.get(symbol)

    def span(self, entry: int, horizon: int) -> _Span:
        """From the session at `entry` to that `horizon` sessions later, which must have been."""
        before, after = self._closes[entry], self._closes[entry + horizon]
        returns = after / before - 1
        rounding = _GRID / before + _GRID / after
        known = np.isfinite(returns)
        enough = int(known.sum()) >= MIN_CROSS_SECTION
        return _Span(
            entry=self.date(entry),
            exit=self.date(entry + horizon),
            entry_prices=before.tolist(),
            exit_prices=after.tolist(),
            returns=returns.tolist(),
            rounding=rounding.tolist(),
            market=float(returns[known].mean()) if enough else math.nan,
            market_rounding=float(rounding[known].mean()) if enough else math.nan,
        )


@dataclass(frozen=True, slots=True)
class ScoredDay:
    """A day after a pass: with its new scores, the rows to add, and whether it needs no other pass."""

    day: Day
    outcomes: tuple[Outcome, ...]
    closed: bool


def score_day(day: Day, closes: Closes, now: dt.datetime) -> ScoredDay:
    """Score what is due of a day, and score again what was: a result that differs beyond rounding is a new revision.

    A signal is entered at the adjusted close of the market's first session after it, as the label is, and left h
    sessions later. A stock without a price there is waited for `PATIENCE` sessions, then it has no outcome for good
    unless the price comes while the day is still open. A price that was there once is not taken back.
    """
    entry = closes.entry(day.as_of)
    if entry is None:
        return ScoredDay(day, (), closed=False)
    scores = [dict(one.scores) for one in day.entries]
    outcomes: list[Outcome] = []
    for horizon in HORIZONS:
        waited = closes.after(entry + horizon)
        if waited < 0:
            break
        span = closes.span(entry, horizon)
        for one, newest in zip(day.entries, scores, strict=True):
            known = newest.get(horizon)
            column = closes.column(one.symbol)
            found = _score(span, column, known)
            if known is None:
                if found.status is OutcomeStatus.NO_PRICE and waited < PATIENCE:
                    continue
            elif not _differs(found, known, span, column):
                continue
            newest[horizon] = found
            outcomes.append(_outcome(day, one, horizon, found, span, column, now))
    entries = tuple(replace(one, scores=own) for one, own in zip(day.entries, scores, strict=True))
    scored = replace(day, entries=entries) if outcomes else day
    closed = scored.complete and closes.after(entry + HORIZONS[-1]) >= RECHECKED
    return ScoredDay(scored, tuple(outcomes), closed)


def _score(span: _Span, column: int | None, known: Score | None) -> Score:
    revision = 1 if known is None else known.revision + 1
    stock = math.nan if column is None else span.returns[column]
    if math.isnan(stock):
        return Score(revision, OutcomeStatus.NO_PRICE, span.entry, span.exit, None, None)
    if math.isnan(span.market):
        return Score(revision, OutcomeStatus.NO_MARKET, span.entry, span.exit, stock, None)
    return Score(revision, OutcomeStatus.SCORED, span.entry, span.exit, stock, span.market)


def _differs(found: Score, known: Score, span: _Span, column: int | None) -> bool:
    """Whether a score is another one than was known, beyond what rounding makes of prices that are adjusted again."""
    if found.status is OutcomeStatus.NO_PRICE and known.status is not OutcomeStatus.NO_PRICE:
        return False
    if (found.status, found.entry, found.exit) != (known.status, known.entry, known.exit):
        return True
    return (column is not None and _apart(found.stock_return, known.stock_return, span.rounding[column])) or _apart(
        found.market_return, known.market_return, span.market_rounding
    )


def _apart(one: float | None, other: float | None, rounding: float) -> bool:
    return one is not None and other is not None and abs(one - other) > rounding


def _outcome(
    day: Day, one: Entry, horizon: int, score: Score, span: _Span, column: int | None, now: dt.datetime
) -> Outcome:
    model: ModelRef = day.models[one.model]
    excess = score.excess
    return Outcome(
        signal_id=signal_id(one.symbol, day.as_of, model.version),
        symbol=one.symbol,
        as_of=day.as_of,
        simulated=day.simulated,
        horizon=horizon,
        revision=score.revision,
        scored_at=now,
        status=score.status,
        entry_date=score.entry,
        exit_date=score.exit,
        entry_price=_price(span.entry_prices, column),
        exit_price=_price(span.exit_prices, column),
        stock_return=score.stock_return,
        market_return=score.market_return,
        excess=excess,
        hit=None if excess is None else hit(one.signal, excess, one.band, horizon),
        direction_hit=None if excess is None else direction_hit(one.signal, excess),
        timely=timely(one.issued_at, model, day.as_of, score.entry),
    )


def _price(prices: list[float], column: int | None) -> float | None:
    return None if column is None or math.isnan(prices[column]) else prices[column]
