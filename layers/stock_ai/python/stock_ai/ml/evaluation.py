"""How good probabilities are on rows the model has not seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from stock_ai.indicators.panel import Floats
from stock_ai.ml.card import Metrics, ReliabilityBin
from stock_ai.ml.cross_section import MIN_CROSS_SECTION, Integers
from stock_ai.ml.labels import DOWN, UP

BINS = 10
CLASSES = 3


def evaluate(probabilities: Floats, classes: Integers, excess: Floats, session: Integers) -> Metrics:
    """Metrics of (rows, 3) probabilities against what happened. There must be rows."""
    happened = np.eye(CLASSES)[classes]
    base = happened.mean(axis=0)
    table = reliability(probabilities, classes)
    return Metrics(
        rows=len(classes),
        sessions=len(np.unique(session)),
        log_loss=_log_loss(probabilities, classes),
        base_log_loss=_log_loss(np.broadcast_to(base, happened.shape), classes),
        brier=float(((probabilities - happened) ** 2).sum(axis=1).mean()),
        base_brier=float(((base - happened) ** 2).sum(axis=1).mean()),
        hit_rate=float((probabilities.argmax(axis=1) == classes).mean()),
        base_hit_rate=float(base.max()),
        rank_ic=rank_ic(probabilities[:, UP] - probabilities[:, DOWN], excess, session),
        calibration_error=sum(abs(bin.confidence - bin.hit_rate) * bin.rows for bin in table) / len(classes),
    )


def reliability(probabilities: Floats, classes: Integers) -> tuple[ReliabilityBin, ...]:
    """Confidence against hit rate in ten bins of equal mass, lowest confidence first."""
    confidence = probabilities.max(axis=1)
    hit: NDArray[np.bool_] = probabilities.argmax(axis=1) == classes
    bins = np.array_split(np.argsort(confidence, kind="stable"), min(BINS, len(classes)))
    return tuple(
        ReliabilityBin(rows=len(rows), confidence=float(confidence[rows].mean()), hit_rate=float(hit[rows].mean()))
        for rows in bins
    )


def rank_ic(score: Floats, excess: Floats, session: Integers) -> float:
    """Mean over sessions of Spearman's correlation between score and excess return; 0 where no session can say.

    Sessions with fewer than `MIN_CROSS_SECTION` rows, or with a constant score or return, do not count.
    """
    found = []
    for one in np.unique(session):
        rows = session == one
        if rows.sum() >= MIN_CROSS_SECTION and np.ptp(score[rows]) > 0 and np.ptp(excess[rows]) > 0:
            found.append(float(spearmanr(score[rows], excess[rows]).statistic))
    return float(np.mean(found)) if found else 0.0


def _log_loss(probabilities: Floats, classes: Integers) -> float:
    given = probabilities[np.arange(len(classes)), classes]
    return float(-np.log(np.maximum(given, np.finfo(np.float64).tiny)).mean())
