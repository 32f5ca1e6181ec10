"""A stock against the index."""

import dataclasses
import statistics

import numpy as np
import pytest

from stock_ai.indicators import RELATIVE, AdjustedPrices, Null, NullReason, latest, relative_reasons, relative_strength
from tests.fakes.panels import random_bars, real_bars

NAMES = [indicator.name for indicator in RELATIVE]


def without(bars, *positions):
    kept = np.delete(np.arange(len(bars)), positions)
    columns = ("dates", "open", "high", "low", "close", "adjusted_close", "volume")
    return dataclasses.replace(bars, **{name: getattr(bars, name)[kept] for name in columns})


@pytest.fixture(scope="module")
def stock():
    return random_bars("AAA", 300, seed=1)


@pytest.fixture(scope="module")
def index():
    return random_bars("VNINDEX", 300, seed=2)


def test_against_plain_python_on_common_sessions(stock, index):
    stock, index = without(stock, 250, 251), without(index, 200, 280)
    prices, levels = (dict(zip(one.dates, one.adjusted_prices().close, strict=True)) for one in (stock, index))
    days = sorted(prices.keys() & levels.keys())
    own, its = [prices[day] for day in days], [levels[day] for day in days]
    returns = [np.diff(np.log(closes[-61:])).tolist() for closes in (own, its)]
    expected = {
        **{
            f"relative_strength_{period}": 100 * (own[-1] / own[-1 - period] - its[-1] / its[-1 - period])
            for period in (20, 60, 120)
        },
        "beta_60": statistics.covariance(*returns) / statistics.variance(returns[1]),
        "correlation_60": statistics.correlation(*returns),
    }
    values = relative_strength(stock, index)
    assert list(values) == NAMES
    for name, value in latest(values).items():
        assert value == pytest.approx(expected[name]), name
    missing = ~np.isin(stock.dates, index.dates)
    assert missing.sum() == 2
    assert all(np.isnan(column[missing]).all() for column in values.values())


@pytest.mark.parametrize("indicator", RELATIVE, ids=lambda indicator: indicator.name)
def test_first_value_comes_exactly_after_the_declared_warm_up(stock, index, indicator):
    values = relative_strength(stock, index)[indicator.name]
    assert np.flatnonzero(np.isfinite(values))[0] == indicator.warm_up - 1


def test_the_index_against_itself_is_one(index):
    last = latest(relative_strength(index, index))
    assert last["beta_60"] == pytest.approx(1)
    assert last["correlation_60"] == pytest.approx(1)
    assert last["relative_strength_120"] == 0


def test_prices_that_the_caller_has_are_taken(stock, index):
    given = relative_strength(stock, index, stock.adjusted_prices(), index.adjusted_prices())
    own = relative_strength(stock, index)
    for name in NAMES:
        np.testing.assert_array_equal(given[name], own[name])
    # The history before the split is halved in both: without it the returns across it are others.
    raw = relative_strength(stock, index, AdjustedPrices(stock.open, stock.high, stock.low, stock.close))
    assert not np.array_equal(raw["relative_strength_20"], own["relative_strength_20"], equal_nan=True)


@pytest.mark.parametrize("newest", [1, 30, 299, 400])
@pytest.mark.parametrize("absent", [(), (1,), tuple(range(150, 290)), (299,)], ids=["whole", "one", "many", "last"])
def test_the_newest_values_are_the_last_ones_of_the_whole(stock, index, newest, absent):
    index = without(index, *absent)
    whole, few = relative_strength(stock, index), relative_strength(stock, index, newest=newest)
    for name in NAMES:
        np.testing.assert_allclose(few[name], whole[name][-newest:], rtol=1e-9, atol=1e-9, err_msg=name)


def test_scale_changes_nothing(stock, index):
    columns = ("open", "high", "low", "close", "adjusted_close")
    scaled = dataclasses.replace(stock, **{name: getattr(stock, name) * 0.3717 for name in columns})
    before, after = relative_strength(stock, index), relative_strength(scaled, index)
    for name in NAMES:
        np.testing.assert_allclose(after[name], before[name], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("count", [1, 21, 61, 200, 299])
def test_no_value_knows_later_bars(stock, index, count):
    stock, index = without(stock, 120), without(index, 130)
    whole, past = relative_strength(stock, index), relative_strength(stock.head(count), index.head(count - 1))
    for name in NAMES:
        np.testing.assert_array_equal(whole[name][: count - 1], past[name][: count - 1], err_msg=name)


def test_no_value_knows_later_bars_of_a_real_history(shared_data):
    stock, index = (real_bars(shared_data, symbol, "2022-01-01") for symbol in ("FPT", "VNINDEX"))
    whole = relative_strength(stock, index)
    assert None not in latest(whole).values()
    for count in (100, 300, len(stock) - 1):
        past = relative_strength(stock.head(count), index)
        for name in NAMES:
            np.testing.assert_array_equal(whole[name][:count], past[name], err_msg=name)


def test_each_null_has_its_reason(stock, index):
    def why(stock, index):
        return relative_reasons(stock, index, relative_strength(stock, index))

    def flat(bars):
        return dataclasses.replace(bars, close=np.full(300, 1.1), adjusted_close=np.full(300, 1.1))

    close = stock.close.copy()
    close[-1] = np.nan
    assert why(stock, index) == {}
    assert set(why(stock, None).values()) == {Null(NullReason.NO_INDEX)}
    assert set(why(stock, without(index, 299)).values()) == {Null(NullReason.NO_INDEX)}
    assert set(why(dataclasses.replace(stock, close=close), index).values()) == {Null(NullReason.MISSING_PRICE)}
    short = why(stock.head(60), index)
    assert [null.needed for null in short.values()] == [61, 121, 61, 61]
    assert {null.had for null in short.values()} == {60}
    for pair in ((flat(stock), index), (stock, flat(index))):
        assert why(*pair) == dict.fromkeys(("beta_60", "correlation_60"), Null(NullReason.FLAT))
