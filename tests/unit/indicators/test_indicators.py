"""Indicators against the future, against scale and against holes in the history."""

import dataclasses

import numpy as np
import pytest

from stock_ai.errors import InvalidInputError
from stock_ai.indicators import INDICATORS, Bars, Family, Panel, compute, latest
from tests.fakes.panels import random_bars, real_bars

NAMES = [indicator.name for indicator in INDICATORS]


def scaled(bars, factor):
    prices = {name: getattr(bars, name) * factor for name in ("open", "high", "low", "close", "adjusted_close")}
    return dataclasses.replace(bars, **prices)


def flat(count, volume=1000.0):
    price = np.full(count, 10_000.0)
    dates = np.datetime64("2024-01-01") + np.arange(count)
    return Bars("AAA", dates, price, price, price, price, price, np.full(count, volume), "csv")


def test_table_and_result_name_the_same_indicators_once():
    assert list(compute(random_bars())) == NAMES
    assert len(set(NAMES)) == len(NAMES)
    assert {indicator.family for indicator in INDICATORS} == set(Family) - {Family.RELATIVE}


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: indicator.name)
def test_first_value_comes_exactly_after_the_declared_warm_up(indicator):
    values = compute(random_bars(count=400))[indicator.name]
    assert len(values) == 400
    assert np.flatnonzero(np.isfinite(values))[0] == indicator.warm_up - 1
    assert np.isfinite(values[indicator.warm_up - 1 :]).all()


@pytest.mark.parametrize("count", [1, 19, 60, 251, 252, 333])
def test_no_value_knows_later_bars_of_a_random_history(count):
    bars = random_bars(count=400)
    whole, past = compute(bars), compute(bars.head(count))
    for name in NAMES:
        np.testing.assert_array_equal(whole[name][:count], past[name], err_msg=name)


@pytest.mark.parametrize("symbol", ["FPT", "ACB", "VNINDEX"])
def test_no_value_knows_later_bars_of_a_real_history(shared_data, symbol):
    bars = real_bars(shared_data, symbol, "2022-01-01")
    whole = compute(bars)
    for count in (100, 300, len(bars) - 1):
        past = compute(bars.head(count))
        for name in NAMES:
            np.testing.assert_array_equal(whole[name][:count], past[name], err_msg=name)


def without_close(bars, *positions):
    close = bars.close.copy()
    close[list(positions)] = np.nan
    return dataclasses.replace(bars, close=close)


def still(bars, start, stop):
    """The bars with one price and no volume from `start` to `stop`."""
    columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close", "adjusted_close")}
    for column in columns.values():
        column[start:stop] = bars.close[start]
    volume = bars.volume.copy()
    volume[start:stop] = 0
    return dataclasses.replace(bars, **columns, volume=volume)


@pytest.mark.parametrize("newest", [1, 26, 200, 500])
@pytest.mark.parametrize(
    "bars",
    [
        random_bars(count=400),
        random_bars(count=30),
        without_close(random_bars(count=400), 180, 390),
        still(random_bars(count=400), 330, 399),
        flat(400),
    ],
    ids=["usual", "short", "with holes", "long still", "flat"],
)
def test_the_newest_values_are_the_last_ones_of_the_whole(bars, newest):
    whole, few = compute(bars), compute(bars, newest=newest)
    assert list(few) == NAMES
    for name in NAMES:
        # Sums begin at another bar, and a difference of sums may be a rounding of zero.
        np.testing.assert_allclose(few[name], whole[name][-newest:], rtol=1e-9, atol=1e-7, err_msg=name)


MOVES_WITH_PRICES = {"price", "price x shares", "VND"}
DECIDED_BY_TIES = {"adx_14", "plus_di_14", "minus_di_14", "obv"}


@pytest.mark.parametrize("factor", [0.5, 1024.0])
def test_prices_scale_and_the_rest_does_not(factor):
    """By a power of two, which rounds nothing: the directional indicators and the candles too."""
    bars = random_bars()
    before, after = compute(bars), compute(scaled(bars, factor))
    for indicator in INDICATORS:
        expected = before[indicator.name] * (factor if indicator.unit in MOVES_WITH_PRICES else 1)
        np.testing.assert_allclose(after[indicator.name], expected, rtol=1e-9, atol=1e-9, err_msg=indicator.name)


