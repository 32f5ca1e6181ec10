"""Breadth of the market against counting by hand, against the future and on odd panels."""

import dataclasses

import numpy as np
import pytest

from stock_ai.indicators import Bars, Panel, breadth
from tests.fakes.panels import cut, random_bars, random_panel, real_panel

FIELDS = [field.name for field in dataclasses.fields(breadth(Panel.of([])))]


def line(symbol, closes, start=0):
    price = np.array(closes, dtype=float)
    dates = np.datetime64("2024-01-01") + np.arange(start, start + len(price))
    return Bars(symbol, dates, price, price, price, price, price, np.full(len(price), 100.0), "csv")


def same(one, other, count):
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(one, name)[:count], getattr(other, name)[:count], err_msg=name)


def test_counts_of_a_small_market():
    market = breadth(
        Panel.of(
            [
                line("AAA", [10, 11, 11, 12]),
                line("BBB", [10, 9, 9, 8]),
                line("CCC", [10, 11], start=2),
                line("VNINDEX", [1000, 1001, 1002, 1003]),
            ]
        )
    )
    assert market.dates.astype(str).tolist() == ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
    assert market.stocks.tolist() == [2, 2, 3, 3]
    assert market.advancers.tolist() == [0, 1, 0, 2]
    assert market.decliners.tolist() == [0, 1, 0, 1]
    assert market.unchanged.tolist() == [0, 0, 2, 0]
    assert market.advance_decline_line.tolist() == [0, 0, 0, 1]
    assert np.isnan(market.above_sma_20).all()
    assert market.year_stocks.tolist() == [0] * 4


def test_highs_lows_and_averages_against_plain_python():
    falling = [random_bars(f"D{number}", 300, drift=-0.01) for number in range(4)]
    panel = Panel.of([*random_panel(8, 300, seed=4), *falling])
    market = breadth(panel)
    prices = [bars.adjusted_prices() for bars in panel]
    for t in (251, 275, 299):
        assert market.new_highs[t] == sum(one.high[t] > one.high[t - 251 : t].max() for one in prices)
        assert market.new_lows[t] == sum(one.low[t] < one.low[t - 251 : t].min() for one in prices)
        for period, share in (
            (20, market.above_sma_20),
            (50, market.above_sma_50),
            (200, market.above_sma_200),
        ):
            above = [one.close[t] > one.close[t - period + 1 : t + 1].mean() for one in prices]
            assert share[t] == pytest.approx(sum(above) / 12)
    assert market.new_highs.sum() > 0
    assert market.new_lows.sum() > 0
    assert market.year_stocks.tolist() == [0] * 251 + [12] * 49
    assert np.flatnonzero(np.isfinite(market.above_sma_200))[0] == 199


def test_mcclellan_oscillator_is_the_difference_of_two_averages():
    market = breadth(random_panel(12, 100, seed=4))
    net = 1000 * (market.advancers - market.decliners) / (market.advancers + market.decliners).clip(1)

    def average(period):
        value = net[:period].mean()
        for one in net[period:]:
            value += 2 / (period + 1) * (one - value)
        return value

    assert market.mcclellan_oscillator[-1] == pytest.approx(average(19) - average(39))
    assert np.flatnonzero(np.isfinite(market.mcclellan_oscillator))[0] == 38


@pytest.mark.parametrize("session", [0, 18, 60, 251, 320])
def test_no_session_knows_later_bars(session):
    panel = Panel.of([*random_panel(8, 330), random_bars("NEW", 40)])
    date = panel.bars[-1].dates[session]
    same(breadth(panel), breadth(cut(panel, date)), session + 1)
    assert len(breadth(cut(panel, date)).dates) == session + 1


def test_no_session_knows_later_bars_of_a_real_market(shared_data):
    panel = real_panel(shared_data, 10)
    market = breadth(panel)
    for session in (100, 300, len(market.dates) - 2):
        same(market, breadth(cut(panel, market.dates[session])), session + 1)


def test_history_starts_anew_after_a_bar_without_price():
    holed = line("AAA", [10, 11, np.nan, 12, 13])
    market = breadth(Panel.of([holed, line("BBB", [10, 10, 10, 10, 10])]))
    assert market.stocks.tolist() == [2, 2, 1, 2, 2]
    assert market.advancers.tolist() == [0, 1, 0, 0, 1]
    assert market.unchanged.tolist() == [0, 1, 1, 1, 1]


@pytest.mark.parametrize(
    "bars",
    [[], [line("VNINDEX", [1, 2, 3])], [line("AAA", [np.nan, 0, -1, np.inf])]],
    ids=["none", "index", "unpriced"],
)
def test_a_market_without_stocks_has_no_sessions(bars):
    market = breadth(Panel.of(bars))
    assert all(len(getattr(market, name)) == 0 for name in FIELDS)


def test_one_bar_is_a_session_of_which_little_is_known():
    market = breadth(Panel.of([line("AAA", [10])]))
    assert (market.stocks.tolist(), market.advancers.tolist(), market.unchanged.tolist()) == ([1], [0], [0])
    assert np.isnan([market.above_sma_20[0], market.mcclellan_oscillator[0]]).all()
