"""What a snapshot holds, where it is kept, and that no other than a sound one of this database is ever used."""

import datetime as dt
import logging
import time
import uuid

import boto3
import numpy as np
import pytest
from moto import mock_aws

from stock_ai.errors import InvalidInputError, RetryableError, RunAbortedError
from stock_ai.observability import logger
from stock_ai.storage.bar_changes import Watermark
from stock_ai.storage.bar_columns import BarColumns
from stock_ai.storage.bar_documents import to_document
from stock_ai.storage.objects import open_object
from stock_ai.storage.panel_snapshots import Snapshot, UnusableSnapshotError, decode, encode
from stock_ai.storage.panels import PanelStore
from stock_ai.storage.prices import MongoPriceStore
from tests.fakes.messages import bar
from tests.fakes.objects import MemoryObject
from tests.fakes.panels import assert_same_panel, panel_of, read_panel

FIRST = dt.date(2024, 1, 1)
MARK = Watermark(17, "68a5d0e0f1c2b3a495867768", (3, 16))


def days(count, symbol="FPT", **changes):
    return [bar(symbol, FIRST + dt.timedelta(days=day), **changes) for day in range(count)]


def snapshot_of(bars):
    return Snapshot(BarColumns.empty().merged(map(to_document, bars)), MARK)


def now():
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def reasons():
    """The reasons that are logged."""
    found = []

    class Handler(logging.Handler):
        def emit(self, record):
            found.append(record.reason)

    handler = Handler()
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    "bars",
    [
        [],
        [bar(provisional=True, adjusted_close=None, volume=None)],
        [*days(3, source="vnstock"), *days(5, "VNM", adjusted_close=50_000, volume=3_000_000_000)],
    ],
)
def test_a_snapshot_comes_back_as_it_was_written(bars):
    snapshot = snapshot_of(bars)
    found = decode(encode(snapshot))
    assert found.mark == MARK
    assert_same_panel(found.columns.panel(), panel_of(bars))
    assert encode(found) == encode(snapshot)


def test_equal_bars_are_equal_bytes_whatever_came_before():
    final = [*days(6, source="csv"), *days(4, "ACB", source="vnstock")]
    columns = BarColumns.empty().merged(map(to_document, days(3, source="simulated") + days(2, "ACB", close=99_000)))
    for start in (0, 5):
        columns = columns.merged(map(to_document, final[start : start + 5]))
    assert encode(Snapshot(columns, MARK)) == encode(snapshot_of(final))


def test_every_changed_byte_is_found():
    content = encode(snapshot_of(days(3)))
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 1
        with pytest.raises(UnusableSnapshotError):
            decode(bytes(changed))


@pytest.mark.parametrize("length", [0, 5, 15, 20, 60, -1])
def test_a_part_of_one_is_none(length):
    with pytest.raises(UnusableSnapshotError):
        decode(encode(snapshot_of(days(3)))[:length])


@pytest.fixture(params=["folder", "s3"])
def location(request, tmp_path, monkeypatch):
    """Where a snapshot may be kept; nothing is there yet."""
    if request.param == "folder":
        yield str(tmp_path / "new" / "daily.panel")
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        name = f"bucket-{uuid.uuid4().hex[:8]}"
        boto3.client("s3").create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"}
        )
        yield f"s3://{name}/panels/daily.panel"


def test_it_outlives_the_process_in_a_file_and_in_s3(mongo_database, location, reasons):
    store = MongoPriceStore(mongo_database)
    store.upsert(days(30))
    for count in (30, 31, 31):
        store.upsert(days(count))
        panel = PanelStore(mongo_database, open_object(location, "PANEL_SNAPSHOT"), now).refresh()
        assert_same_panel(panel, read_panel(mongo_database))
    assert reasons == ["there is none yet"]


def test_a_written_file_leaves_nothing_beside_it(tmp_path):
    kept = open_object(str(tmp_path / "daily.panel"), "PANEL_SNAPSHOT")
    assert kept.read() is None
    for content in (b"one", b"two"):
        kept.write(content)
        assert kept.read() == content
    assert [path.name for path in tmp_path.iterdir()] == ["daily.panel"]


