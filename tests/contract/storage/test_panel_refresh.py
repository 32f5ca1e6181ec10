"""`PanelStore` over a real server: whatever was stored, by whom and when, a refresh equals a reading of all."""

import datetime as dt
import threading
import uuid

import pytest
from bson import ObjectId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient, monitoring
from pymongo.errors import DuplicateKeyError

from stock_ai.errors import RetryableError
from stock_ai.models.base import Interval, PriceBasis
from stock_ai.storage.bar_changes import BarChanges
from stock_ai.storage.bar_documents import to_document
from stock_ai.storage.panels import PanelStore
from stock_ai.storage.prices import MongoPriceStore
from tests.fakes.clock import FixedClock
from tests.fakes.messages import NOW, bar
from tests.fakes.objects import MemoryObject
from tests.fakes.panels import assert_same_panel, read_panel

FIRST = dt.date(2024, 1, 1)
DAY = dt.timedelta(days=1)


def now():
    return dt.datetime.now(dt.UTC)


def days(count, symbol="FPT", first=FIRST, **changes):
    return [bar(symbol, first + day * DAY, **changes) for day in range(count)]


def panels(database, stored=None, clock=now):
    return PanelStore(database, stored or MemoryObject(), clock)


class Listener(monitoring.CommandListener):
    """Counts the bars that were read, and stops writers of bars at their first command until they may go on."""

    def __init__(self):
        self.documents = 0
        self.written = []
        self.stop = False
        self.stopped = threading.Event()
        self.go_on = threading.Event()

    def started(self, event):
        if self.stop and event.command_name == "insert" and event.command["insert"] == "prices":
            self.stop = False
            self.stopped.set()
            assert self.go_on.wait(30)
        if event.command_name in ("insert", "update"):
            self.written.append(event.command[event.command_name])

    def succeeded(self, event):
        cursor = event.reply.get("cursor", {})
        if cursor.get("ns", "").endswith(".prices"):
            self.documents += len(cursor.get("firstBatch", ())) + len(cursor.get("nextBatch", ()))

    def failed(self, event):
        pass


@pytest.fixture
def watched(mongo_uri, mongo_database):
    """The test's database over a client of its own, and what listens to it."""
    listener = Listener()
    with MongoClient(mongo_uri, tz_aware=True, event_listeners=[listener]) as client:
        yield client[mongo_database.name], listener


versions = st.builds(
    dict,
    symbol=st.sampled_from(["ACB", "FPT", "VNM"]),
    time=st.integers(0, 6).map(lambda day: FIRST + day * DAY),
    close=st.sampled_from([100_500, 101_000, 101_500]),
    adjusted_close=st.sampled_from([None, 50_000, 60_000]),
    provisional=st.booleans(),
    basis=st.sampled_from(PriceBasis),
    source=st.sampled_from(["csv", "vnstock"]),
    ingested_at=st.integers(-3, 3).map(lambda minutes: NOW + dt.timedelta(minutes=minutes)),
)
# Bars that one of two writers stores, or a refresh by one of two processes that share a snapshot.
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["writer 1", "writer 2"]), st.lists(versions, min_size=1, max_size=6)),
        st.tuples(st.sampled_from(["reader 1", "reader 2", "reader of its own", "new reader"]), st.just([])),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_refreshed_step_by_step_is_read_from_scratch(mongo_database, steps):
    client = mongo_database.client
    database = client[f"{mongo_database.name}_{uuid.uuid4().hex[:8]}"]
    shared = MemoryObject()
    actors = {name: MongoPriceStore(database) for name in ("writer 1", "writer 2")}
    actors |= {name: panels(database, shared) for name in ("reader 1", "reader 2")}
    actors["reader of its own"] = panels(database)
    try:
        for name, bars in [*steps, *((reader, []) for reader in list(actors)[2:])]:
            if name in ("writer 1", "writer 2"):
                actors[name].upsert([bar(**one) for one in bars])
            else:
                store = actors[name] if name in actors else panels(database, shared)
                assert_same_panel(store.refresh(), read_panel(database))
        assert_same_panel(panels(database, shared).refresh(), read_panel(database))
    finally:
        client.drop_database(database.name)


