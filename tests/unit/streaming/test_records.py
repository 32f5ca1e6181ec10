"""Decoding: a record becomes its message or a poison record with reason and field; nothing else comes out."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stock_ai.errors import PoisonRecordError
from stock_ai.models.analysis import AiAnalysis
from stock_ai.models.base import Interval
from stock_ai.models.llm import LlmAnalysis
from stock_ai.models.price import StockPrice
from stock_ai.streaming.records import KafkaRecord, decode, records
from tests.fakes.messages import ai_analysis, bar, kafka_event, llm_analysis, record


def poison(value: bytes, model=StockPrice) -> PoisonRecordError:
    with pytest.raises(PoisonRecordError) as caught:
        decode(record(value), model)
    return caught.value


def changed(**changes) -> bytes:
    return json.dumps(json.loads(bar().model_dump_json()) | changes).encode()


def test_records_keep_place_key_value_and_headers():
    sent = [
        record(b"\x00\xff", offset=7, headers={"redriven_from": b"t:0:1"}),
        record(b"{}", offset=8, key=None),
        record(b"x", partition=3),
    ]
    assert list(records(kafka_event(sent))) == sent


def test_a_record_without_value_and_with_signed_header_bytes_is_read():
    event = kafka_event([record(b"x")])
    (data,) = event["records"]["stock_prices_raw-0"]
    del data["value"]
    data["headers"] = [{"detail": [-61, -92]}]
    (read,) = records(event)
    assert read == KafkaRecord("stock_prices_raw", 0, 0, b"", b"FPT", {"detail": "ä".encode()})


@pytest.mark.parametrize("message", [bar(), ai_analysis(), llm_analysis()])
def test_a_message_comes_back_as_it_was_sent(message):
    assert decode(record(message), type(message)) == message


def test_an_intraday_instant_is_read_in_utc():
    read = decode(record(changed(interval="1m", time="2025-08-22T09:15:00+07:00")), StockPrice)
    assert read.time == dt.datetime(2025, 8, 22, 2, 15, tzinfo=dt.UTC)
    assert read.time.utcoffset() == dt.timedelta(0)
    assert read.interval is Interval.MINUTE


def test_a_field_that_is_not_known_yet_is_passed_over():
    assert decode(record(changed(turnover=5)), StockPrice) == bar()


@pytest.mark.parametrize("value", [changed(schema_version=2), b'{"schema_version": 99, "ticker": "FPT"}'])
def test_the_version_is_judged_before_the_rest(value):
    error = poison(value)
    assert error.reason == "unknown_schema_version"
    assert "schema_version" in error.detail


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"schema_version": "1"}, "schema_version"),
        ({"open": "100000"}, "open"),
        ({"close": True}, "close"),
        ({"volume": 1.5}, "volume"),
        ({"volume": "1000"}, "volume"),
        ({"interval": "2D"}, "interval"),
        ({"time": 0}, "time"),
        ({"time": "22/08/2025"}, "time"),
        ({"time": "2025-08-22T02:00:00"}, "time"),
        ({"time": "2025-08-22T02:00:00Z"}, "time"),
        ({"ingested_at": "2025-08-22T10:00:00"}, "ingested_at"),
        ({"symbol": None}, "symbol"),
    ],
)
def test_a_wrong_field_is_named(changes, field):
    error = poison(changed(**changes))
    assert error.reason == "undecodable"
    assert field in error.detail


@pytest.mark.parametrize("field", ["event_id", "symbol", "time", "open", "volume", "source", "ingested_at"])
def test_a_missing_field_is_named(field):
    fields = json.loads(bar().model_dump_json())
    del fields[field]
    error = poison(json.dumps(fields).encode())
    assert (error.reason, error.detail) == ("undecodable", f"{field}: Field required")


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_instant_that_leaves_the_calendar_is_poison(instant):
    assert poison(changed(ingested_at=instant)).reason == "undecodable"
    assert poison(changed(interval="1m", time=instant)).reason == "undecodable"


@pytest.mark.parametrize(
    "value", [b"", b"null", b"[]", b"1", b"\xff\xfe", b"{" * 9_000, b'{"a": 1' + b"0" * 9_000 + b"}"]
)
def test_what_is_no_json_object_is_undecodable(value):
    assert poison(value).reason == "undecodable"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_number_that_is_none_is_undecodable(number):
    value = bar().model_dump_json().replace('"open":100000', f'"open":{number}').encode()
    assert poison(value).reason == "undecodable"
    reason = '{"feature":"rsi","weight":0.1,"text":"x","value":' + number + "}"
    value = ai_analysis().model_dump_json().replace('"reasons":[]', f'"reasons":[{reason}]').encode()
    assert poison(value, AiAnalysis).reason == "undecodable"


@given(st.binary(), st.sampled_from([StockPrice, AiAnalysis, LlmAnalysis]))
def test_no_bytes_crash_the_decoder(value, model):
    assert poison(value, model).reason == "undecodable"


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(list(StockPrice.model_fields)), values, min_size=1))
def test_no_json_crashes_the_decoder(changes):
    try:
        read = decode(record(changed(**changes)), StockPrice)
    except PoisonRecordError as error:
        outcome = error.reason
    else:
        assert decode(record(read), StockPrice) == read
        outcome = "decoded"
    assert outcome in {"decoded", "undecodable", "unknown_schema_version"}
