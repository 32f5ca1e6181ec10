"""The scheduled pass over the track record: what has become of the signals that were issued."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from stock_ai.clock import Clock
from stock_ai.indicators import Panel
from stock_ai.ports.analyses import OutcomeStore
from stock_ai.track_record.days import Day, DayKey
from stock_ai.track_record.records import IssuedSignal
from stock_ai.track_record.scoring import Closes, ScoredDay, score_day
from stock_ai.track_record.tallies import cells, track_record

_OVERLAP: Final = dt.timedelta(days=1)
"""Signals kept this long before the last pass are read again: the clocks of those who keep them differ."""
_AT_ONCE: Final = 20_000
"""Signals in memory, when a long time of them is taken in."""


@dataclass(frozen=True, slots=True)
class ScoringReport:
    """What one pass did: `scored` outcomes are first ones, `corrected` take the place of earlier ones."""

    taken: int
    days: int
    scored: int
    corrected: int


def score(panel: Panel, store: OutcomeStore, clock: Clock) -> ScoringReport:
    """Score every signal that is due by the bars of `panel`, and tally all. `panel` holds every symbol.

    Run it as often as you like, at any time: a signal is scored once, and again only where its prices have been
    corrected. A pass that dies leaves days that the next one does.

    Raises:
        RetryableError: the store is away; running again is safe.
    """
    taken = _take_in(store)
    days = store.open_days()
    scored = corrected = 0
    for simulated, own in itertools.groupby(days, key=lambda key: key.simulated):
        keys = list(own)
        closes = Closes(panel, simulated, keys[0].as_of)
        for key in keys:
            done = _settle(key, closes, store, clock())
            scored += sum(outcome.revision == 1 for outcome in done.outcomes)
            corrected += sum(outcome.revision > 1 for outcome in done.outcomes)
    worlds = {bars.simulated for bars in panel} | {key.simulated for key in days}
    for simulated in sorted(worlds):
        store.keep_record(track_record(simulated, store.cells(simulated), clock()))
    return ScoringReport(taken, len(days), scored, corrected)


def _take_in(store: OutcomeStore) -> int:
    """Put the signals kept since the last pass into their days; the number of days that changed."""
    until = store.taken_until()
    rows = store.issued_since(until and until - _OVERLAP)
    changed = 0
    while batch := list(itertools.islice(rows, _AT_ONCE)):
        by_day: defaultdict[DayKey, list[IssuedSignal]] = defaultdict(list)
        for _, signal in batch:
            by_day[DayKey(signal.simulated, signal.as_of)].append(signal)
        changed += sum(_open(key, signals, store) for key, signals in sorted(by_day.items()))
        store.take_until(batch[-1][0])
    return changed


def _open(key: DayKey, signals: Iterable[IssuedSignal], store: OutcomeStore) -> bool:
    """Let a day have its new signals; False where it has them all."""
    known = store.open_day(key)
    # A day that is not open is made of its rows: they hold what was scored of it before.
    day = store.day_anew(key) if known is None else known.with_signals(signals)
    # Without pending signals of a closed day, the new ones were in it before.
    if day is known or (known is None and day.complete and store.is_closed(key)):
        return False
    store.keep_day(day, cells(day), closed=False)
    return True


def _settle(key: DayKey, closes: Closes, store: OutcomeStore, now: dt.datetime) -> ScoredDay:
    day = store.open_day(key) or store.day_anew(key)
    done = score_day(day, closes, now)
    if done.outcomes and not store.add_outcomes(done.outcomes):
        # Another pass, which died or runs now, has added rows that this day did not tell of; those count.
        done = score_day(store.day_anew(key), closes, now)
        store.add_outcomes(done.outcomes)
        _keep(done, store)
    elif done.outcomes or done.closed:
        _keep(done, store)
    return done


def _keep(done: ScoredDay, store: OutcomeStore) -> None:
    day: Day = done.day
    store.keep_day(day, cells(day), closed=done.closed)
