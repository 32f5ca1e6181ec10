"""The account: every rule of the market holds in every trade, and a slow ledger comes to the same money."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stock_ai.errors import InvalidInputError
from stock_ai.evaluation.account import simulate
from stock_ai.evaluation.backtest import equal_weight, growth
from stock_ai.evaluation.market_table import carried
from stock_ai.evaluation.report import Rules
from tests.fakes.markets import random_table, table

FREE = {"commission": 0.0, "sale_tax": 0.0}
seeds = st.integers(0, 2**32 - 1)


def signals(market, seed, share=0.3):
    return np.random.default_rng(seed).random(market.open.shape) < share


def run(market, wanted, **rules):
    return simulate(wanted, market, Rules(**rules), 0, len(market.sessions) - 1)


def rows(account):
    trades = account.trades
    return list(zip(trades.session, trades.symbol, trades.shares, trades.price, trades.cost, strict=True))


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_every_trade_keeps_the_rules(seed):
    market = random_table(seed)
    wanted = signals(market, seed)
    account = run(market, wanted)
    bought_at = {}
    for day, stock, shares, price, cost in rows(account):
        assert market.tradable[day, stock]
        assert price == market.open[day, stock]
        if shares > 0:
            assert wanted[day - 1, stock]
            assert not market.limit_up[day, stock]
            assert shares % 100 == 0
            assert shares <= 0.1 * market.average_volume[day - 1, stock]
            assert cost == round(shares * price * 0.0015)
            bought_at.setdefault(stock, []).append(day)
        else:
            assert not market.limit_down[day, stock]
            assert cost == pytest.approx(-shares * price * 0.0025, abs=1)
            assert day - min(bought_at[stock]) >= 5
    assert (account.cash >= 0).all()
    assert len(rows(account)) > 100


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_a_slow_ledger_comes_to_the_same_money(seed):
    """Shares are counted one by one and scaled on the day of a split; each VND of equity is accounted for."""
    market = random_table(seed)
    account = run(market, signals(market, seed))
    factor = carried(market.adjusted_open / market.open)
    closes = carried(market.adjusted_close) / factor
    cash, due, shares = 10_000_000_000.0, {}, np.zeros(len(market.symbols))
    before = cash
    by_day = {}
    for trade in rows(account):
        by_day.setdefault(trade[0], []).append(trade)
    for day in range(1, len(market.sessions)):
        # A split shows at the next bar; NaN before the first one, where nothing can be held.
        shares = shares * np.nan_to_num(factor[day] / factor[day - 1], nan=1.0)
        held = shares > 0
        earned = 0.0
        cash += due.pop(day, 0.0)
        previous = np.where(held, np.nan_to_num(closes[day - 1] * factor[day - 1] / factor[day]), 0.0)
        earned += float(shares[held] @ (np.nan_to_num(closes[day]) - previous)[held])
        costs = 0.0
        for _, stock, count, price, cost in by_day.get(day, []):
            costs += cost
            if count > 0:
                cash -= count * price + cost
            else:
                due[day + 2] = due.get(day + 2, 0.0) + round(-count * price) - cost
            shares[stock] += count
            earned += count * (closes[day, stock] - price)
        shares[np.abs(shares) < 1e-6] = 0
        worth = float(shares[shares > 0] @ closes[day][shares > 0])
        assert account.cash[day] == cash
        assert account.due[day] == sum(due.values())
        assert account.equity[day] == pytest.approx(cash + sum(due.values()) + worth, abs=1)
        # A sale is rounded to the VND, at most half of one for each.
        assert account.equity[day] - before == pytest.approx(earned - costs, abs=1 + len(by_day.get(day, [])))
        assert account.cost[day] == costs
        before = account.equity[day]


@settings(deadline=None, max_examples=20)
@given(seeds, st.integers(5, 50))
def test_later_bars_change_nothing_before_them(seed, cut):
    market, other = random_table(seed), random_table(seed + 1)
    wanted = signals(market, seed)
    mixed = dataclasses.replace(
        market,
        **{
            name: np.concatenate([getattr(market, name)[:cut], getattr(other, name)[cut:]])
            for name in (
                "open",
                "adjusted_open",
                "adjusted_close",
                "tradable",
                "limit_up",
                "limit_down",
                "average_volume",
            )
        },
    )
    later = wanted.copy()
    later[cut:] = ~later[cut:]
    one, two = run(market, wanted), run(mixed, later)
    for name in ("equity", "cash", "due", "opened", "cost"):
        np.testing.assert_array_equal(getattr(one, name)[:cut], getattr(two, name)[:cut])
    assert [row for row in rows(one) if row[0] < cut] == [row for row in rows(two) if row[0] < cut]


def test_without_signals_there_is_only_cash():
    market = random_table(1)
    account = run(market, np.zeros(market.open.shape, dtype=bool))
    assert (account.equity == 10_000_000_000).all()
    assert not len(account.trades.shares)


def test_everything_always_without_cost_is_equal_weight():
    market = random_table(3, sessions=250, stocks=20, gaps=0)
    market = dataclasses.replace(market, average_volume=np.full(market.open.shape, 1e12))
    always = np.ones(market.open.shape, dtype=bool)
    # Settled at once, all money is in stocks after five sessions.
    account = run(market, always, settlement=0, capital=1e13, **FREE)
    alike = growth(equal_weight(market, always).daily[1:])
    mine = account.equity[10:] / account.equity[10]
    np.testing.assert_allclose(mine, (alike / alike[10])[10:], rtol=0.02)
    assert (account.cash[10:] / account.equity[10:]).max() < 0.01


def test_a_purchase_is_sold_five_sessions_later_and_its_money_comes_two_after_that():
    market = table(np.full((12, 1), 10_000.0))
    wanted = np.zeros((12, 1), dtype=bool)
    wanted[0] = True
    account = run(market, wanted, capital=70_000_000)
    # 70,000,000 / 7 buys 9 lots of 1,000,000 with their commission; ten would need more.
    assert rows(account) == [(1, 0, 900, 10_000, 13_500), (6, 0, -900, 10_000, 22_500)]
    assert account.cash[5] == account.cash[7] == 70_000_000 - 9_013_500
    assert account.due[6] == account.due[7] == 9_000_000 - 22_500
    assert account.cash[8] == account.equity[8] == 70_000_000 - 13_500 - 22_500


def test_what_is_wanted_again_stays():
    market = table(np.full((14, 1), 10_000.0))
    wanted = np.zeros((14, 1), dtype=bool)
    wanted[[0, 5]] = True
    assert [row[0] for row in rows(run(market, wanted))] == [1, 11]


def test_a_purchase_at_limit_up_is_given_up_and_a_sale_at_limit_down_waits():
    up, down = np.zeros((14, 1), dtype=bool), np.zeros((14, 1), dtype=bool)
    up[2], down[6] = True, True
    market = table(np.full((14, 1), 10_000.0), limit_up=up, limit_down=down)
    market.tradable[7] = False
    wanted = np.zeros((14, 1), dtype=bool)
    wanted[[0, 1]] = True
    account = run(market, wanted)
    assert [(row[0], row[2] > 0) for row in rows(account)] == [(1, True), (8, False)]
    assert account.missed == 1
    assert account.postponed == 2


def test_a_split_changes_the_shares_and_not_the_money():
    price = np.where(np.arange(12) < 4, 20_000.0, 10_000.0)[:, None]
    market = table(price, adjusted_open=np.full((12, 1), 10_000.0), adjusted_close=np.full((12, 1), 10_000.0))
    wanted = np.zeros((12, 1), dtype=bool)
    wanted[0] = True
    account = run(market, wanted, **FREE)
    (_, _, bought, *_), (_, _, sold, *_) = rows(account)
    assert sold == -2 * bought
    assert (account.equity == 10_000_000_000).all()


def test_shares_that_have_not_settled_cannot_be_sold():
    market = table(np.full((12, 1), 10_000.0))
    with pytest.raises(InvalidInputError, match="hold"):
        run(market, np.ones((12, 1), dtype=bool), hold=1)


def test_purchases_shrink_to_the_money_that_is_there():
    """Sales that cannot be made leave no money: what is left buys what it can, and then nothing."""
    days = np.arange(20)
    wanted = np.zeros((20, 20), dtype=bool)
    wanted[days, days] = True
    stuck = np.broadcast_to(days[:, None] > 5, (20, 20))
    account = run(table(np.full((20, 20), 10_000.0), limit_down=stuck), wanted)
    assert (account.cash >= 0).all()
    assert account.cash[-1] < 1_001_500
    assert max(account.trades.session) <= 9
