"""Corporate actions out of rounded prices, and re-adjusted histories."""

import datetime as dt
import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stock_ai.quality.actions import corporate_actions
from stock_ai.quality.readjusting import readjustment
from stock_ai.quality.report import ActionKind
from tests.fakes.daily_bars import daily_bars

NOW = dt.datetime(2025, 8, 25, 9, 0, tzinfo=dt.UTC)
DATES = [dt.date(2025, 1, 1) + dt.timedelta(days=number) for number in range(40)]


def history(prices):
    return dict(zip(DATES, prices, strict=False))


@pytest.mark.parametrize(
    ("factor", "kind"),
    [
        (0.5, ActionKind.STOCK),
        (0.909, ActionKind.STOCK),
        (0.98, ActionKind.CASH_DIVIDEND),
        (2, ActionKind.CONSOLIDATION),
    ],
)
def test_an_action_is_dated_sized_and_named(factor, kind):
    close = np.full(10, 20_000.0)
    adjusted = np.where(np.arange(10) < 6, np.rint(close * factor), close)
    (action,) = corporate_actions(daily_bars(close, adjusted_close=adjusted))
    assert (action.date, action.kind) == (dt.date(2024, 1, 9), kind)
    assert action.factor == pytest.approx(factor, abs=1e-4)


@given(st.lists(st.integers(10, 900), min_size=3, max_size=40), st.floats(0.02, 1), st.sampled_from([1, 10]))
def test_rounding_alone_is_never_an_action(hundreds, factor, unit):
    close = np.array(hundreds) * 100.0
    adjusted = np.rint(close * factor / unit) * unit
    assert corporate_actions(daily_bars(close, adjusted_close=adjusted)) == []


@given(st.lists(st.integers(100, 900), min_size=6, max_size=40), st.floats(0.3, 0.97), st.data())
def test_a_change_beyond_rounding_is_always_found(hundreds, factor, data):
    close = np.array(hundreds) * 100.0
    at = data.draw(st.integers(1, len(close) - 1))
    adjusted = np.rint(close * np.where(np.arange(len(close)) < at, factor, 1))
    (action,) = corporate_actions(daily_bars(close, adjusted_close=adjusted))
    assert action.factor == pytest.approx(factor, abs=2e-3)


def test_bars_that_tell_no_ratio_are_passed_over():
    close = [20_000.0, 20_000, 0, 20_000, 20_000]
    adjusted = [10_000.0, -70, 20_000, math.nan, 20_000]
    assert corporate_actions(daily_bars(close, adjusted_close=adjusted)) == []


def test_a_common_factor_on_the_old_prices_is_one_event():
    stored = history([20_000, 21_000, 22_000, 23_000])
    fetched = history([10_000, 10_500, 11_000, 23_000, 24_000])
    event = readjustment("FPT", stored, fetched, "vnstock", NOW)
    assert (event.symbol, event.source, event.detected_at) == ("FPT", "vnstock", NOW)
    assert (event.first, event.last, event.bars, event.consistent) == (DATES[0], DATES[2], 3, True)
    assert event.factor == pytest.approx(0.5)


def test_equal_prices_and_single_rounding_steps_are_no_event():
    stored = history([20_000, 21_000])
    assert readjustment("FPT", stored, stored, "csv", NOW) is None
    assert readjustment("FPT", stored, history([20_001, 20_999]), "csv", NOW) is None
    assert readjustment("FPT", stored, history([20_010, 20_990]), "vci", NOW, unit=10) is None
    assert readjustment("FPT", stored, {DATES[7]: 5}, "csv", NOW) is None
    assert readjustment("FPT", {}, {}, "csv", NOW) is None


@pytest.mark.parametrize(
    "fetched",
    [
        pytest.param([10_000, 10_500, 11_100, 23_000], id="another factor on one of them"),
        pytest.param([20_000, 10_500, 11_000, 23_000], id="the oldest stays"),
        pytest.param([20_000, 21_000, 22_000, 23_100], id="only the newest changes"),
    ],
)
def test_prices_without_a_common_factor_are_in_conflict(fetched):
    event = readjustment("FPT", history([20_000, 21_000, 22_000, 23_000]), history(fetched), "vnstock", NOW)
    assert event.consistent is False


def test_points_are_compared_to_their_own_unit():
    stored = history([Decimal("1600.10"), Decimal("1610.20")])
    fetched = history([Decimal("800.05"), Decimal("805.10")])
    event = readjustment("VNINDEX", stored, fetched, "csv", NOW, unit=0.01)
    assert event.consistent
    assert readjustment("VNINDEX", stored, stored, "csv", NOW, unit=0.01) is None


@given(st.lists(st.floats(20, 90_000), min_size=1, max_size=40), st.floats(0.2, 3), st.sampled_from([1, 10]))
def test_what_one_factor_made_is_consistent_whatever_the_rounding(exact, factor, unit):
    stored = history([round(price / unit) * unit for price in exact])
    fetched = history([round(price * factor / unit) * unit for price in exact])
    event = readjustment("FPT", stored, fetched, "vnstock", NOW, unit)
    assume(event is not None)
    assert event.consistent
    for date, price in stored.items():
        if event.first <= date <= event.last and min(price, fetched[date]) > unit:
            assert abs(price * event.factor - fetched[date]) <= unit / 2 * (1 + event.factor) + 1e-6
