"""Bad histories: no error, no infinity, and a reason for each null."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stock_ai.indicators import (
    INDICATORS,
    Bars,
    Null,
    NullReason,
    compute,
    latest,
    reasons,
    relative_reasons,
    relative_strength,
)
from tests.fakes.panels import random_bars

NAMES = [indicator.name for indicator in INDICATORS]
OF_VOLUME = {indicator.name for indicator in INDICATORS if indicator.needs_volume}
FLAT_WITHOUT_MEANING = {
    "bollinger_percent_b",
    "rsi_7",
    "rsi_14",
    "stochastic_k",
    "stochastic_d",
    "stochastic_rsi_k",
    "stochastic_rsi_d",
    "williams_r_14",
    "cci_20",
    "ultimate_oscillator",
    "mfi_14",
    "aroon_up_25",
    "aroon_down_25",
    "aroon_oscillator_25",
    "trend_r2_20",
    "position_52w",
    *(name for name in NAMES if name.startswith("candle_")),
}
WITHOUT_TRADE = {"mfi_14", "cmf_20", "volume_ratio_20", "vwap_20"}


def history(table, symbol="AAA", adjusted=True):
    table = np.asarray(table, dtype=np.float64).reshape(-1, 6)
    dates = np.datetime64("2024-01-01") + np.arange(len(table))
    columns = np.ascontiguousarray(table.T)
    if not adjusted:
        columns[4] = np.nan
    return Bars(symbol, dates, *columns, "csv")


def flat(count, volume=1000.0):
    return history([(10_000.0,) * 5 + (volume,)] * count)


def why(bars):
    return reasons(bars, compute(bars))


def of(nulls, reason):
    return {name for name, null in nulls.items() if null.reason is reason}


def test_a_full_history_has_no_null():
    assert why(random_bars(count=300)) == {}


@pytest.mark.parametrize("count", [0, 1, 19, 251])
def test_a_short_history_says_how_many_bars_are_needed(count):
    expected = {
        indicator.name: Null(NullReason.WARM_UP, indicator.warm_up, count)
        for indicator in INDICATORS
        if indicator.warm_up > count
    }
    assert why(random_bars(count=count)) == expected


def test_bars_are_counted_from_the_hole_on():
    bars = random_bars(count=300)
    volume = bars.volume.copy()
    volume[289] = np.nan
    nulls = why(dataclasses.replace(bars, volume=volume))
    assert nulls["vwap_20"] == Null(NullReason.WARM_UP, 20, 10)
    assert set(nulls) == {one.name for one in INDICATORS if one.needs_volume and one.warm_up > 10}


def test_a_missing_price_or_volume_of_the_newest_bar_is_the_reason():
    bars = random_bars(count=300)
    close, volume = bars.close.copy(), bars.volume.copy()
    close[-1], volume[-1] = 0, np.nan
    assert of(why(dataclasses.replace(bars, close=close)), NullReason.MISSING_PRICE) == set(NAMES)
    assert of(why(dataclasses.replace(bars, volume=volume)), NullReason.NO_VOLUME) == OF_VOLUME
    assert why(dataclasses.replace(bars, volume=-bars.volume)) == dict.fromkeys(
        [name for name in NAMES if name in OF_VOLUME], Null(NullReason.NO_VOLUME)
    )


@pytest.mark.parametrize("price", [10_000.0, 12_345.67])
def test_a_flat_history_says_nothing_where_zero_would_be_divided_by_zero(price):
    bars = history([(price,) * 4 + (price * 0.3717, 1000.0)] * 300)
    nulls = why(bars)
    assert set(nulls) == of(nulls, NullReason.FLAT) == FLAT_WITHOUT_MEANING


def test_without_trade_volume_is_the_reason():
    nulls = why(flat(300, volume=0.0))
    assert of(nulls, NullReason.NO_VOLUME) == WITHOUT_TRADE
    moving = dataclasses.replace(random_bars(count=300), volume=np.zeros(300))
    nulls = why(moving)
    assert set(nulls) == of(nulls, NullReason.NO_VOLUME) == WITHOUT_TRADE


def test_a_halt_after_a_lively_history_is_flat_whatever_the_sums_left_over():
    """Running sums keep a rest of the lively days; a rest over a rest is no reading."""
    lively = random_bars(count=300, seed=3)
    price = lively.close[-1]
    halted = [(price,) * 5 + (0.0,)] * 40
    table = np.vstack([np.column_stack([getattr(lively, name) for name in COLUMNS]), halted])
    nulls = why(history(table, adjusted=False))
    assert of(nulls, NullReason.NO_VOLUME) == WITHOUT_TRADE
    assert of(nulls, NullReason.FLAT) == FLAT_WITHOUT_MEANING - {"rsi_7", "rsi_14", "mfi_14", "position_52w"}


COLUMNS = ("open", "high", "low", "close", "adjusted_close", "volume")


def test_traded_value_says_nothing_of_an_index():
    bars = random_bars("VNINDEX", 300)
    assert why(bars) == {"traded_value_20": Null(NullReason.INDEX)}
    silent = dataclasses.replace(bars, volume=np.full(300, np.nan))
    assert of(why(silent), NullReason.NO_VOLUME) == OF_VOLUME - {"traded_value_20"}
    assert latest(compute(silent))["rsi_14"] is not None


odd = [0.0, -5.0, math.nan, math.inf, -math.inf, 1e-300, 1e300]
prices = st.sampled_from([*odd, 10.0, 10.0, 10.0, 11.0, 9.5, 1e9, 1e-5, 1e15])
volumes = st.sampled_from([*odd, 0.0, 1.0, 0.1, 1e6, 1e15])
sound = st.tuples(*[st.floats(1e-6, 1e15)] * 5, st.floats(0, 1e15))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(prices, prices, prices, prices, prices, volumes), max_size=60)
    | st.lists(sound, min_size=20, max_size=80),
    quiet=st.sampled_from([0, 1, 15, 30, 60, 260]),
    silent=st.booleans(),
    symbol=st.sampled_from(["AAA", "VNINDEX"]),
    last=st.tuples(prices, volumes),
)
def test_any_history_gives_values_or_reasons_without_error_or_infinity(rows, quiet, silent, symbol, last):
    still = (10.0,) * 5 + (0.0 if silent else 100.0,)
    bars = history([*rows, *[still] * quiet, *[(last[0],) * 5 + (last[1],)] * (quiet % 2)], symbol)
    values = compute(bars)
    assert list(values) == NAMES
    assert all(column.shape == (len(bars),) and column.dtype == np.float64 for column in values.values())
    assert not any(np.isinf(column).any() for column in values.values())
    newest = latest(values)
    nulls = reasons(bars, values)
    assert set(nulls) == {name for name, value in newest.items() if value is None}
    for null in nulls.values():
        assert (null.reason is NullReason.WARM_UP) == (null.needed is not None)
        assert null.reason is not NullReason.WARM_UP or null.had < null.needed

    index = random_bars("VNINDEX", 90)
    index = dataclasses.replace(index, dates=np.datetime64("2024-01-05") + np.arange(90))
    for other in (index, bars, None):
        relative = relative_strength(bars, other)
        assert not any(np.isinf(column).any() for column in relative.values())
        unknown = {name for name, value in latest(relative).items() if value is None}
        assert set(relative_reasons(bars, other, relative)) == unknown
