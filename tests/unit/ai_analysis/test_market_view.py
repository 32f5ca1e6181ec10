"""Newest indicators with a reason for every null, and numbers that are the same wherever they are computed."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.ai_analysis.market import look, rounded
from stock_ai.indicators import INDICATORS, RELATIVE, Panel, compute, latest
from stock_ai.ml.features import FEATURE_NAMES
from tests.fakes.panels import random_bars, tail


def test_every_null_has_its_reason_and_nothing_else_has(panel):
    flat = random_bars("FLAT", 300)
    still = dict.fromkeys(("open", "high", "low", "close", "adjusted_close"), np.full(300, 20_000.0))
    silent = random_bars("MUTE", 300)
    volume = silent.volume.copy()
    volume[-1] = np.nan
    odd = Panel.of(
        [
            *panel,
            dataclasses.replace(flat, **still),
            dataclasses.replace(silent, volume=volume),
            random_bars("ONE", 1),
            random_bars("SOME", 40),
        ]
    )
    seen = look(odd).seen
    assert set(seen) == set(odd.symbols)
    for one in seen.values():
        assert set(one.nulls) == {name for name, value in one.indicators.items() if value is None}
        assert all(math.isfinite(value) for value in one.indicators.values() if value is not None)
        for name, value in latest(compute(one.bars)).items():
            assert one.indicators[name] == (None if value is None else pytest.approx(value, rel=1e-9)), name
    assert seen["S00"].nulls == {}
    new = seen["NEW"].nulls["sma_200"]
    assert (new.reason, new.needed, new.had) == ("warm_up", 200, 96)
    assert seen["NEW"].nulls["relative_strength_120"].model_dump() == {"reason": "warm_up", "needed": 121, "had": 96}
    assert seen["MUTE"].nulls["mfi_14"].reason == "no_volume"
    assert seen["FLAT"].nulls["correlation_60"].reason == "flat"
    assert seen["VNINDEX"].nulls["traded_value_20"].reason == "index"
    assert len(seen["ONE"].nulls) > 80


def test_relative_strength_is_against_vnindex_and_of_stocks_only(panel):
    every, relative = ({one.name for one in table} for table in (INDICATORS, RELATIVE))
    seen = look(panel).seen
    assert set(seen["S00"].indicators) == every | relative
    assert set(seen["VNINDEX"].indicators) == every
    stock, index = (panel.bars[panel.symbols.index(symbol)].adjusted_close for symbol in ("S00", "VNINDEX"))
    expected = 100 * (stock[-1] / stock[-21] - index[-1] / index[-21])
    np.testing.assert_allclose(seen["S00"].indicators["relative_strength_20"], expected, rtol=1e-8)


def test_without_the_index_relative_strength_is_null_for_that_reason(panel):
    seen = look(Panel.of(bars for bars in panel if bars.symbol != "VNINDEX")).seen["S00"]
    assert {seen.indicators[one.name] for one in RELATIVE} == {None}
    assert {null.reason for null in seen.nulls.values()} == {"no_index"}


def test_the_sessions_are_those_of_the_market_and_at_least_as_many_as_the_model_needs(panel):
    lone = tail(random_bars("LONE", 400), 30)
    sessions = look(Panel.of([*panel, lone])).sessions
    np.testing.assert_array_equal(sessions, panel.bars[-1].dates[-260:])


def test_features_are_those_of_the_last_bar_and_a_halted_stock_has_none(panel):
    halted = random_bars("AAA", 350).head(300)
    seen = look(Panel.of([*panel, halted])).seen
    assert np.isnan(seen["AAA"].features).all()
    assert np.isnan(seen["VNINDEX"].features).all()
    for symbol in ("S00", "S29"):
        logs = np.log(panel.bars[panel.symbols.index(symbol)].adjusted_close)
        assert seen[symbol].features[FEATURE_NAMES.index("return_5")] == pytest.approx(logs[-1] - logs[-6])


@given(st.lists(st.floats(1e-12, 1e20) | st.floats(-1e20, -1e-12) | st.just(0.0), min_size=1))
def test_a_rounded_number_is_the_decimal_of_ten_digits(values):
    for value, result in zip(values, rounded(np.array(values)).tolist(), strict=True):
        assert result == float(f"{result:.10g}")
        assert abs(result - value) <= abs(value) * 5.000001e-10


def test_rounding_keeps_what_is_undefined():
    np.testing.assert_array_equal(rounded(np.array([np.nan, 1 / 3, 1e9 / 3])), [np.nan, 0.3333333333, 333333333.3])
