"""The backtest on the real market: chance earns nothing before cost, and every trade could have been made."""

import dataclasses
import time

import numpy as np
import pytest

from stock_ai.evaluation.account import simulate
from stock_ai.evaluation.backtest import backtest
from stock_ai.evaluation.deciles import best, decile, scores
from stock_ai.evaluation.liquidity import by_liquidity
from stock_ai.evaluation.market_table import market_table
from stock_ai.evaluation.report import LiquidityClass, Rules
from tests.fakes.markets import predictions
from tests.fakes.panels import real_panel


@pytest.fixture(scope="module")
def market(shared_data):
    return market_table(real_panel(shared_data, count=200, since="2018-01-01"))


@pytest.fixture(scope="module")
def chance(market):
    score = np.random.default_rng(0).normal(size=market.open.shape)
    return predictions(market, np.where(np.isfinite(market.traded_value), score, np.nan), first=260)


def test_chance_earns_equal_weight_before_cost_and_loses_the_cost(market, chance):
    began = time.perf_counter()
    found = backtest(chance, market, seed=1)
    classes = by_liquidity(chance, market, seed=1)
    assert time.perf_counter() - began < 60
    assert found.gross_invested_excess.low < 0 < found.gross_invested_excess.high
    assert found.gross_invested_excess.value - found.invested_excess.value == pytest.approx(36, abs=5)
    assert found.invested_excess.high < 0
    assert 0.5 < found.invested < 5 / 7
    assert [one.liquidity for one in classes] == list(LiquidityClass)
    # Few can put ten billion into what hardly trades.
    assert classes[0].invested > classes[1].invested > classes[2].invested
    plain = decile(chance, np.ones(len(chance), dtype=bool), 1)
    assert plain.gross.low < 0 < plain.gross.high


def test_equal_weight_and_the_index_are_those_of_the_bars(market, chance):
    found = backtest(chance, market)
    first = int(chance.session[0])
    closes = market.index_close[np.isfinite(market.index_close) & (np.arange(len(market.sessions)) >= first)]
    assert found.index.total == pytest.approx(closes[-1] / closes[0] - 1)
    # By hand: each bar against the last one of its stock.
    total, last = 1.0, {}
    for day, closes in enumerate(market.adjusted_close[: first + len(found.equity.dates)]):
        there = {stock: close for stock, close in enumerate(closes.tolist()) if close == close}
        changes = [close / last[stock] - 1 for stock, close in there.items() if stock in last]
        last |= there
        if day > first:
            total *= 1 + np.mean(changes)
    assert found.equal_weight.total == pytest.approx(total - 1)


def test_every_real_trade_could_have_been_made(market, chance):
    wanted = np.zeros(market.open.shape, dtype=bool)
    chosen = best(scores(chance), chance.session)
    wanted[chance.session[chosen], chance.symbol[chosen]] = True
    account = simulate(wanted, market, Rules(), int(chance.session[0]), len(market.sessions) - 1)
    trades = account.trades
    bought = trades.shares > 0
    at = (trades.session, trades.symbol)
    assert bought.sum() > 10_000
    assert market.tradable[at].all()
    assert not market.limit_up[at][bought].any()
    assert not market.limit_down[at][~bought].any()
    assert (trades.shares[bought] % 100 == 0).all()
    assert (account.cash >= 0).all()
    assert account.missed > 0
    assert account.postponed > 0
    assert (account.equity > 0).all()
    # A hundredth of opens lie at a limit in a market that moves by 7 % at most.
    assert 0.0005 < market.limit_up.mean() < 0.02


def test_later_bars_change_no_trade_before_them(market, chance):
    part = len(market.sessions) - 200
    wanted = np.zeros(market.open.shape, dtype=bool)
    chosen = best(scores(chance), chance.session)
    wanted[chance.session[chosen], chance.symbol[chosen]] = True
    names = ("open", "adjusted_open", "adjusted_close", "tradable", "limit_up", "limit_down", "average_volume")
    past = dataclasses.replace(market, sessions=market.sessions[:part], **{n: getattr(market, n)[:part] for n in names})
    first = int(chance.session[0])
    long, short = (simulate(wanted, one, Rules(), first, part - 1) for one in (market, past))
    whole = simulate(wanted, market, Rules(), first, len(market.sessions) - 1)
    np.testing.assert_array_equal(long.equity, short.equity)
    np.testing.assert_array_equal(whole.equity[: len(short.equity)], short.equity)