def test_scale_by_any_factor_changes_no_more_than_rounding():
    bars = random_bars()
    before, after = compute(bars), compute(scaled(bars, 0.3717))
    for indicator in INDICATORS:
        if indicator.name not in DECIDED_BY_TIES and indicator.family is not Family.CANDLE:
            expected = before[indicator.name] * (0.3717 if indicator.unit in MOVES_WITH_PRICES else 1)
            np.testing.assert_allclose(after[indicator.name], expected, rtol=1e-6, atol=1e-6, err_msg=indicator.name)


def test_adjusted_prices_are_used_and_never_mixed_with_traded_ones():
    bars = random_bars(count=100)
    assert bars.adjusted
    assert compute(bars)["sma_50"][49] == pytest.approx((bars.close[:50] * 0.5).mean())
    gap = bars.adjusted_close.copy()
    gap[7] = np.nan
    raw = dataclasses.replace(bars, adjusted_close=gap)
    assert not raw.adjusted
    assert compute(raw)["sma_50"][49] == pytest.approx(bars.close[:50].mean())


def test_without_movement_or_trade_the_undefined_is_null_and_not_extreme():
    last = latest(compute(flat(300)))
    for name in ("rsi_14", "stochastic_k", "stochastic_d", "mfi_14", "bollinger_percent_b", "position_52w"):
        assert last[name] is None, name
    assert (last["sma_20"], last["volatility_20"], last["volume_ratio_20"]) == (10_000, 0, 1)
    assert latest(compute(flat(300, volume=0.0)))["volume_ratio_20"] is None


def test_a_strict_fall_is_a_real_zero_of_rsi():
    count = 60
    dates, price = np.datetime64("2024-01-01") + np.arange(count), 10_000.0 - 10 * np.arange(count)
    bars = Bars("AAA", dates, price, price, price, price, price, np.full(count, 100.0), "csv")
    last = latest(compute(bars))
    assert (last["rsi_14"], last["mfi_14"]) == (0, 0)


def test_history_starts_anew_after_a_hole_and_the_past_stays():
    bars = random_bars(count=400)
    close, volume = bars.close.copy(), bars.volume.copy()
    close[150], volume[300] = np.nan, np.nan
    holed = dataclasses.replace(bars, close=close, adjusted_close=close, volume=volume)
    values = compute(holed)
    before, after = compute(holed.head(150)), compute(dataclasses.replace(holed, **tail(holed, 151)))
    for name in NAMES:
        np.testing.assert_array_equal(values[name][:150], before[name], err_msg=name)
        np.testing.assert_array_equal(values[name][151:], after[name], err_msg=name)
        assert np.isnan(values[name][150])
    assert np.isnan(values["obv"][300])
    assert np.isfinite(values["obv"][301])
    assert np.isfinite(values["sma_20"][300])


def tail(bars, start):
    columns = ("dates", "open", "high", "low", "close", "adjusted_close", "volume")
    return {name: getattr(bars, name)[start:] for name in columns}


def test_bars_refuse_dates_out_of_order_and_columns_of_another_length():
    bars = random_bars(count=5)
    with pytest.raises(InvalidInputError, match=r"AAA: 2022-01-04 does not follow"):
        dataclasses.replace(bars, dates=bars.dates[[0, 1, 1, 3, 4]])
    with pytest.raises(InvalidInputError, match=r"AAA: volume has shape \(4,\)"):
        dataclasses.replace(bars, volume=bars.volume[:4])


def test_a_panel_is_sorted_has_each_symbol_once_and_can_drop_unfinished_bars():
    running = random_bars("BBB", 5, provisional=True)
    panel = Panel.of([running, random_bars("AAA", 5), random_bars("CCC", 0)])
    assert panel.symbols == ("AAA", "BBB")
    assert [(len(bars), bars.provisional) for bars in panel.final()] == [(5, False), (4, False)]
    with pytest.raises(InvalidInputError, match="BBB comes twice"):
        Panel.of([running, running])
