"""A whole evaluation report with made-up figures of the models and a real backtest of random signals."""

from __future__ import annotations

import datetime as dt

import numpy as np

from stock_ai.evaluation.backtest import backtest
from stock_ai.evaluation.deciles import decile
from stock_ai.evaluation.liquidity import by_liquidity
from stock_ai.evaluation.reading import reading
from stock_ai.evaluation.report import (
    Controls,
    Estimate,
    EvaluationReport,
    FeatureImportance,
    Figures,
    Fold,
    Reliability,
    Run,
    Views,
)
from stock_ai.ml.evaluation import reliability
from tests.fakes.markets import predictions, random_table


def around(value, room=0.01):
    return Estimate(value=value, low=value - room, high=value + room)


def figures(**changed):
    """Figures of a model with a ranking and no proven probability skill."""
    usual = {
        "rank_ic": around(0.0612),
        "icir": around(0.3456, 0.1),
        "hit_rate": around(0.5213),
        "confident_hit_rate": around(0.5511),
        "auc": around(0.5288),
        "log_loss_difference": around(-0.0006, 0.001),
        "brier_difference": around(-0.0003, 0.001),
        "calibration_error": around(0.0123, 0.005),
        "coverage": around(0.9876, 0.001),
    }
    return Figures(**{**usual, **changed})


def report(**changed):
    market = random_table(1, sessions=300, stocks=30)
    made = predictions(market, np.random.default_rng(1).normal(size=market.open.shape), first=20)
    rows = np.ones(len(made), dtype=bool)
    views = Views(direction=figures(), classes=Figures(log_loss_difference=around(-0.002)))
    controls = Controls(shuffled_rank_ic=around(-0.0008, 0.0027))
    found, classes = backtest(made, market), by_liquidity(made, market)
    bins = reliability(made.probabilities, made.classes)
    parts = {
        "run": Run(
            data="a folder",
            symbols=market.symbols,
            from_date=dt.date(2024, 1, 29),
            until_date=dt.date(2025, 2, 1),
            rows=len(made),
            seed=7,
            model="blend-5d <script>",
            feature_version=4,
            generated_at=dt.datetime(2025, 8, 26, 8, tzinfo=dt.UTC),
        ),
        "overall": views,
        "untradable": figures(rank_ic=around(0.0911)),
        "folds": tuple(Fold(year=year, rows=1000, views=views) for year in (2024, 2025)),
        "reliability": Reliability(direction=bins, classes=bins),
        "controls": controls,
        "backtest": found,
        "decile": decile(made, rows, 0),
        "by_liquidity": classes,
        "importance": (FeatureImportance(feature="a<b", value=0.01), FeatureImportance(feature="zero", value=0.0)),
        "importance_of": "loss of RankIC & more",
        "reading": reading(views, controls, found, classes),
    }
    return EvaluationReport(**{**parts, **changed})
