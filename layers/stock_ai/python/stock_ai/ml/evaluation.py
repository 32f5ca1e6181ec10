"""How good probabilities are on rows the model has not seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stock_ai.indicators.panel import Floats
from stock_ai.ml.card import Metrics, ReliabilityBin
from stock_ai.ml.cross_section import Integers, ranks
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
        calibration_error=sum(abs(part.confidence - part.hit_rate) * part.rows for part in table) / len(classes),
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

    Sessions with fewer than `cross_section.MIN_CROSS_SECTION` rows, or with a constant score or return, do not count.
    """
    one, other = ranks(score, session), ranks(excess, session)
    use = np.isfinite(one) & np.isfinite(other)
    # Ranks are centred, so Spearman's correlation is a ratio of sums.
    covariance, first, second = (
        np.bincount(session[use], weights=product[use]) for product in (one * other, one * one, other * other)
    )
    scale = np.sqrt(first * second)
    counted = scale > 0
    return float((covariance[counted] / scale[counted]).mean()) if counted.any() else 0.0


def _log_loss(probabilities: Floats, classes: Integers) -> float:
    given = probabilities[np.arange(len(classes)), classes]
    return float(-np.log(np.maximum(given, np.finfo(np.float64).tiny)).mean())
