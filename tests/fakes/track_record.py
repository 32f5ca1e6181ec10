"""Signals and their store in memory."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from stock_ai.errors import RetryableError
from stock_ai.models.analysis import ModelRef, Signal
from stock_ai.track_record.days import Day, DayKey, day_of
from stock_ai.track_record.record import TrackRecord
from stock_ai.track_record.records import IssuedSignal, Outcome, signal_id
from stock_ai.track_record.tallies import Cell

MODEL = ModelRef(name="logistic", version="v1", trained_until=dt.date(2023, 12, 29), proven_skill=True)


def make_signal(symbol="S00", as_of=dt.date(2024, 1, 1), signal=Signal.BUY, confidence=0.5, **changes) -> IssuedSignal:
    """A signal issued an hour and a half after the close of `as_of`."""
    fields = {
        "analysis_id": f"ai-{symbol}-{as_of}",
        "symbol": symbol,
        "as_of": as_of,
        "signal": signal,
        "confidence": confidence,
        "probabilities": {signal: confidence},
        "close": 20_000,
        "band": 0.02,
        "model": MODEL,
        "source": "csv",
        "simulated": False,
        "issued_at": dt.datetime.combine(as_of, dt.time(9, 30), dt.UTC),
    } | changes
    return IssuedSignal(signal_id=signal_id(fields["symbol"], fields["as_of"], fields["model"].version), **fields)


@dataclass
class MemoryTrackRecord:
    """Implements `stock_ai.ports.SignalLog` and `OutcomeStore` and `api.services.TrackRecordReader`.

    `dies_after` lets the call after so many writes fail, as where a pass is killed.
    """

    kept: dict[str, tuple[dt.datetime, IssuedSignal]] = field(default_factory=dict)
    rows: dict[str, Outcome] = field(default_factory=dict)
    days: dict[DayKey, tuple[Day | None, list[Cell]]] = field(default_factory=dict)
    records: dict[bool, TrackRecord] = field(default_factory=dict)
    until: dt.datetime | None = None
    down: bool = False
    dies_after: int | None = None
    calls: int = 0

    def _write(self) -> None:
        if self.down or self.dies_after == 0:
            raise RetryableError("store is away")
        if self.dies_after is not None:
            self.dies_after -= 1

    def issue(self, signals, now) -> int:
        self._write()
        before = len(self.kept)
        for signal in signals:
            self.kept.setdefault(signal.signal_id, (now, signal))
        return len(self.kept) - before

    def taken_until(self):
        return self.until

    def issued_since(self, instant):
        found = [row for row in self.kept.values() if instant is None or row[0] >= instant]
        yield from sorted(found, key=lambda row: row[0])

    def take_until(self, instant) -> None:
        self._write()
        self.until = instant

    def open_days(self):
        return sorted(key for key, (day, _) in self.days.items() if day is not None)

    def open_day(self, key):
        return self.days.get(key, (None,))[0]

    def is_closed(self, key) -> bool:
        return key in self.days and self.days[key][0] is None

    def day_anew(self, key):
        signals = [one for _, one in self.kept.values() if (one.simulated, one.as_of) == key]
        return day_of(key, signals, [row for row in self.rows.values() if (row.simulated, row.as_of) == key])

    def keep_day(self, day, cells, *, closed) -> None:
        self._write()
        self.days[day.key] = (None if closed else day, list(cells))

    def add_outcomes(self, outcomes) -> bool:
        self._write()
        new = [outcome for outcome in outcomes if outcome.outcome_id not in self.rows]
        self.rows.update({outcome.outcome_id: outcome for outcome in new})
        return len(new) == len(outcomes)

    def cells(self, simulated):
        yield from ((key.as_of, cells) for key, (_, cells) in self.days.items() if key.simulated is simulated)

    def keep_record(self, record) -> None:
        self._write()
        self.records[record.simulated] = record

    def record(self):
        self.calls += 1
        return self.records.get(False) or self.records.get(True)

    def signals(self, symbol):
        self.calls += 1
        found = [one for _, one in self.kept.values() if one.symbol == symbol]
        return sorted(found, key=lambda one: (one.as_of, one.issued_at, one.signal_id), reverse=True)

    def outcomes(self, symbol):
        self.calls += 1
        found = [row for row in self.rows.values() if row.symbol == symbol]
        return sorted(found, key=lambda one: (one.as_of, one.signal_id, one.horizon, one.revision))
