"""`MongoTrackRecord` and a scoring pass on it, over a real server."""

import datetime as dt

import pymongo
import pytest

from functions.ai_analysis.scoring import score
from stock_ai.errors import RetryableError
from stock_ai.storage.track_record import MongoTrackRecord
from stock_ai.track_record.days import DayKey
from stock_ai.track_record.records import Outcome, OutcomeStatus
from stock_ai.track_record.scoring import Closes, score_day
from stock_ai.track_record.tallies import cells, track_record
from tests.fakes.clock import FixedClock
from tests.fakes.panels import random_panel
from tests.fakes.track_record import MODEL, MemoryTrackRecord, make_signal

NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
PANEL = random_panel(15, 120, source="csv")
DAYS = [day.item() for day in PANEL.bars[0].dates]
OLD = MODEL.model_copy(update={"trained_until": dt.date(2021, 12, 31)})


def signal_of(symbol="S00", day=50, **changes):
    return make_signal(symbol, DAYS[day], **({"model": OLD} | changes))


@pytest.fixture
def store(mongo_database):
    return MongoTrackRecord(mongo_database)


def test_a_signal_is_kept_once_and_never_changed(store):
    first = signal_of()
    assert store.issue([], NOW) == 0
    assert store.issue([first, signal_of(confidence=0.1), signal_of("S01")], NOW) == 2
    assert store.issue([signal_of(confidence=0.2), signal_of(day=51)], NOW + dt.timedelta(days=1)) == 1
    assert store.signals("S00") == [signal_of(day=51), first]
    assert [one for _, one in store.issued_since(NOW + dt.timedelta(hours=1))] == [signal_of(day=51)]
    assert [stored for stored, _ in store.issued_since(None)] == [NOW, NOW, NOW + dt.timedelta(days=1)]


def test_a_pass_leaves_what_it_leaves_in_memory(store):
    memory = MemoryTrackRecord()
    signals = [
        *(signal_of(f"S{number:02}", day) for number in range(15) for day in (3, 60, 110, 119)),
        signal_of("GON", 60),
        signal_of("S01", 60, simulated=True),
    ]
    for each in (store, memory):
        each.issue(signals, NOW)
        for panel in (random_panel(15, 100, source="csv"), PANEL, PANEL):
            score(panel, each, FixedClock(NOW))
    for symbol in ("S00", "S01", "GON"):
        assert store.outcomes(symbol) == memory.outcomes(symbol)
        assert store.signals(symbol) == memory.signals(symbol)
    assert store.open_days() == memory.open_days()
    for key in (*store.open_days(), DayKey(False, DAYS[3])):
        assert store.open_day(key) == memory.open_day(key)
        assert store.is_closed(key) is memory.is_closed(key)
        assert store.day_anew(key) == memory.day_anew(key)
    assert store.is_closed(DayKey(False, DAYS[3]))
    assert not store.is_closed(DayKey(True, DAYS[3]))
    for simulated in (False, True):
        assert sorted(store.cells(simulated)) == sorted(memory.cells(simulated))
    assert store.record() == memory.records[False]
    assert store.taken_until() == NOW


def test_an_outcome_that_is_there_stays_as_it_was(store):
    store.issue([signal_of()], NOW)
    key = DayKey(False, DAYS[50])
    first = score_day(store.day_anew(key), Closes(PANEL, False, DAYS[50]), NOW)
    assert store.add_outcomes(first.outcomes)
    later = [row.model_copy(update={"scored_at": NOW + dt.timedelta(days=1)}) for row in first.outcomes]
    correction = Outcome(**(dict(first.outcomes[1]) | {"revision": 2, "status": OutcomeStatus.NO_PRICE}))
    assert not store.add_outcomes([*later, correction])
    assert store.outcomes("S00") == sorted([*first.outcomes, correction], key=lambda row: (row.horizon, row.revision))
    # The newest revision counts when the day is made of its rows.
    assert store.day_anew(key).entries[0].scores[5].revision == 2


def test_days_and_tallies_can_be_lost_and_are_made_anew(store, mongo_database):
    store.issue([signal_of(f"S{number:02}", day) for number in range(15) for day in (3, 60)], NOW)
    score(PANEL, store, FixedClock(NOW))
    before, rows = store.record(), list(mongo_database["outcomes"].find())
    mongo_database.drop_collection("track_record_days")
    mongo_database.drop_collection("track_record")
    report = score(PANEL, MongoTrackRecord(mongo_database), FixedClock(NOW))
    assert (report.scored, report.corrected) == (0, 0)
    assert store.record() == before
    assert list(mongo_database["outcomes"].find()) == rows


def test_the_tallies_of_real_signals_come_first(store):
    assert store.record() is None
    simulated, real = (track_record(one, [], NOW) for one in (True, False))
    store.keep_record(simulated)
    assert store.record() == simulated
    store.keep_record(real)
    store.keep_record(simulated)
    assert store.record() == real


def test_an_absent_server_is_retryable():
    key = DayKey(False, DAYS[50])
    with pymongo.MongoClient("mongodb://127.0.0.1:1", serverSelectionTimeoutMS=50) as client:
        store = MongoTrackRecord(client["away"])
        memory = MemoryTrackRecord()
        memory.issue([signal_of()], NOW)
        day = memory.day_anew(key)
        done = score_day(day, Closes(PANEL, False, DAYS[50]), NOW)
        for ask in (
            lambda: store.issue([signal_of()], NOW),
            store.taken_until,
            lambda: store.take_until(NOW),
            lambda: list(store.issued_since(None)),
            store.open_days,
            lambda: store.open_day(key),
            lambda: store.is_closed(key),
            lambda: store.day_anew(key),
            lambda: store.keep_day(done.day, cells(done.day), closed=False),
            lambda: store.add_outcomes(done.outcomes),
            lambda: list(store.cells(False)),
            lambda: store.keep_record(track_record(False, [], NOW)),
            store.record,
            lambda: store.signals("S00"),
            lambda: store.outcomes("S00"),
        ):
            with pytest.raises(RetryableError):
                ask()
