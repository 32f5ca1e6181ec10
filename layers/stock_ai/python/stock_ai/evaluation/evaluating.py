"""From a panel to an `EvaluationReport`: everything that `stock-ai evaluate` and model_training find out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from stock_ai.evaluation import measures
from stock_ai.evaluation.backtest import backtest, positions
from stock_ai.evaluation.deciles import decile
from stock_ai.evaluation.liquidity import by_liquidity
from stock_ai.evaluation.market_table import MarketTable, market_table
from stock_ai.evaluation.predictions import Predictions
from stock_ai.evaluation.reading import reading
from stock_ai.evaluation.report import Controls, EvaluationReport, FeatureImportance, Figures, Fold, Run
from stock_ai.evaluation.walk_forward import shuffled_control, walk_forward
from stock_ai.indicators import Panel
from stock_ai.market.sessions import Exchange
from stock_ai.ml.card import Recipe
from stock_ai.ml.cross_section import MIN_CROSS_SECTION
from stock_ai.ml.dataset import build_dataset
from stock_ai.ml.features import FEATURE_VERSION
from stock_ai.ml.labels import HORIZON
from stock_ai.ml.training import coverage_threshold

IMPORTANCE_OF: Final = "mean absolute share of the log-odds of the direction, newest test year"

Progress = Callable[[str, int, int], None]
"""Told the name of a stage, and how many of how many steps of it are done."""


def evaluate(
    panel: Panel,
    recipe: Recipe,
    seed: int,
    now: dt.datetime,
    data: str,
    progress: Progress = lambda _s, _d, _o: None,
    *,
    exchanges: Mapping[str, Exchange] | None = None,
) -> EvaluationReport:
    """Walk a recipe forward over the final bars of `panel` and measure it.

    Args:
        panel: daily bars, VNINDEX among them if there is to be a comparison with it.
        recipe: what is fitted each year.
        seed: of fits, controls and bootstrap: the same bars and seed give the same report but for `generated_at`.
        now: the present instant (aware).
        data: where the bars came from, for a reader.
        progress: told how far it is.
        exchanges: where each stock trades, for the price limits of the backtest; see `market_table`.

    Raises:
        RunAbortedError: too few years of bars.
    """
    progress("features", 0, 1)
    rows = build_dataset(panel)
    progress("features", 1, 1)
    walked = walk_forward(rows, recipe, seed, lambda done, of: progress("walk-forward", done, of))
    predictions = walked.predictions
    control = shuffled_control(rows, recipe, seed, lambda done, of: progress("shuffled labels", done, of))
    progress("measures", 0, 1)
    # What the signals of the newest model would need; here over all years, for one figure of coverage.
    threshold = coverage_threshold(predictions.probabilities)
    overall = measures.views(predictions, threshold, seed)
    controls = Controls(shuffled_rank_ic=measures.rank_ic(*control, seed))
    table = market_table(panel, exchanges)
    account = backtest(predictions, table, seed=seed)
    classes = by_liquidity(predictions, table, seed=seed)
    progress("measures", 1, 1)
    sessions = predictions.sessions[predictions.session]
    return EvaluationReport(
        run=Run(
            data=data,
            symbols=predictions.symbols,
            from_date=sessions.min().item(),
            until_date=sessions.max().item(),
            rows=len(predictions),
            seed=seed,
            model=f"{recipe}-{HORIZON}d",
            feature_version=FEATURE_VERSION,
            generated_at=now,
        ),
        overall=overall,
        untradable=_untradable(predictions, table, seed),
        folds=tuple(_fold(predictions, year, threshold, seed) for year in np.unique(predictions.fold).tolist()),
        reliability=measures.reliabilities(predictions),
        controls=controls,
        backtest=account,
        decile=decile(predictions, np.ones(len(predictions), dtype=bool), seed),
        by_liquidity=classes,
        importance=tuple(FeatureImportance(feature=name, value=value) for name, value in walked.importance.items()),
        importance_of=IMPORTANCE_OF,
        reading=reading(overall, controls, account, classes),
    )


def _fold(predictions: Predictions, year: int, threshold: float, seed: int) -> Fold:
    rows = predictions.rows(predictions.fold == year)
    return Fold(year=year, rows=len(rows), views=measures.views(rows, threshold, seed))


def _untradable(predictions: Predictions, table: MarketTable, seed: int) -> Figures:
    """The direction, entered at the signal's own close: five sessions from the close that the signal is made of."""
    forward = np.full(table.adjusted_close.shape, np.nan)
    forward[:-HORIZON] = table.adjusted_close[HORIZON:] / table.adjusted_close[:-HORIZON] - 1
    known = np.isfinite(forward)
    count = known.sum(axis=1, keepdims=True)
    mean = np.where(known, forward, 0).sum(axis=1, keepdims=True) / np.maximum(count, 1)
    excess = np.where(count >= MIN_CROSS_SECTION, forward - mean, np.nan)
    rows = excess[positions(predictions, table)]
    sound = np.isfinite(rows)
    return measures.direction(predictions.rows(sound).entered_otherwise(rows[sound]), seed)
