"""The best tenth of the stocks of each session, and the plain figure of what it earned."""

from __future__ import annotations

import numpy as np

from stock_ai.evaluation.predictions import Predictions
from stock_ai.evaluation.report import Decile, Estimate
from stock_ai.indicators.panel import Flags, Floats
from stock_ai.ml.cross_section import Integers, ranks
from stock_ai.ml.evaluation import bootstrap_interval
from stock_ai.ml.labels import DOWN, UP

TENTH = 0.1
BP = 10_000
PLAIN_COST = 35
"""bp of each purchase with its sale, where cost is a flat sum."""


def scores(predictions: Predictions) -> Floats:
    """What rows are ranked by: P(up) - P(down)."""
    score: Floats = predictions.probabilities[:, UP] - predictions.probabilities[:, DOWN]
    return score


def best(score: Floats, session: Integers, share: float = TENTH) -> Flags:
    """The rows in the best `share` of their session. Ties stand or fall together: equal scores choose nothing.

    No row of a session with fewer than `cross_section.MIN_CROSS_SECTION` of them is chosen.
    """
    with np.errstate(invalid="ignore"):
        chosen: Flags = ranks(score, session) >= 0.5 - share - 1e-9
    return chosen


def decile(predictions: Predictions, rows: Flags, seed: int) -> Decile | None:
    """Mean excess return of the best tenth of `rows` over the mean of `rows`, each session weighing the same.

    Returns are those of the labels: entry at the close one session after the signal, 5 sessions held.

    Returns:
        bp per 5 sessions; None where no session has enough rows to rank.
    """
    session, excess = predictions.session[rows], predictions.excess[rows]
    chosen = best(scores(predictions)[rows], session)
    days = np.unique(session[chosen])
    if not len(days):
        return None
    size = int(days[-1]) + 1
    ranked = np.isin(session, days)
    means = [
        np.bincount(session[use], weights=excess[use], minlength=size)[days] / np.bincount(session[use])[days]
        for use in (chosen, ranked)
    ]
    spread = (means[0] - means[1]) * BP
    return Decile(
        sessions=len(days),
        gross=estimate(spread, days, seed),
        net=estimate(spread - PLAIN_COST, days, seed),
    )


def estimate(values: Floats, session: Integers, seed: int) -> Estimate:
    """The mean of one value per session with its interval."""
    low, high = bootstrap_interval(values, session, seed)
    return Estimate(value=float(values.mean()), low=low, high=high)
