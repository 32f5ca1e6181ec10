"""Market tables for tests of accounts: seeded, with halts, limits and splits, made without a panel."""

from __future__ import annotations

import numpy as np

from stock_ai.evaluation.market_table import MarketTable
from stock_ai.evaluation.predictions import Predictions
from stock_ai.ml.dataset import above_median
from stock_ai.ml.labels import labels


def table(open_, **given):
    """A market of stocks that trade at the given prices without limits; `given` replaces single columns."""
    open_ = np.asarray(open_, dtype=float)
    count = open_.shape[0]
    columns = {
        "sessions": np.busday_offset("2024-01-01", np.arange(count), roll="forward"),
        "symbols": tuple(f"S{number:02}" for number in range(open_.shape[1])),
        "open": open_,
        "adjusted_open": open_,
        "adjusted_close": open_,
        "tradable": np.isfinite(open_),
        "limit_up": np.zeros(open_.shape, dtype=bool),
        "limit_down": np.zeros(open_.shape, dtype=bool),
        "average_volume": np.full(open_.shape, 1e9),
        "traded_value": np.full(open_.shape, 1e10),
        "index_close": np.full(count, 1000.0),
    }
    return MarketTable(**{**columns, **given})


def random_table(seed, sessions=60, stocks=14, gaps=0.05):
    """Random walks in whole VND, some bars missing or untraded, some opens at a limit, a 2:1 split in each stock."""
    draw = np.random.default_rng(seed)
    shape = (sessions, stocks)
    close = np.rint(20_000 * np.exp(np.cumsum(draw.normal(0, 0.02, shape), axis=0)))
    open_ = np.rint(close * np.exp(draw.normal(0, 0.01, shape)))
    factor = np.where(np.arange(sessions)[:, None] < draw.integers(1, sessions, stocks), 0.5, 1.0)
    open_[draw.random(shape) < gaps] = np.nan
    close[np.isnan(open_)] = np.nan
    return table(
        open_ / factor,
        adjusted_open=open_,
        adjusted_close=close,
        tradable=np.isfinite(open_) & (draw.random(shape) > gaps),
        limit_up=draw.random(shape) < gaps,
        limit_down=draw.random(shape) < gaps,
        average_volume=np.where(draw.random(shape) < gaps, np.nan, np.exp(draw.normal(11, 1, shape))),
        traded_value=np.exp(draw.normal(22, 1, shape)),
        index_close=np.cumsum(draw.normal(0, 5, sessions)) + 1000,
    )


def predictions(market, score, first=0):
    """Predictions with P(up) - P(down) in the order of `score` (sessions, stocks), from `first` on; NaN is none.

    What happened is that of the labels on the market's closes.
    """
    classes, excess = labels(market.adjusted_close, np.full(market.open.shape, 0.02))
    known = np.isfinite(score) & (classes >= 0) & (np.arange(len(score)) >= first)[:, None]
    session, symbol = np.nonzero(known)
    up = 0.8 / (1 + np.exp(-score[known]))
    return Predictions(
        probabilities=np.column_stack([0.8 - up, np.full(len(up), 0.2), up]),
        outperformance=up / 0.8,
        classes=classes[known],
        excess=excess[known],
        above=above_median(excess[known], session),
        base=np.full((len(session), 3), 1 / 3),
        fold=market.sessions[session].astype("datetime64[Y]").astype(int) + 1970,
        session=session,
        symbol=symbol,
        sessions=market.sessions,
        symbols=market.symbols,
    )
