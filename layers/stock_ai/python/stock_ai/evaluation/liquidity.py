"""Where the figures come from: the same measures among the stocks that many can trade, some can, and few can."""

from __future__ import annotations

import numpy as np

from stock_ai.evaluation.backtest import follow, growth, invested, positions, returns
from stock_ai.evaluation.deciles import decile
from stock_ai.evaluation.market_table import MarketTable
from stock_ai.evaluation.predictions import Predictions
from stock_ai.evaluation.report import LiquidityClass, LiquidityFigures, Rules
from stock_ai.indicators.panel import Flags, Floats

FROM = {LiquidityClass.HIGH: 5e9, LiquidityClass.MIDDLE: 1e9, LiquidityClass.LOW: 0.0}
"""The least traded value of each class, VND a session; each ends where the one above begins."""


def members(traded_value: Floats, liquidity: LiquidityClass) -> Flags:
    """Which values fall into a class; one that is not known falls into none."""
    above = {LiquidityClass.HIGH: np.inf, LiquidityClass.MIDDLE: FROM[LiquidityClass.HIGH]}
    with np.errstate(invalid="ignore"):
        return (traded_value >= FROM[liquidity]) & (traded_value < above.get(liquidity, FROM[LiquidityClass.MIDDLE]))


def by_liquidity(
    predictions: Predictions, table: MarketTable, rules: Rules | None = None, seed: int = 0
) -> tuple[LiquidityFigures, ...]:
    """Figures of each class, most liquid first. A stock may change its class from session to session.

    Raises:
        InvalidInputError: as `backtest.backtest`.
    """
    day, stock = positions(predictions, table)
    return tuple(
        _figures(
            predictions,
            members(table.traded_value, liquidity)[day, stock],
            table,
            liquidity,
            rules or Rules(),
            seed,
        )
        for liquidity in LiquidityClass
    )


def _figures(
    predictions: Predictions, rows: Flags, table: MarketTable, liquidity: LiquidityClass, rules: Rules, seed: int
) -> LiquidityFigures:
    number = float(rows.sum()) / max(len(np.unique(predictions.session)), 1)
    plain = decile(predictions, rows, seed)
    if plain is None:
        return LiquidityFigures(
            liquidity=liquidity,
            stocks=number,
            decile=None,
            net=None,
            equal_weight=None,
            invested_excess=None,
            gross_invested_excess=None,
            invested=None,
        )
    followed = follow(predictions, rows, table, members(table.traded_value, liquidity), rules, seed)
    net = followed.net
    return LiquidityFigures(
        liquidity=liquidity,
        stocks=number,
        decile=plain,
        net=returns(growth(net.equity[1:] / net.equity[:-1] - 1)),
        equal_weight=returns(growth(followed.market.daily[net.session[1:]])),
        invested_excess=followed.invested_excess(net),
        gross_invested_excess=followed.invested_excess(followed.gross),
        invested=invested(net),
    )