def test_one_new_bar_per_symbol_is_all_that_is_read(mongo_database, watched):
    database, listener = watched
    symbols = [f"S{number:02}" for number in range(70)]
    store, warm, shared = MongoPriceStore(mongo_database), panels(database), MemoryObject()
    store.upsert([one for symbol in symbols for one in days(8, symbol)])
    warm.refresh()
    panels(database, shared).refresh()
    assert listener.documents == 2 * 70 * 8
    newest = FIRST + 8 * DAY
    for provisional in (True, False):
        received = NOW if provisional else NOW + dt.timedelta(minutes=1)
        store.upsert([bar(symbol, newest, provisional=provisional, ingested_at=received) for symbol in symbols])
        for reader in (warm, panels(database, shared)):
            listener.documents = 0
            panel = reader.refresh()
            assert listener.documents == 70
            assert {bars.provisional for bars in panel} == {provisional}
            assert_same_panel(panel, read_panel(mongo_database))


def test_a_long_history_is_read_within_its_span(mongo_database, watched):
    database, listener = watched
    store, reader = MongoPriceStore(mongo_database), panels(database)
    store.upsert(days(30) + days(30, "VNM"))
    reader.refresh()
    listener.documents = 0
    store.upsert(days(20, adjusted_close=40_000, first=FIRST + 5 * DAY, ingested_at=NOW + DAY))
    assert_same_panel(reader.refresh(), read_panel(mongo_database))
    assert listener.documents == 20


def test_what_did_not_change_is_not_read_and_not_written(mongo_database, watched):
    database, listener = watched
    shared = MemoryObject()
    store, reader = MongoPriceStore(database), panels(database, shared)
    store.upsert(days(30))
    before = reader.refresh()
    listener.documents, listener.written = 0, []
    assert MongoPriceStore(mongo_database).upsert(days(30, ingested_at=NOW + DAY)).stored == 0
    MongoPriceStore(mongo_database).upsert([bar(time=NOW, interval=Interval.MINUTES_15)])
    assert reader.refresh() is before
    assert (listener.documents, listener.written, shared.writes) == (0, [], 1)
    assert_same_panel(panels(database, shared).refresh(), before)
    assert (listener.documents, shared.writes) == (0, 1)


def test_a_bar_that_was_received_earlier_and_stored_later_is_read(mongo_database):
    store, reader = MongoPriceStore(mongo_database), panels(mongo_database)
    store.upsert(days(3))
    reader.refresh()
    store.upsert([bar("ACB", FIRST, ingested_at=NOW - 30 * DAY)])
    assert reader.refresh().symbols == ("ACB", "FPT")


def test_bars_of_a_slow_writer_are_read_once_they_are_there(mongo_database, watched):
    database, listener = watched
    reader = panels(mongo_database)
    MongoPriceStore(mongo_database).upsert(days(1))
    listener.stop = True
    slow = threading.Thread(target=MongoPriceStore(database).upsert, args=(days(3, "ACB"),))
    slow.start()
    assert listener.stopped.wait(30)
    # A quicker one enters later and is done first; two readers begin while the slow one has stored nothing.
    MongoPriceStore(mongo_database).upsert(days(2, "VNM"))
    late = panels(mongo_database)
    assert reader.refresh().symbols == late.refresh().symbols == ("FPT", "VNM")
    listener.go_on.set()
    slow.join()
    for one in (reader, late):
        assert one.refresh().symbols == ("ACB", "FPT", "VNM")


def test_writers_at_once_lose_nothing(mongo_database):
    reader = panels(mongo_database)
    stores = [MongoPriceStore(mongo_database) for _ in range(4)]

    def write(number):
        for day in range(15):
            stores[number].upsert(
                [bar(f"S{number:02}", FIRST + day * DAY), bar("FPT", FIRST + (day * 4 + number) * DAY)]
            )

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        reader.refresh()
    panel = reader.refresh()
    assert_same_panel(panel, read_panel(mongo_database))
    assert sorted(len(bars) for bars in panel) == [15, 15, 15, 15, 60]


