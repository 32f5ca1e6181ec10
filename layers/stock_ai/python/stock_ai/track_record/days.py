"""All signals of one trading date with their newest outcomes: the form that a scoring pass works on.

It holds nothing that the rows do not; it is there so that a pass reads one document a date in place of thousands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from stock_ai.market.calendar import EXCHANGE_ZONE, MARKET_CLOSE
from stock_ai.models.analysis import ModelRef, Signal
from stock_ai.track_record.records import HORIZONS, IssuedSignal, Outcome, OutcomeStatus


class DayKey(NamedTuple):
    """Which day. Signals of simulated bars are never together with those of real ones."""

    simulated: bool
    as_of: dt.date


@dataclass(frozen=True, slots=True)
class Score:
    """The newest outcome of a signal at one horizon, as far as a correction or a tally depends on it."""

    revision: int
    status: OutcomeStatus
    entry: dt.date
    exit: dt.date
    stock_return: float | None
    market_return: float | None

    @property
    def excess(self) -> float | None:
        """The stock's return without the market's; None where the signal could not be scored."""
        if self.stock_return is None or self.market_return is None:
            return None
        return self.stock_return - self.market_return


@dataclass(frozen=True, slots=True)
class Entry:
    """One signal with its scores by horizon, as far as there are any. `model` is a place in `Day.models`."""

    symbol: str
    signal: Signal
    confidence: float
    band: float
    model: int
    issued_at: dt.datetime
    scores: dict[int, Score] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Day:
    """The signals of one trading date, one per symbol and model, by symbol."""

    as_of: dt.date
    simulated: bool
    models: tuple[ModelRef, ...] = ()
    entries: tuple[Entry, ...] = ()

    @property
    def key(self) -> DayKey:
        """Which day it is."""
        return DayKey(self.simulated, self.as_of)

    @property
    def complete(self) -> bool:
        """Whether every signal has an outcome at every horizon."""
        return all(len(entry.scores) == len(HORIZONS) for entry in self.entries)

    def with_signals(self, signals: Iterable[IssuedSignal]) -> Day:
        """The day with those of the signals, all of this day, that it does not have yet; itself where it has all."""
        places = {model.version: place for place, model in enumerate(self.models)}
        models = list(self.models)
        known = {(entry.symbol, entry.model) for entry in self.entries}
        added: list[Entry] = []
        for signal in signals:
            if signal.model.version not in places:
                places[signal.model.version] = len(models)
                models.append(signal.model)
            place = places[signal.model.version]
            if (signal.symbol, place) not in known:
                known.add((signal.symbol, place))
                added.append(
                    Entry(signal.symbol, signal.signal, signal.confidence, signal.band, place, signal.issued_at)
                )
        if not added:
            return self
        entries = tuple(sorted((*self.entries, *added), key=lambda entry: (entry.symbol, entry.model)))
        return Day(self.as_of, self.simulated, tuple(models), entries)


def day_of(key: DayKey, signals: Iterable[IssuedSignal], outcomes: Iterable[Outcome]) -> Day:
    """The day made anew from all its rows."""
    signals = sorted(signals, key=lambda signal: (signal.symbol, signal.issued_at, signal.signal_id))
    newest: dict[str, dict[int, Outcome]] = {}
    for outcome in outcomes:
        scores = newest.setdefault(outcome.signal_id, {})
        if outcome.horizon not in scores or scores[outcome.horizon].revision < outcome.revision:
            scores[outcome.horizon] = outcome
    identities = {(signal.symbol, signal.model.version): signal.signal_id for signal in signals}
    day = Day(key.as_of, key.simulated).with_signals(signals)
    for entry in day.entries:
        found = newest.get(identities[entry.symbol, day.models[entry.model].version], {})
        entry.scores.update({horizon: _score(outcome) for horizon, outcome in sorted(found.items())})
    return day


def timely(issued_at: dt.datetime, model: ModelRef, as_of: dt.date, entry: dt.date | None) -> bool:
    """Whether a signal was issued while nobody could know what came of it.

    That is before the close it is entered at (`entry` None: not known yet), by a model that has seen no outcome after
    `as_of`. History that is loaded and analysed later gives signals, but no record of foresight.
    """
    if model.trained_until > as_of:
        return False
    return entry is None or issued_at < dt.datetime.combine(entry, MARKET_CLOSE, EXCHANGE_ZONE)


def _score(outcome: Outcome) -> Score:
    return Score(
        outcome.revision,
        outcome.status,
        outcome.entry_date,
        outcome.exit_date,
        outcome.stock_return,
        outcome.market_return,
    )
