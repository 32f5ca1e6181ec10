"""Figures of a backtest by hand, what foresight and noise must come to, and classes of liquidity."""

import dataclasses
import itertools

import numpy as np
import pytest

from stock_ai.errors import InvalidInputError
from stock_ai.evaluation.backtest import backtest, equal_weight, growth, returns
from stock_ai.evaluation.deciles import best, decile
from stock_ai.evaluation.liquidity import by_liquidity, members
from stock_ai.evaluation.report import LiquidityClass, Rules
from tests.fakes.markets import predictions, random_table, table


def everything(rows):
    return np.ones(len(rows), dtype=bool)


@pytest.fixture(scope="module")
def market():
    found = random_table(5, sessions=300, stocks=40)
    return dataclasses.replace(found, average_volume=np.full(found.open.shape, 1e9))


@pytest.fixture(scope="module")
def noise(market):
    return predictions(market, np.random.default_rng(2).normal(size=market.open.shape), first=20)


@pytest.fixture(scope="module")
def foresight(market):
    """The next five sessions, from the open at which they can be entered."""
    ahead = np.full(market.open.shape, np.nan)
    ahead[:-6] = market.adjusted_open[6:] / market.adjusted_open[1:-5] - 1
    return predictions(market, ahead * 20, first=20)


def test_returns_by_hand():
    found = returns(np.array([1.0, 1.1, 0.88, 0.968]))
    assert found.total == pytest.approx(-0.032)
    assert found.annual == pytest.approx(0.968 ** (250 / 3) - 1)
    assert found.max_drawdown == pytest.approx(0.2)
    daily = np.array([0.1, -0.2, 0.1])
    assert found.sharpe == pytest.approx(daily.mean() / daily.std(ddof=1) * 250**0.5)
    assert returns(growth(np.zeros(5))).sharpe == 0


def test_equal_weight_by_hand():
    market = table(
        [[10, 20, np.nan], [10, 20, 50], [11, np.nan, 50], [11, 30, 50]],
        adjusted_close=np.array([[10, 20, np.nan], [12, 18, 50], [12, np.nan, 50], [12, 27, 60]]),
    )
    found = equal_weight(market, np.ones((4, 3), dtype=bool))
    # The third stock has no close before its first bar; the second comes back from a halt at 27 after 18.
    np.testing.assert_allclose(found.daily, [0, (0.2 - 0.1) / 2, 0, (0 + 0.5 + 0.2) / 3])
    np.testing.assert_allclose(found.overnight, [0, 0, (11 / 12 - 1 + 0) / 2, (11 / 12 - 1 + 30 / 18 - 1 + 0) / 3])
    np.testing.assert_allclose(found.intraday[1], (0.2 - 0.1) / 2)
    only = np.zeros((4, 3), dtype=bool)
    only[0, 1] = True
    np.testing.assert_allclose(equal_weight(market, only).daily, [0, -0.1, 0, 0])


def test_noise_earns_nothing_before_cost_and_loses_the_cost_after(market, noise):
    found = backtest(noise, market, seed=1)
    gross, net = found.gross_invested_excess, found.invested_excess
    assert gross.low < 0 < gross.high
    # 40 bp for each purchase with its sale; what is wanted again is not traded.
    assert gross.value - net.value == pytest.approx(36, abs=6)
    assert found.invested == pytest.approx(5 / 7, abs=0.1)
    assert found.net.total < found.gross.total


def test_foresight_earns(market, foresight):
    found = backtest(foresight, market)
    assert found.invested_excess.low > 100
    assert found.net_excess.low > 100
    assert found.net.annual > found.equal_weight.annual


def test_figures_agree_with_each_other(market, noise):
    found = backtest(noise, market, seed=1)
    assert found == backtest(noise, market, seed=1)
    curve = found.equity
    assert curve.net[0] == curve.equal_weight[0] == curve.index[0] == 1
    assert curve.net[-1] == pytest.approx(1 + found.net.total, abs=1e-6)
    assert curve.dates[0] == market.sessions[20].item()
    for name in ("net", "gross", "equal_weight", "index"):
        whole = np.prod([1 + getattr(year, name) for year in found.years])
        assert whole == pytest.approx(1 + getattr(found, name).total)
    assert found.cost_per_year == pytest.approx(found.turnover * 0.004, rel=0.02)


def test_signals_that_are_all_equal_leave_the_money_in_cash(market):
    found = backtest(predictions(market, np.zeros(market.open.shape)), market)
    assert found.purchases == found.cost == found.invested == 0
    assert found.net.total == found.net.sharpe == found.invested_excess.value == 0


