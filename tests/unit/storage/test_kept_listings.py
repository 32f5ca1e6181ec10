"""Listings kept for a while: read once, served while MongoDB is away, and not asked for at every request then."""

from __future__ import annotations

import datetime as dt
import threading

import pytest

from stock_ai.errors import RetryableError
from stock_ai.models.listing import Listing
from stock_ai.storage.listings import KeptListings
from tests.fakes.clock import FixedClock
from tests.fakes.collection import MemoryListings

NOW = dt.datetime(2026, 11, 25, 3, tzinfo=dt.UTC)
FPT = Listing(symbol="FPT", name="CTCP FPT", as_of=dt.date(2026, 11, 25), source="file")


class Counting(MemoryListings):
    """Counts reads, and fails while it is away."""

    def __init__(self):
        super().__init__()
        self.reads = 0
        self.away = False
        self.reading = threading.Event()
        self.answer = threading.Event()
        self.answer.set()

    def all(self):
        self.reads += 1
        self.reading.set()
        self.answer.wait(10)
        if self.away:
            raise RetryableError("MongoDB: away")
        return super().all()


@pytest.fixture
def store():
    store = Counting()
    store.describe([FPT])
    return store


@pytest.fixture
def clock():
    return FixedClock(NOW)


@pytest.fixture
def kept(store, clock):
    return KeptListings(store, clock)


def test_it_is_read_once_a_minute(kept, store, clock):
    first = kept.all()
    assert kept.get("FPT") == FPT
    assert kept.get("ZZZ") is None
    assert (kept.all() is first, store.reads) == (True, 1)
    store.describe([Listing(symbol="VNM", as_of=FPT.as_of)])
    clock.now += dt.timedelta(seconds=59)
    assert set(kept.all()) == {"FPT"}
    clock.now += dt.timedelta(seconds=1)
    assert (set(kept.all()), store.reads) == ({"FPT", "VNM"}, 2)


def test_what_was_read_stays_while_mongodb_is_away(kept, store, clock):
    kept.all()
    store.away = True
    clock.now += dt.timedelta(days=1)
    for _ in range(5):
        assert kept.get("FPT") == FPT
    assert store.reads == 2
    store.away = False
    clock.now += dt.timedelta(seconds=10)
    kept.all()
    assert store.reads == 3


def test_with_nothing_read_a_failure_is_told_and_remembered_for_a_while(kept, store, clock):
    store.away = True
    for _ in range(5):
        with pytest.raises(RetryableError, match="away"):
            kept.all()
    assert store.reads == 1
    store.away = False
    clock.now += dt.timedelta(seconds=10)
    assert kept.get("FPT") == FPT


def test_nobody_waits_while_another_reads_again(kept, store, clock):
    kept.all()
    clock.now += dt.timedelta(minutes=2)
    store.reading.clear()
    store.answer.clear()
    reader = threading.Thread(target=kept.all)
    reader.start()
    assert store.reading.wait(10)
    assert kept.get("FPT") == FPT
    assert reader.is_alive()
    assert store.reads == 2
    store.answer.set()
    reader.join(10)


def test_nobody_changes_what_is_kept(kept):
    with pytest.raises(TypeError):
        kept.all()["FPT"] = FPT
