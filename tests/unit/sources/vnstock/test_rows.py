"""Rows of a provider become bars: units, dates, order, and what is refused."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stock_ai.errors import RetryableError
from stock_ai.models.base import Interval, PriceBasis
from stock_ai.sources.vnstock import rows as convert

EVENING = dt.datetime(2025, 6, 13, 13, tzinfo=dt.UTC)
MORNING = dt.datetime(2025, 6, 13, 3, tzinfo=dt.UTC)


def row(time="2025-06-13 07:00", close="24000.0", volume=1000, **more):
    return {"time": time, "open": close, "high": close, "low": close, "close": close, "volume": volume, **more}


def daily(*rows, symbol="ACB", unit=1, since=None, until=None, now=EVENING):
    return convert.daily(symbol, rows, unit, since, until, now)


@pytest.mark.parametrize(
    ("value", "unit", "vnd"),
    [
        ("20806.8384", 1, 20_807),
        (20.81, 1000, 20_810),
        (0.1 + 0.2, 1000, 300),
        (Decimal("98.7"), 1000, 98_700),
        (1_358_700, 1, 1_358_700),
    ],
)
def test_prices_are_whole_vnd(value, unit, vnd):
    [bar] = daily(row(close=value), unit=unit)
    assert (bar.open, bar.high, bar.low, bar.close, bar.adjusted_close) == (vnd,) * 5
    assert type(bar.close) is int
    assert bar.basis is PriceBasis.ADJUSTED


def test_points_stay_points_in_one_spelling():
    bars = daily(row(close="1290.50"), row(time="2025-06-12", close=1290.5), symbol="VNINDEX", unit=1000)
    assert [str(bar.close) for bar in bars] == ["1290.5", "1290.5"]
    assert bars[0].basis is PriceBasis.RAW
    assert bars[0].adjusted_close == bars[0].close


@pytest.mark.parametrize(
    "stamp",
    [
        "2025-06-13 07:00",
        "2025-06-13 00:00:00",
        "2025-06-13",
        dt.datetime(2025, 6, 13),
        dt.datetime(2025, 6, 12, 17, tzinfo=dt.UTC),
        1749747600000,
    ],
)
def test_a_day_is_its_trading_date_whatever_the_stamp(stamp):
    assert [bar.time for bar in daily(row(time=stamp))] == [dt.date(2025, 6, 13)]


@pytest.mark.parametrize("absent", [None, math.nan, "", "NaN"])
def test_what_is_not_there_is_none(absent):
    [bar] = daily(row(close=absent, volume=absent))
    assert (bar.open, bar.close, bar.adjusted_close, bar.volume) == (None,) * 4


@pytest.mark.parametrize(("volume", "expected"), [("4710900", 4_710_900), (4710900.0, 4_710_900), (-5, -5), (0, 0)])
def test_volumes_are_whole(volume, expected):
    assert daily(row(volume=volume))[0].volume == expected


def test_the_end_of_the_session_makes_a_bar_final():
    rows = [row(), row(time="2025-06-12")]
    assert [bar.provisional for bar in daily(*rows, now=MORNING)] == [False, True]
    assert [bar.provisional for bar in daily(*rows, now=EVENING)] == [False, False]


def test_beyond_the_range_is_cut_and_the_future_is_not():
    rows = [row(time=f"2025-06-{day:02}") for day in (9, 10, 11, 12)] + [row(time="2026-08-01")]
    dates = [bar.time.isoformat() for bar in daily(*rows, since=dt.date(2025, 6, 10))]
    assert dates == ["2025-06-10", "2025-06-11", "2025-06-12", "2026-08-01"]
    dates = [bar.time.isoformat() for bar in daily(*rows, since=dt.date(2025, 6, 10), until=dt.date(2025, 6, 11))]
    assert dates == ["2025-06-10", "2025-06-11"]


@given(
    days=st.lists(st.dates(dt.date(2015, 1, 1), dt.date(2025, 1, 1)), unique=True, max_size=20),
    picks=st.lists(st.integers(0, 19), max_size=40),
    order=st.randoms(use_true_random=False),
)
def test_order_and_repetition_of_rows_make_no_difference(days, picks, order):
    rows = [row(time=f"{day} 07:00", close=10_000 + n, volume=n) for n, day in enumerate(days)]
    answer = rows + [rows[pick] for pick in picks if pick < len(rows)]
    order.shuffle(answer)
    bars = daily(*answer)
    assert [bar.time for bar in bars] == sorted(days)
    assert [(f"{bar.time} 07:00", bar.close) for bar in bars] == sorted((row["time"], row["close"]) for row in rows)


def test_one_date_with_two_contents_is_refused_by_its_date():
    with pytest.raises(RetryableError, match="ACB: 2025-06-13 comes twice"):
        daily(row(), row(time="2025-06-13 00:00", close="24010"))


@pytest.mark.parametrize("column", ["time", "open", "close", "volume"])
def test_a_column_that_is_gone_is_named(column):
    rows = [row(), row(time="2025-06-12")]
    for each in rows:
        del each[column]
    with pytest.raises(RetryableError, match=f"ACB: the answer has no {column}"):
        daily(*rows)


@pytest.mark.parametrize("broken", [{"close": "n/a"}, {"volume": "many"}, {"time": "yesterday"}])
def test_a_cell_that_cannot_be_read_is_named(broken):
    with pytest.raises(RetryableError, match=f"ACB: '{next(iter(broken.values()))}' is no"):
        daily({**row(), **broken})


def doubt(*rows, symbol="ACB", unit=1):
    return convert.doubtful_close(symbol, daily(*rows, symbol=symbol, unit=unit))


@given(price=st.integers(3_100, 1_400_000), factor=st.sampled_from([1000, 1_000_000]))
def test_a_thousandfold_history_is_refused(price, factor):
    with pytest.raises(RetryableError, match="cannot be"):
        doubt(row(close=price), row(time="2025-06-12", close=price + 10), unit=factor)


@given(price=st.integers(1, 99_000))
def test_a_history_of_thousandths_is_refused_or_doubtful(price):
    rows = row(close=price / 1000), row(time="2025-06-12", close=price / 1000)
    # Judged in whole VND, so 19.5 counts as the 20 that it is rounded to.
    if round(price / 1000) >= 20:
        assert doubt(*rows) == round(price / 1000)
    else:
        with pytest.raises(RetryableError, match="cannot be"):
            doubt(*rows)


def test_two_units_in_one_history_are_refused():
    rows = [row(time=f"2025-06-{day:02}", close=24_000 if day < 12 else 24) for day in range(2, 14)]
    with pytest.raises(RetryableError, match="24000 and 24 VND"):
        doubt(*rows)


def test_what_trades_for_little_or_in_points_is_no_wrong_unit():
    assert doubt(row(close=10), symbol="CFPT2501") is None
    assert doubt(row(close=57.3), symbol="HNXINDEX") is None
    assert doubt(row(close=None), row(time="2025-06-12", close=0)) is None
    assert doubt(row(close=200)) is None
    assert doubt() is None


def test_intraday_bars_are_utc_instants_without_fillers():
    rows = [
        row(time="2025-06-13 09:15"),
        row(time=dt.datetime(2025, 6, 13, 11, 35), close=math.nan, volume=0),
        row(time="2025-06-13 13:00:00", close=None, volume=500),
        row(time="2025-06-12 14:45"),
    ]
    day = dt.date(2025, 6, 13)
    bars = convert.intraday("ACB", Interval.MINUTES_5, rows, 1, day, day, MORNING)
    assert [bar.time for bar in bars] == [
        dt.datetime(2025, 6, 13, 2, 15, tzinfo=dt.UTC),
        dt.datetime(2025, 6, 13, 6, 0, tzinfo=dt.UTC),
    ]
    assert [bar.provisional for bar in bars] == [False, True]


@pytest.mark.parametrize(("minute", "provisional"), [(19, True), (20, False)])
def test_an_intraday_bar_is_provisional_until_its_span_is_over(minute, provisional):
    day, now = dt.date(2025, 6, 13), dt.datetime(2025, 6, 13, 2, minute, tzinfo=dt.UTC)
    [bar] = convert.intraday("ACB", Interval.MINUTES_5, [row(time="2025-06-13 09:15")], 1, day, day, now)
    assert bar.provisional is provisional


def board(*rows, now=EVENING):
    return convert.board(rows, now)


def test_the_board_has_who_traded_today():
    bars = board(
        row(time="2025-06-13", symbol="FPT"),
        row(time=1749800700000, symbol="ACB", close="23500.0"),
        row(time="2025-06-12", symbol="OLD"),
        row(time="2025-06-13", symbol="NIL", volume=0),
        row(time=None, symbol="NEW", close=0, volume=None),
    )
    assert [(bar.symbol, bar.close) for bar in bars] == [("ACB", 23_500), ("FPT", 24_000)]
    assert {bar.basis for bar in bars} == {PriceBasis.RAW}
    assert {bar.adjusted_close for bar in bars} == {None}
    assert board(row(time="2025-06-13", symbol="FPT"), now=MORNING)[0].provisional


def test_a_board_shows_zero_for_a_price_that_there_is_not():
    [bar] = board(row(time="2025-06-13", symbol="FPT", open=0))
    assert (bar.open, bar.close) == (None, 24_000)


def test_a_board_in_thousands_is_refused():
    with pytest.raises(RetryableError, match="price board"):
        board(row(time="2025-06-13", symbol="FPT", close=98.7))
    assert board(row(time="2025-06-13", symbol="CFPT2501", close=10))[0].close == 10
