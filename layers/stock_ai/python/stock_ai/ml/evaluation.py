"""How good probabilities are on rows the model has not seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stock_ai.indicators.panel import Floats
from stock_ai.ml.card import Metrics, ReliabilityBin
from stock_ai.ml.cross_section import Integers, ranks
from stock_ai.ml.dataset import Dataset
from stock_ai.ml.labels import DOWN, UP

BINS = 10
CLASSES = 3
BLOCK = 20
"""Sessions drawn together in the bootstrap: labels of neighbouring sessions overlap, and calm and storm last weeks."""
RESAMPLES = 2_000


def evaluate(probabilities: Floats, outperformance: Floats, tested: Dataset, seed: int) -> Metrics:
    """Metrics of (rows, 3) probabilities and of (rows,) P(better than the day's median) against what happened.

    There must be rows. `seed` is of the bootstrap.
    """
    classes, session = tested.classes, tested.session
    happened = np.eye(CLASSES)[classes]
    base = happened.mean(axis=0)
    base_probabilities = np.broadcast_to(base, happened.shape)
    table = reliability(probabilities, classes)
    difference = losses(probabilities, classes) - losses(base_probabilities, classes)
    return Metrics(
        rows=len(classes),
        sessions=len(np.unique(session)),
        log_loss=float(losses(probabilities, classes).mean()),
        base_log_loss=float(losses(base_probabilities, classes).mean()),
        log_loss_difference=bootstrap_interval(difference, session, seed),
        direction_log_loss_difference=bootstrap_interval(
            binary_losses(outperformance, tested.above)
            - binary_losses(np.full(len(classes), tested.above.mean()), tested.above),
            session,
            seed,
        ),
        brier=float(((probabilities - happened) ** 2).sum(axis=1).mean()),
        base_brier=float(((base - happened) ** 2).sum(axis=1).mean()),
        hit_rate=float((probabilities.argmax(axis=1) == classes).mean()),
        base_hit_rate=float(base.max()),
        rank_ic=rank_ic(probabilities[:, UP] - probabilities[:, DOWN], tested.excess, session),
        calibration_error=sum(abs(part.confidence - part.hit_rate) * part.rows for part in table) / len(classes),
    )


def binary_losses(probability: Floats, happened: NDArray[np.bool_]) -> Floats:
    """Negative log of the probability given to what happened, for each row of a question of two answers."""
    given = np.where(happened, probability, 1 - probability)
    lost: Floats = -np.log(np.maximum(given, np.finfo(np.float64).tiny))
    return lost


def reliability(probabilities: Floats, classes: Integers) -> tuple[ReliabilityBin, ...]:
    """Confidence against hit rate in ten bins of equal mass, lowest confidence first."""
    return binned(probabilities.max(axis=1), probabilities.argmax(axis=1) == classes)


def binned(said: Floats, happened: NDArray[np.bool_]) -> tuple[ReliabilityBin, ...]:
    """What was said of each row against how often it happened, in ten bins of equal mass, lowest first."""
    bins = np.array_split(np.argsort(said, kind="stable"), min(BINS, len(said)))
    return tuple(
        ReliabilityBin(rows=len(rows), confidence=float(said[rows].mean()), hit_rate=float(happened[rows].mean()))
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


def bootstrap_interval(values: Floats, session: Integers, seed: int) -> tuple[float, float]:
    """95 % interval of the mean of `values` by `resampled` sessions."""
    days, position = np.unique(session, return_inverse=True)
    sums, counts = np.bincount(position, weights=values), np.bincount(position)
    drawn = resampled(len(days), RESAMPLES, seed)
    means = sums[drawn].sum(axis=(1, 2)) / counts[drawn].sum(axis=(1, 2))
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def resampled(sessions: int, resamples: int, seed: int) -> Integers:
    """(resamples, blocks, block) positions of sessions by circular block bootstrap (Politis and Romano 1992).

    Blocks of `BLOCK` sessions, or of half of them where there are fewer than twice as many, keep what neighbours share.
    """
    block = max(1, min(BLOCK, sessions // 2))
    starts = np.random.default_rng(seed).integers(0, sessions, (resamples, -(-sessions // block)))
    drawn: Integers = (starts[:, :, None] + np.arange(block)) % sessions
    return drawn


def losses(probabilities: Floats, classes: Integers) -> Floats:
    """Negative log of the probability given to what happened, for each row."""
    given = probabilities[np.arange(len(classes)), classes]
    losses: Floats = -np.log(np.maximum(given, np.finfo(np.float64).tiny))
    return losses