class WriterDiedError(Exception):
    pass


def die_while_storing(database, bars):
    """A writer enters `bars` in the log and stores none of them."""
    with pytest.raises(WriterDiedError), BarChanges(database).writing([to_document(one) for one in bars]):
        raise WriterDiedError


def test_what_a_dead_writer_left_behind_is_read_whenever_it_appears(mongo_database):
    shared = MemoryObject()
    MongoPriceStore(mongo_database).upsert(days(1))
    warm = panels(mongo_database)
    warm.refresh()
    lost = days(3, "ACB")
    die_while_storing(mongo_database, lost)
    panels(mongo_database, shared).refresh()
    for count, one in enumerate(lost, 1):
        # No entry of its own: what was on its way when the writer died may arrive after any reading.
        mongo_database["prices"].insert_one(to_document(one))
        for reader in (warm, panels(mongo_database, shared)):
            assert [len(bars) for bars in reader.refresh()] == [count, 1]


def test_a_day_later_its_entry_is_left_alone(mongo_database, watched):
    database, listener = watched
    clock = FixedClock(now())
    reader = panels(database, clock=clock)
    MongoPriceStore(mongo_database).upsert(days(1))
    die_while_storing(mongo_database, days(1))
    reader.refresh()
    for hours, read in ((23, 1), (2, 1), (1, 0)):
        clock.advance(hours=hours)
        listener.documents = 0
        reader.refresh()
        assert listener.documents == read


def test_old_entries_are_removed_and_a_watermark_among_them_is_not_trusted(mongo_database):
    store, early, reader = MongoPriceStore(mongo_database), MemoryObject(), panels(mongo_database)
    store.upsert(days(1))
    panels(mongo_database, early).refresh()
    entries = mongo_database["bar_changes"]
    for count in (2, 3):
        store.upsert(days(count))
        reader.refresh()
    assert entries.count_documents({}) == 3
    later = panels(mongo_database, clock=lambda: now() + 8 * DAY)
    later.refresh()
    assert [entry["_id"] for entry in entries.find()] == [3]
    assert_same_panel(panels(mongo_database, early).refresh(), read_panel(mongo_database))


@pytest.mark.parametrize("what", ["token", "gap", "missing open entry"])
def test_a_log_that_was_put_back_is_noticed(mongo_database, what):
    store, shared, entries = MongoPriceStore(mongo_database), MemoryObject(), mongo_database["bar_changes"]
    store.upsert(days(1))
    if what == "missing open entry":
        die_while_storing(mongo_database, days(1))
        MongoPriceStore(mongo_database).upsert(days(2))
    panels(mongo_database, shared).refresh()
    # A bar that no entry tells of: only a reading of all finds it.
    mongo_database["prices"].insert_one(to_document(bar("XXX", FIRST)))
    if what == "token":
        entries.update_one({"_id": 1}, {"$set": {"token": ObjectId()}})
    elif what == "gap":
        entries.insert_one({"_id": 3, "token": ObjectId(), "open": False, "spans": []})
    else:
        entries.delete_one({"_id": 2})
    assert "XXX" in panels(mongo_database, shared).refresh().symbols


def test_a_writer_that_is_never_quick_enough_gives_up():
    class Taken:
        def find_one(self, *_, **__):
            return {"_id": 7}

        def insert_one(self, document):
            raise DuplicateKeyError(f"{document['_id']} is taken")

    changes = BarChanges({"bar_changes": Taken()})
    with pytest.raises(RetryableError, match="log of changed bars"), changes.writing([to_document(bar())]):
        pytest.fail("there is no entry")


def test_a_panel_cannot_be_written_to(mongo_database):
    MongoPriceStore(mongo_database).upsert(days(3))
    (bars,) = panels(mongo_database).refresh()
    with pytest.raises(ValueError, match="read-only"):
        bars.close[0] = 1
