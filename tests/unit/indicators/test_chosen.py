"""Indicators that are chosen by name and parameters."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stock_ai.errors import InvalidInputError
from stock_ai.indicators import INDICATORS, RELATIVE, compute, relative_strength
from stock_ai.indicators.chosen import FORMS, choose, compute_chosen
from tests.fakes.panels import random_bars

ALIKE = {
    "sma:20": ["sma_20"],
    "sma:200": ["sma_200"],
    "ema:50": ["ema_50"],
    "rsi:7": ["rsi_7"],
    "rsi": ["rsi_14"],
    "roc:5": ["roc_5"],
    "roc:1": ["roc_1"],
    "macd:12:26:9": ["macd", "macd_signal", "macd_histogram"],
    "bollinger:20:2": ["bollinger_upper", "bollinger_middle", "bollinger_lower"],
    "bollinger": ["bollinger_upper", "bollinger_middle", "bollinger_lower"],
}


def with_hole(bars, at):
    close = bars.close.copy()
    close[at] = np.nan
    return dataclasses.replace(bars, close=close)


@pytest.mark.parametrize("hole", [None, 150])
@pytest.mark.parametrize("name", ALIKE)
def test_chosen_parameters_give_what_the_table_gives_for_them(name, hole):
    bars = random_bars(count=400) if hole is None else with_hole(random_bars(count=400), hole)
    table = compute(bars)
    found = compute_chosen(bars, [choose(name)], len(bars))
    assert len(found) == len(ALIKE[name])
    for (series, values), same in zip(found.items(), ALIKE[name], strict=True):
        np.testing.assert_allclose(values, table[same], rtol=1e-9, err_msg=series)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("end", ["least", "default", "most"])
def test_the_first_value_comes_exactly_after_the_warm_up_at_every_bound(form, end):
    values = [getattr(parameter, end) for parameter in form.parameters]
    choice = form.choice(values)
    bars = random_bars(count=1000)
    for name, column in compute_chosen(bars, [choice], 1000).items():
        assert np.flatnonzero(np.isfinite(column))[0] == choice.warm_up - 1, name
        assert np.isfinite(column[choice.warm_up - 1 :]).all()
    few = compute_chosen(bars.head(choice.warm_up - 1), [choice], 1000)
    assert all(np.isnan(column).all() for column in few.values())


def test_newest_are_the_end_of_the_whole():
    bars, index = random_bars(count=300), random_bars("VNINDEX", count=300)
    choices = [choose(name) for name in ("ema:30", "obv", "rsi_14", "macd:5:35:5", "beta_60")]
    whole = compute_chosen(bars, choices, 300, index)
    newest = compute_chosen(bars, choices, 7, index)
    assert list(newest) == ["ema:30", "obv", "rsi_14", "macd:5:35:5", "macd:5:35:5_signal", "macd:5:35:5_histogram",
                            "beta_60"]  # fmt: skip
    for name, column in newest.items():
        np.testing.assert_allclose(column, whole[name][-7:], rtol=1e-9, err_msg=name)
    np.testing.assert_array_equal(whole["beta_60"], relative_strength(bars, index)["beta_60"])
    np.testing.assert_array_equal(whole["obv"], compute(bars)["obv"])


def test_a_symbol_without_bars_has_no_values():
    found = compute_chosen(random_bars(count=0), [choose("sma:5"), choose("rsi_14"), choose("beta_60")], 10)
    assert {name: column.shape for name, column in found.items()} == {"sma:5": (0,), "rsi_14": (0,), "beta_60": (0,)}


@pytest.mark.parametrize("indicator", [*INDICATORS, *RELATIVE], ids=lambda indicator: indicator.name)
def test_every_indicator_of_the_tables_can_be_chosen(indicator):
    assert choose(indicator.name).series == (indicator.name,)


def test_equal_parameters_have_one_name():
    assert choose("sma:020").name == choose("sma:20.0").name == "sma:20"
    assert choose("bollinger:20:2.00").name == "bollinger:20:2"
    assert choose("bollinger:20:2.50").series[0] == "bollinger:20:2.5_upper"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no indicator ''"),
        ("sma_21", "there is no indicator 'sma_21'"),
        ("RSI_14", "there is no indicator 'RSI_14'"),
        ("rsi_14:3", "there is no indicator"),
        ("sma:1", "period of sma must be from 2 to 500, not 1"),
        ("sma:501", "period of sma must be from 2 to 500, not 501"),
        ("rsi:251", "period of rsi must be from 2 to 250"),
        ("roc:0", "period of roc must be from 1 to 500"),
        ("sma:2.5", "period of sma must be a whole number, not 2.5"),
        ("sma:", "'' is no parameter of sma"),
        ("sma:x", "'x' is no parameter of sma"),
        ("sma:-5", "'-5' is no parameter of sma"),
        ("sma:1e2", "'1e2' is no parameter of sma"),
        ("sma:nan", "'nan' is no parameter of sma"),
        ("sma:99999999999", "is no parameter of sma"),
        ("sma:٢٠", "is no parameter of sma"),
        ("sma:20:5", "sma takes 1 number: period (2 to 500)"),
        ("macd:12", "macd takes 3 numbers: fast (2 to 200), slow (3 to 400), signal (1 to 100)"),
        ("macd:26:12:9", "fast of macd must be below slow, and 26 is not below 12"),
        ("macd:12:12:9", "fast of macd must be below slow"),
        ("bollinger:20:0.4", "deviations of bollinger must be from 0.5 to 5"),
        ("bollinger:20:2.125", "'2.125' is no parameter of bollinger"),
        ("x" * 1000, "there is no indicator"),
    ],
)
def test_a_wrong_name_or_parameter_is_named(text, words):
    with pytest.raises(InvalidInputError) as raised:
        choose(text)
    assert words in str(raised.value)
    assert len(str(raised.value)) < 200


@given(st.one_of(st.text(max_size=30), st.from_regex(r"(sma|ema|rsi|roc|macd|bollinger)(:[\d.]{0,6}){0,4}")))
def test_any_text_is_an_indicator_or_refused(text):
    try:
        choice = choose(text)
    except InvalidInputError:
        return
    again = choose(choice.name)
    assert (again.name, again.series, again.warm_up) == (choice.name, choice.series, choice.warm_up)