def test_without_an_index_there_are_no_figures_of_it(noise, market):
    found = backtest(noise, dataclasses.replace(market, index_close=np.full(300, np.nan)))
    assert found.index is None
    assert found.equity.index is None
    assert found.years[0].index is None


def test_predictions_are_found_in_the_table_by_name(market, noise):
    """A table that begins later and lists its stocks in another order gives the same figures."""
    order = np.argsort(np.random.default_rng(1).random(40))
    turned = {
        name: getattr(market, name)[10:, order]
        for name in (
            "open", "adjusted_open", "adjusted_close", "tradable", "limit_up", "limit_down", "average_volume",
            "traded_value",
        )
    }  # fmt: skip
    other = dataclasses.replace(
        market,
        sessions=market.sessions[10:],
        symbols=tuple(market.symbols[at] for at in order),
        index_close=market.index_close[10:],
        **turned,
    )
    assert backtest(noise, other).net.total == pytest.approx(backtest(noise, market).net.total)


def test_what_the_table_lacks_is_refused(market, noise):
    with pytest.raises(InvalidInputError, match="symbol"):
        backtest(dataclasses.replace(noise, symbols=("XXX", *noise.symbols[1:])), market)
    with pytest.raises(InvalidInputError, match="session"):
        backtest(dataclasses.replace(noise, sessions=noise.sessions + np.timedelta64(365, "D")), market)
    with pytest.raises(InvalidInputError, match="none"):
        backtest(predictions(market, np.full(market.open.shape, np.nan)), market)


def test_the_best_tenth_is_a_tenth_and_ties_stand_together():
    session = np.repeat([0, 1, 2], [20, 20, 9])
    score = np.concatenate([np.arange(20), np.zeros(20), np.arange(9)]).astype(float)
    assert np.flatnonzero(best(score, session)).tolist() == [18, 19]
    assert best(score, session, share=1).sum() == 40
    assert best(np.arange(119.0), np.zeros(119, dtype=int)).sum() == 12


def test_the_plain_figure_by_hand(market):
    score = np.random.default_rng(8).normal(size=market.open.shape)
    made = predictions(market, score, first=20)
    spreads = []
    for _, group in itertools.groupby(range(len(made)), lambda row: made.session[row]):
        rows = list(group)
        ranked = sorted(rows, key=lambda row: made.probabilities[row, 2] - made.probabilities[row, 0])
        count = sum(position / (len(rows) - 1) >= 0.9 - 1e-9 for position in range(len(rows)))
        spreads.append(made.excess[ranked[-count:]].mean() - made.excess[rows].mean())
    found = decile(made, everything(made), seed=3)
    assert found.sessions == len(spreads)
    assert found.gross.value == pytest.approx(np.mean(spreads) * 10_000)
    assert found.net.value == pytest.approx(found.gross.value - 35)
    assert found.gross.low < found.gross.value < found.gross.high


def test_the_classes_share_out_all_known_values():
    values = np.array([np.nan, 0, 9.9e8, 1e9, 4.9e9, 5e9, 1e13])
    found = [members(values, liquidity).tolist() for liquidity in LiquidityClass]
    assert found == [
        [False, False, False, False, False, True, True],
        [False, False, False, True, True, False, False],
        [False, True, True, False, False, False, False],
    ]


def test_each_class_is_compared_with_its_own_stocks(market, foresight):
    """Two classes with a market of their own each: the low one rises for all, which is no merit of the signals."""
    rich = np.zeros(market.open.shape)
    rich[:, :20] = 1e10
    rise = 1.01 ** np.arange(300)[:, None]
    lifted = dataclasses.replace(
        market,
        traded_value=rich,
        **{
            name: np.where(rich > 0, getattr(market, name), np.rint(getattr(market, name) * rise))
            for name in ("open", "adjusted_open", "adjusted_close")
        },
    )
    noise = predictions(lifted, np.random.default_rng(4).normal(size=rich.shape), first=20)
    high, middle, low = by_liquidity(noise, lifted, Rules(capital=1e12), seed=1)
    assert (high.liquidity, middle.liquidity, low.liquidity) == tuple(LiquidityClass)
    assert low.equal_weight.annual > 5 * high.equal_weight.annual
    for one in (high, low):
        assert one.stocks == pytest.approx(18, abs=1)
        assert one.decile.gross.low < 0 < one.decile.gross.high
        assert abs(one.gross_invested_excess.value) < 60
    assert middle.decile is None
    assert middle.net is None


def test_the_participation_limit_keeps_money_out_of_what_few_trade(market, noise):
    thin = dataclasses.replace(market, average_volume=np.full(market.open.shape, 5_000.0))
    assert backtest(noise, thin).invested < 0.1 * backtest(noise, market).invested
