"""Our events read as AWS's own do, through Powertools' models of them."""

import datetime as dt

from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent, KafkaEvent
from hypothesis import given
from hypothesis import strategies as st

from local.events import Record, kafka_event, schedule_event

RECORDS = st.builds(
    Record,
    topic=st.just("prices"),
    partition=st.integers(0, 2),
    offset=st.integers(0, 2**40),
    timestamp=st.integers(-1, 2**42),
    timestamp_type=st.sampled_from([0, 1]),
    key=st.none() | st.binary(max_size=8),
    value=st.binary(max_size=32),
    headers=st.lists(st.tuples(st.text("abc", min_size=1), st.binary(max_size=8)), max_size=1).map(tuple),
)


@given(st.lists(RECORDS, min_size=1, max_size=6))
def test_a_kafka_event_gives_back_every_byte(records):
    event = kafka_event(records, "h1:9092,h2:9092")
    read = list(KafkaEvent(event).records)
    assert {name: len(entries) for name, entries in event["records"].items()} == {
        f"prices-{partition}": sum(record.partition == partition for record in records)
        for partition in {record.partition for record in records}
    }
    expected = [
        one
        for partition in dict.fromkeys(r.partition for r in records)
        for one in records
        if one.partition == partition
    ]
    for ours, theirs in zip(expected, read, strict=True):
        assert (theirs.partition, theirs.offset, theirs.timestamp) == (ours.partition, ours.offset, ours.timestamp)
        assert (theirs.decoded_key, theirs.decoded_value) == (ours.key, ours.value)
        assert theirs.decoded_headers == dict(ours.headers)
    assert KafkaEvent(event).decoded_bootstrap_servers == ["h1:9092", "h2:9092"]


def test_a_kafka_event_has_lambdas_form():
    event = kafka_event([Record("prices", 0, 15, 1545084650987, 0, None, b"{}", (("trace", b"a\xff"),))], "h:9092")
    assert event["eventSource"] == "aws:kafka"
    assert event["eventSourceArn"].startswith("arn:aws:kafka:")
    assert event["records"] == {
        "prices-0": [
            {
                "topic": "prices",
                "partition": 0,
                "offset": 15,
                "timestamp": 1545084650987,
                "timestampType": "CREATE_TIME",
                "value": "e30=",
                "headers": [{"trace": [97, -1]}],
            }
        ]
    }


def test_a_schedule_event_has_eventbridges_form():
    time = dt.datetime(2024, 6, 3, 15, 10, tzinfo=dt.timezone(dt.timedelta(hours=7)))
    event = EventBridgeEvent(schedule_event("close", time, {"source": "csv"}))
    assert (event.detail_type, event.source, event.time) == ("Scheduled Event", "aws.scheduler", "2024-06-03T08:10:00Z")
    assert event.resources[0].endswith(":schedule/default/close")
    assert event.detail == {"source": "csv"}