@pytest.mark.parametrize("location", ["", "s3://", "s3://bucket", "s3://bucket/", "http://host/x"])
def test_a_location_that_is_none_is_refused(location):
    with pytest.raises(InvalidInputError, match="PANEL_SNAPSHOT: "):
        open_object(location, "PANEL_SNAPSHOT")


def test_faults_of_the_store_have_their_kind(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunAbortedError, match="cannot read"):
        open_object(str(tmp_path), "PANEL_SNAPSHOT").read()
    with pytest.raises(RunAbortedError, match="cannot write"):
        open_object(str(tmp_path / "file" / "daily.panel"), "PANEL_SNAPSHOT").write(b"")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws(), pytest.raises(RunAbortedError, match=r"s3://nowhere/daily\.panel: NoSuchBucket"):
        open_object("s3://nowhere/daily.panel", "PANEL_SNAPSHOT").write(b"")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(RetryableError, match="s3://bucket/key: EndpointConnectionError"):
        open_object("s3://bucket/key", "PANEL_SNAPSHOT").read()


def test_an_unusable_snapshot_is_replaced_and_its_reason_logged(mongo_database, reasons):
    store = MongoPriceStore(mongo_database)
    store.upsert(days(5))
    sound = MemoryObject()
    PanelStore(mongo_database, sound, now).refresh()
    later = sound.content[:14] + (9).to_bytes(2, "little") + sound.content[16:]
    for content, reason in (
        (b"PK..", "not a panel snapshot"),
        (later, "version 9, and this is 1"),
        (sound.content[:-1] + b"\x07", "its checksum does not match"),
        (sound.content[:-1], "its checksum does not match"),
    ):
        reasons.clear()
        stored = MemoryObject(content)
        assert_same_panel(PanelStore(mongo_database, stored, now).refresh(), read_panel(mongo_database))
        assert reasons == [reason]
        assert stored.content == sound.content


def test_a_snapshot_of_another_database_is_not_used(mongo_database, reasons):
    """The other has as many entries in its log, of the same bars at other prices: as a real and a simulated one may."""
    stored, other = MemoryObject(), mongo_database.client[f"{mongo_database.name}_other"]
    try:
        MongoPriceStore(other).upsert(days(5, close=99_999, source="simulated"))
        MongoPriceStore(mongo_database).upsert(days(5))
        PanelStore(other, stored, now).refresh()
        panel = PanelStore(mongo_database, stored, now).refresh()
    finally:
        mongo_database.client.drop_database(other.name)
    assert_same_panel(panel, read_panel(mongo_database))
    assert reasons[1:] == ["it is of another database, or older than the log of changes"]


def test_bars_from_before_there_was_a_log_are_read_and_no_snapshot_is_kept_of_them_alone(mongo_database):
    MongoPriceStore(mongo_database).upsert(days(5))
    mongo_database["bar_changes"].drop()
    stored = MemoryObject()
    reader = PanelStore(mongo_database, stored, now)
    for count in (5, 5):
        assert [len(bars) for bars in reader.refresh()] == [count]
    assert stored.content is None
    MongoPriceStore(mongo_database).upsert(days(6))
    assert [len(bars) for bars in reader.refresh()] == [6]
    assert stored.writes == 1


def test_without_its_store_the_panel_is_there_all_the_same(mongo_database, reasons):
    MongoPriceStore(mongo_database).upsert(days(5))
    stored = MemoryObject()
    stored.away = True
    assert_same_panel(PanelStore(mongo_database, stored, now).refresh(), read_panel(mongo_database))
    assert reasons == ["the object store is away"] * 2


def test_a_snapshot_of_the_market_is_loaded_in_less_than_a_second():
    symbols, sessions = 1577, 500
    bars = symbols * sessions
    columns = BarColumns(
        symbols=tuple(f"S{number:04}" for number in range(symbols)),
        counts=np.full(symbols, sessions),
        dates=np.tile(np.datetime64("2024-01-01") + np.arange(sessions), symbols),
        numbers=np.random.default_rng(1).uniform(1, 2, (6, bars)),
        sources=("csv",),
        source=np.zeros(bars, dtype=np.int64),
        provisional=np.zeros(bars, dtype=np.bool_),
        adjusted=np.zeros(bars, dtype=np.bool_),
    )
    content = encode(Snapshot(columns, MARK))
    started = time.process_time()
    panel = decode(content).columns.panel()
    assert time.process_time() - started < 1
    assert len(panel) == symbols
