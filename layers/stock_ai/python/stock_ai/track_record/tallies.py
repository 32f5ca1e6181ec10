"""How often signals came true: sums per trading date, and the tallies of any number of them."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

from stock_ai.models.analysis import Signal
from stock_ai.track_record.days import Day, DayKey, Score, day_of, timely
from stock_ai.track_record.record import (
    ConfidenceTallies,
    ModelTallies,
    MonthTallies,
    SignalTallies,
    Tallies,
    Tally,
    TrackRecord,
)
from stock_ai.track_record.records import HORIZONS, IssuedSignal, Outcome, OutcomeStatus, direction_hit, hit

BUCKETS: Final = 20
"""Confidence buckets of equal width, 0.05: those of three classes lie close together."""
_LEAST_SESSIONS = 20
"""Sessions with outcomes that an interval needs, and three times the horizon."""
_Z = 1.959964
"""97.5 % quantile of the normal distribution."""

_Key = TypeVar("_Key", bound=Hashable)


class Cell(NamedTuple):
    """Sums over the signals of one date that agree in model, signal, confidence bucket and timeliness, at one horizon.

    Rates and means are of the `scored` ones. `hits` and `direction_hits` of `directed` are counts.
    """

    name: str
    version: str
    proven_skill: bool
    signal: str
    bucket: int
    timely: bool
    horizon: int
    signals: int
    pending: int
    unscored: int
    scored: int
    hits: int
    directed: int
    direction_hits: int
    confidence: float
    stock_return: float
    excess: float


def cells(day: Day) -> list[Cell]:
    """The cells of a day."""
    entry = next((score.entry for one in day.entries for score in one.scores.values()), None)
    sums: defaultdict[tuple[str, str, bool, str, int, bool, int], list[float]] = defaultdict(lambda: [0.0] * 10)
    for one in day.entries:
        model = day.models[one.model]
        bucket = min(int(one.confidence * BUCKETS), BUCKETS - 1)
        for horizon in HORIZONS:
            score = one.scores.get(horizon)
            in_time = timely(one.issued_at, model, day.as_of, score.entry if score else entry)
            key = (model.name, model.version, model.proven_skill, str(one.signal), bucket, in_time, horizon)
            _add(sums[key], one.signal, one.confidence, one.band, horizon, score)
    return [Cell(*key, *map(int, counts[:7]), *counts[7:]) for key, counts in sorted(sums.items())]


def _add(sums: list[float], signal: Signal, confidence: float, band: float, horizon: int, score: Score | None) -> None:
    sums[0] += 1
    if score is None:
        sums[1] += 1
        return
    excess = score.excess
    if score.status is not OutcomeStatus.SCORED or excess is None or score.stock_return is None:
        sums[2] += 1
        return
    directed = direction_hit(signal, excess)
    for place, value in enumerate(
        (1, hit(signal, excess, band, horizon), directed is not None, bool(directed), confidence, score.stock_return)
    ):
        sums[3 + place] += value
    sums[9] += excess


@dataclass(slots=True)
class _Sum:
    """Cells added up, and (date, scored, hits) of each, for the interval."""

    total: list[float] = field(default_factory=lambda: [0.0] * 10)
    sessions: dict[dt.date, list[float]] = field(default_factory=dict)

    def add(self, as_of: dt.date, cell: Cell) -> None:
        for place, value in enumerate(cell[7:]):
            self.total[place] += value
        if cell.scored:
            session = self.sessions.setdefault(as_of, [0.0, 0.0])
            session[0] += cell.scored
            session[1] += cell.hits

    def tally(self, horizon: int) -> Tally:
        signals, pending, unscored, scored, hits, directed, direction_hits = map(int, self.total[:7])
        confidence, stock_return, excess = self.total[7:]
        return Tally(
            signals=signals,
            pending=pending,
            unscored=unscored,
            scored=scored,
            sessions=len(self.sessions),
            hits=hits,
            hit_rate=_ratio(hits, scored),
            hit_rate_interval=interval([self.sessions[day] for day in sorted(self.sessions)], horizon),
            mean_confidence=_ratio(confidence, scored),
            direction_hit_rate=_ratio(direction_hits, directed),
            mean_return=_ratio(stock_return, scored),
            mean_excess=_ratio(excess, scored),
        )


def _ratio(total: float, count: int) -> float | None:
    return total / count if count else None


def interval(sessions: list[list[float]], horizon: int) -> tuple[float, float] | None:
    """95 % interval of a hit rate from (scored, hits) of each session in order; None with too few sessions.

    Signals of one session move together, and those of neighbouring sessions share days of their holding periods, so
    signals are not independent draws: the variance is that of session totals, with Bartlett weights over the lags up
    to the horizon (Newey and West 1987), for the ratio of two sums.
    """
    if len(sessions) < max(_LEAST_SESSIONS, 3 * horizon):
        return None
    scored = sum(count for count, _ in sessions)
    rate = sum(hits for _, hits in sessions) / scored
    surprise = [hits - rate * count for count, hits in sessions]
    variance = math.fsum(value * value for value in surprise)
    for lag in range(1, horizon + 1):
        weight = 1 - lag / (horizon + 1)
        variance += 2 * weight * math.fsum(map(float.__mul__, surprise, surprise[lag:]))
    half = _Z * math.sqrt(max(variance, 0.0)) / scored
    return max(0.0, rate - half), min(1.0, rate + half)


def track_record(simulated: bool, days: Iterable[tuple[dt.date, list[Cell]]], now: dt.datetime) -> TrackRecord:
    """All days of one world together, as told at `now`. Late signals count in `late` only."""
    found = [(as_of, cell) for as_of, own in sorted(days) for cell in own]
    counted = [(as_of, cell) for as_of, cell in found if cell.timely]
    dates = [as_of for as_of, _ in found]
    return TrackRecord(
        generated_at=now,
        simulated=simulated,
        first=min(dates, default=None),
        last=max(dates, default=None),
        overall=_tallies(counted),
        late=_tallies([(as_of, cell) for as_of, cell in found if not cell.timely]),
        by_model=tuple(
            ModelTallies(name=key[0], version=key[1], proven_skill=key[2], horizons=tallies)
            for key, tallies in _grouped(counted, lambda _, cell: (cell.name, cell.version, cell.proven_skill))
        ),
        by_signal=tuple(
            SignalTallies(signal=Signal(key), horizons=tallies)
            for key, tallies in _grouped(counted, lambda _, cell: cell.signal)
        ),
        by_confidence=tuple(
            ConfidenceTallies(at_least=key / BUCKETS, below=(key + 1) / BUCKETS, horizons=tallies)
            for key, tallies in _grouped(counted, lambda _, cell: cell.bucket)
        ),
        by_month=tuple(
            MonthTallies(month=key, horizons=tallies)
            for key, tallies in _grouped(counted, lambda as_of, _: f"{as_of:%Y-%m}")
        ),
    )


def of_symbol(signals: Iterable[IssuedSignal], outcomes: Iterable[Outcome], now: dt.datetime) -> TrackRecord:
    """The tallies of the signals of one world, with all rows of their outcomes."""
    by_day: defaultdict[DayKey, tuple[list[IssuedSignal], list[Outcome]]] = defaultdict(lambda: ([], []))
    for signal in signals:
        by_day[DayKey(signal.simulated, signal.as_of)][0].append(signal)
    for outcome in outcomes:
        by_day[DayKey(outcome.simulated, outcome.as_of)][1].append(outcome)
    simulated = any(key.simulated for key in by_day)
    return track_record(simulated, [(key.as_of, cells(day_of(key, *rows))) for key, rows in by_day.items()], now)


def _tallies(found: Iterable[tuple[dt.date, Cell]]) -> Tallies:
    groups = dict(_grouped(found, lambda _as_of, _cell: 0))
    return Tallies(horizons=groups.get(0) or {horizon: _Sum().tally(horizon) for horizon in HORIZONS})


def _grouped(
    found: Iterable[tuple[dt.date, Cell]], key: Callable[[dt.date, Cell], _Key]
) -> list[tuple[_Key, dict[int, Tally]]]:
    """The tallies of each group by horizon, groups in order."""
    sums: defaultdict[_Key, dict[int, _Sum]] = defaultdict(lambda: {horizon: _Sum() for horizon in HORIZONS})
    for as_of, cell in found:
        sums[key(as_of, cell)][cell.horizon].add(as_of, cell)
    ordered = sorted(sums.items(), key=lambda group: group[0])  # type: ignore[arg-type, return-value]
    return [(group, {horizon: one.tally(horizon) for horizon, one in own.items()}) for group, own in ordered]
