"""Cursors come back as they were given, and nothing else passes for one."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json
import math

import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import given
from hypothesis import strategies as st

from api import charts
from api.cursors import EARLIEST, LATEST, MAX_LENGTH, decode, encode, question
from api.listing import Place
from api.schemas import ChartInterval
from stock_ai.market_view import ScreenPosition
from stock_ai.models.insight import HistoryPosition

DAILY = [ChartInterval.DAY, ChartInterval.WEEK, ChartInterval.MONTH]
DATES = st.dates(EARLIEST + dt.timedelta(days=1), LATEST - dt.timedelta(days=1))
INSTANTS = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC))
PRICES = question("prices", "FPT", ChartInterval.DAY)
NO_CURSOR = "is not a cursor that this API gave"


def pack(content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def refusal(call, *arguments):
    with pytest.raises(RequestValidationError) as raised:
        call(*arguments)
    (fault,) = raised.value.errors()
    assert fault["loc"] == ("query", "cursor")
    return fault["msg"]


@given(DATES, st.sampled_from(DAILY))
def test_a_date_comes_back(date, interval):
    cursor = charts.cursor("FPT", interval, date)
    assert charts.before(cursor, "FPT", interval) == date
    assert len(cursor) <= MAX_LENGTH
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?#%")


@given(INSTANTS, st.sampled_from([each for each in ChartInterval if each not in DAILY]))
def test_an_instant_comes_back(instant, interval):
    assert charts.before(charts.cursor("VNINDEX", interval, instant), "VNINDEX", interval) == instant


def test_an_instant_at_midnight_stays_an_instant():
    midnight = dt.datetime(2025, 8, 22, tzinfo=dt.UTC)
    cursor = charts.cursor("FPT", ChartInterval.MINUTE, midnight)
    assert charts.before(cursor, "FPT", ChartInterval.MINUTE) == midnight


@given(
    st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**53), 2**53)),
    st.from_regex(r"[A-Z0-9]{3,10}", fullmatch=True),
)
def test_a_place_in_a_screen_comes_back_exactly(value, symbol):
    place = ScreenPosition(value, symbol)
    cursor = encode(question("signals", "x"), place)
    assert decode(cursor, question("signals", "x"), ScreenPosition) == place
    assert len(cursor) <= MAX_LENGTH


def test_other_places_come_back():
    history = HistoryPosition(dt.datetime(2025, 8, 22, 3, 4, 5, 678000, dt.UTC), "0123456789abcdef" * 2)
    asked = question("history", "VNINDEX")
    assert decode(encode(asked, history), asked, HistoryPosition) == history
    assert len(encode(asked, history)) <= MAX_LENGTH
    assert decode(encode(asked, (3, "FPT")), asked, Place) == (3, "FPT")


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
        pack([PRICES]),
        pack([PRICES, []]),
        pack([PRICES, [5]]),
        pack([PRICES, [None]]),
        pack([PRICES, ["2025-02-30"]]),
        pack([PRICES, ["0001-01-01"]]),
        pack([PRICES, ["9999-12-31"]]),
        pack([PRICES, ["2025-08-22T02:00:00Z"]]),
        pack([PRICES, ["2025-08-22", 1]]),
        pack([{"$gt": ""}, ["2025-08-22"]]),
        charts.cursor("FPT", ChartInterval.DAY, dt.date(2025, 8, 22))[:-3],
        "A" * MAX_LENGTH,
    ],
)
def test_what_is_no_cursor_is_refused(text):
    assert refusal(charts.before, text, "FPT", ChartInterval.DAY) == NO_CURSOR


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "1", True, [1]])
def test_a_figure_of_a_place_is_a_finite_number(value):
    assert refusal(decode, pack(["signals", [value, "FPT"]]), "signals", ScreenPosition) == NO_CURSOR


@pytest.mark.parametrize("before", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2025-08-22"])
def test_an_intraday_cursor_is_an_instant_within_the_calendar(before):
    asked = question("prices", "FPT", ChartInterval.MINUTE)
    assert refusal(charts.before, pack([asked, [before]]), "FPT", ChartInterval.MINUTE) == NO_CURSOR


@pytest.mark.parametrize(("symbol", "interval"), [("VCB", ChartInterval.DAY), ("FPT", ChartInterval.WEEK)])
def test_a_cursor_of_another_series_is_foreign(symbol, interval):
    cursor = charts.cursor("FPT", ChartInterval.DAY, dt.date(2025, 8, 22))
    assert refusal(charts.before, cursor, symbol, interval) == "belongs to another question than this one"


def test_questions_differ_by_each_choice_and_its_position():
    asked = [("x",), ("x", "a"), ("x", None), ("x", "None"), ("x", "a", None), ("x", None, "a"), ("x", "a,b"), ("y",)]
    assert len({question(*each) for each in asked}) == len(asked)


@given(st.text(max_size=MAX_LENGTH))
def test_any_text_is_a_cursor_or_refused(text):
    with contextlib.suppress(RequestValidationError):
        assert isinstance(charts.before(text, "FPT", ChartInterval.MINUTE), dt.datetime)
