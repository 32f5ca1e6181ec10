"""Batches are cut by count and by payload, in order and without loss."""

import json

from hypothesis import given
from hypothesis import strategies as st

from local.events import Record, kafka_event
from local.triggers.batching import Buffer, fits_alone

SERVERS = ",".join(f"broker-{number}.example:9098" for number in range(6))

SMALL_PAYLOAD = 64 * 1024


def record(offset, size=10, partition=0):
    return Record("stock_prices_raw", partition, offset, 1_700_000_000_000, 0, b"FPT", b"x" * size)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60_000)), max_size=12),
    st.integers(1, 5),
)
def test_every_batch_fits_and_nothing_is_lost_or_reordered(shapes, batch_size):
    records = [record(offset, size, partition) for offset, (partition, size) in enumerate(shapes)]
    buffer = Buffer(batch_size, SMALL_PAYLOAD)
    buffer.extend(records)
    batches = []
    while batch := buffer.take():
        batches.append(batch)
    assert [one for batch in batches for one in batch] == records
    assert len(buffer) == 0
    assert buffer.room == batch_size
    for batch in batches:
        assert len(batch) <= batch_size
        payload = len(json.dumps(kafka_event(batch, SERVERS), separators=(",", ":")))
        assert payload <= SMALL_PAYLOAD or len(batch) == 1


def test_batches_are_as_large_as_they_may_be():
    buffer = Buffer(100)
    buffer.extend(record(offset, 1_000_000) for offset in range(6))
    assert buffer.room == 0
    assert [len(buffer.take()) for _ in range(2)] == [4, 2]


def test_lambdas_payload_is_counted_in_base64():
    assert fits_alone(record(0, 4_690_000))
    assert not fits_alone(record(0, 4_720_000))  # 4.5 MiB of bytes, 6 MiB of base64


def test_room_is_what_a_full_batch_lacks():
    buffer = Buffer(3)
    buffer.extend([record(0)])
    assert buffer.room == 2
    buffer.extend([record(1), record(2), record(3)])
    assert buffer.room == 0
    assert len(buffer.take()) == 3
    assert buffer.room == 2
