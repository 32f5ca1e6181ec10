"""Cursors come back as they were given, and nothing else passes for one."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json

import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import given
from hypothesis import strategies as st

from api.cursors import EARLIEST, LATEST, MAX_LENGTH, decode, encode
from api.schemas import ChartInterval

DAILY = [ChartInterval.DAY, ChartInterval.WEEK, ChartInterval.MONTH]
DATES = st.dates(EARLIEST + dt.timedelta(days=1), LATEST - dt.timedelta(days=1))
INSTANTS = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC))


def pack(content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@given(DATES, st.sampled_from(DAILY))
def test_a_date_comes_back(date, interval):
    cursor = encode("FPT", interval, date)
    assert decode(cursor, "FPT", interval) == date
    assert len(cursor) <= MAX_LENGTH
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?#%")


@given(INSTANTS, st.sampled_from([each for each in ChartInterval if each not in DAILY]))
def test_an_instant_comes_back(instant, interval):
    assert decode(encode("VNINDEX", interval, instant), "VNINDEX", interval) == instant


def test_an_instant_at_midnight_stays_an_instant():
    midnight = dt.datetime(2025, 8, 22, tzinfo=dt.UTC)
    assert decode(encode("FPT", ChartInterval.MINUTE, midnight), "FPT", ChartInterval.MINUTE) == midnight


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FPT",
        "ngày",
        "a\x00b",
        "[]",
        pack([]),
        pack("FPT"),
        pack({"s": "FPT", "i": "1D"}),
        pack({"s": "FPT", "i": "1D", "b": 5}),
        pack({"s": "FPT", "i": "1D", "b": None}),
        pack({"s": "FPT", "i": "1D", "b": "2025-02-30"}),
        pack({"s": "FPT", "i": "1D", "b": "0001-01-01"}),
        pack({"s": "FPT", "i": "1D", "b": "9999-12-31"}),
        pack({"s": "FPT", "i": "1D", "b": "2025-08-22T02:00:00Z"}),
        pack({"s": "FPT", "i": "1D", "b": "2025-08-22", "x": 1}),
        pack({"s": {"$gt": ""}, "i": "1D", "b": "2025-08-22"}),
        pack({"s": "FPT", "i": "2D", "b": "2025-08-22"}),
        encode("FPT", ChartInterval.DAY, dt.date(2025, 8, 22))[:-3],
        "A" * MAX_LENGTH,
    ],
)
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(RequestValidationError) as raised:
        decode(text, "FPT", ChartInterval.DAY)
    (fault,) = raised.value.errors()
    assert (fault["loc"], fault["msg"]) == (("query", "cursor"), "is not a cursor that this API gave")


@pytest.mark.parametrize("before", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2025-08-22"])
def test_an_intraday_cursor_is_an_instant_within_the_calendar(before):
    with pytest.raises(RequestValidationError):
        decode(pack({"s": "FPT", "i": "1m", "b": before}), "FPT", ChartInterval.MINUTE)


@pytest.mark.parametrize(("symbol", "interval"), [("VCB", ChartInterval.DAY), ("FPT", ChartInterval.WEEK)])
def test_a_cursor_of_another_series_is_foreign(symbol, interval):
    cursor = encode("FPT", ChartInterval.DAY, dt.date(2025, 8, 22))
    with pytest.raises(RequestValidationError) as raised:
        decode(cursor, symbol, interval)
    assert raised.value.errors()[0]["msg"] == f"belongs to FPT at 1D, not to {symbol} at {interval}"


@given(st.text(max_size=MAX_LENGTH))
def test_any_text_is_a_cursor_or_refused(text):
    with contextlib.suppress(RequestValidationError):
        assert isinstance(decode(text, "FPT", ChartInterval.MINUTE), dt.datetime)
