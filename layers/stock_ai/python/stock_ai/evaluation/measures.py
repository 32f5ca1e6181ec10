"""The figures of predictions, each with a 95 % interval by circular block bootstrap over sessions.

Every figure is a function of sums over sessions, so a resample is no more than a weight for each session.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stock_ai.evaluation.predictions import Predictions
from stock_ai.evaluation.report import Estimate, Figures, Reliability, Views
from stock_ai.indicators.panel import Floats
from stock_ai.ml.cross_section import Integers, ranks
from stock_ai.ml.evaluation import BINS, CLASSES, binary_losses, binned, losses, reliability, resampled
from stock_ai.ml.labels import DOWN, NEUTRAL, UP

RESAMPLES: Final = 1_000
CONFIDENT: Final = 0.1
"""Share of the rows, by confidence, that are looked at apart."""

Truth = NDArray[np.bool_]


class Resampling:
    """Weights of the sessions of some rows, one set for each resample, the first of them all ones (the data itself)."""

    def __init__(self, session: Integers, seed: int, resamples: int = RESAMPLES) -> None:
        days, self.day = np.unique(session, return_inverse=True)
        self.days = len(days)
        self.weights = np.ones((resamples + 1, self.days))
        for place, sessions in enumerate(resampled(self.days, resamples, seed), 1):
            self.weights[place] = np.bincount(sessions.ravel(), minlength=self.days)

    def sums(self, values: Floats) -> Floats:
        """(resamples + 1,) weighted sums of a value of each row."""
        totals: Floats = self.weights @ np.bincount(self.day, weights=values, minlength=self.days)
        return totals

    def mean(self, values: Floats) -> Estimate:
        """The mean of a value over the rows."""
        return estimate(self.sums(values) / self.sums(np.ones(len(values))))


def estimate(drawn: Floats) -> Estimate:
    """The first value, with the interval of the others."""
    low, high = np.percentile(drawn[1:], (2.5, 97.5))
    return Estimate(value=float(drawn[0]), low=float(low), high=float(high))


def views(predictions: Predictions, threshold: float, seed: int) -> Views:
    """Both views of the predictions; `threshold` is the probability that BUY and SELL need to be stated."""
    sampling = Resampling(predictions.session, seed)
    return Views(direction=_direction(predictions, sampling), classes=_classes(predictions, threshold, sampling))


def direction(predictions: Predictions, seed: int) -> Figures:
    """The direction view alone."""
    return _direction(predictions, Resampling(predictions.session, seed))


def rank_ic(score: Floats, excess: Floats, session: Integers, seed: int) -> Estimate:
    """Mean daily rank correlation of a score with an excess return."""
    return _rank_figures(score, excess, Resampling(session, seed))[0]


def reliabilities(predictions: Predictions) -> Reliability:
    """What was said against what happened, in bins of equal mass."""
    return Reliability(
        direction=binned(predictions.outperformance, predictions.above),
        classes=reliability(predictions.probabilities, predictions.classes),
    )


def _direction(predictions: Predictions, sampling: Resampling) -> Figures:
    said, happened = predictions.outperformance, predictions.above
    confidence = np.abs(said - 0.5)
    hit = ((said > 0.5) == happened).astype(np.float64)
    confident = _most(confidence)
    ic, icir = _rank_figures(said, predictions.excess, sampling)
    # Half of the rows of every session lie above its median, whatever year it is.
    base = np.full(len(said), 0.5)
    return Figures(
        rank_ic=ic,
        icir=icir,
        hit_rate=sampling.mean(hit),
        confident_hit_rate=estimate(sampling.sums(hit * confident) / sampling.sums(confident)),
        auc=_auc(said, happened, sampling),
        log_loss_difference=sampling.mean(binary_losses(said, happened) - binary_losses(base, happened)),
        brier_difference=sampling.mean((said - happened) ** 2 - (base - happened) ** 2),
        calibration_error=_calibration_error(said, happened.astype(np.float64), sampling),
        coverage=None,
    )


def _classes(predictions: Predictions, threshold: float, sampling: Resampling) -> Figures:
    said, classes = predictions.probabilities, predictions.classes
    confidence, hit = said.max(axis=1), (said.argmax(axis=1) == classes).astype(np.float64)
    confident = _most(confidence)
    happened = np.eye(CLASSES)[classes]
    ic, icir = _rank_figures(said[:, UP] - said[:, DOWN], predictions.excess, sampling)
    sides = said[:, (DOWN, UP)].max(axis=1)
    stated = ((sides >= threshold) & (sides > said[:, NEUTRAL])).astype(np.float64)
    return Figures(
        rank_ic=ic,
        icir=icir,
        hit_rate=sampling.mean(hit),
        confident_hit_rate=estimate(sampling.sums(hit * confident) / sampling.sums(confident)),
        auc=None,
        log_loss_difference=sampling.mean(losses(said, classes) - losses(predictions.base, classes)),
        brier_difference=sampling.mean(
            ((said - happened) ** 2).sum(axis=1) - ((predictions.base - happened) ** 2).sum(axis=1)
        ),
        calibration_error=_calibration_error(confidence, hit, sampling),
        coverage=sampling.mean(stated),
    )


def _most(confidence: Floats) -> Floats:
    """1 for the rows that are most certain, ties included, else 0."""
    most: Floats = (confidence >= np.quantile(confidence, 1 - CONFIDENT)).astype(np.float64)
    return most


def _rank_figures(score: Floats, excess: Floats, sampling: Resampling) -> tuple[Estimate, Estimate]:
    """RankIC, and it over the deviation of the daily correlations (ICIR, not annualised)."""
    one, other = ranks(score, sampling.day), ranks(excess, sampling.day)
    use = np.isfinite(one) & np.isfinite(other)
    daily = [
        np.bincount(sampling.day[use], weights=product[use], minlength=sampling.days)
        for product in (one * other, one * one, other * other)
    ]
    scale = np.sqrt(daily[1] * daily[2])
    counted = scale > 0
    correlation = np.where(counted, daily[0] / np.where(counted, scale, 1), 0)
    weights = sampling.weights * counted
    number = np.maximum(weights.sum(axis=1), 1)
    mean = weights @ correlation / number
    deviation = np.sqrt(np.maximum(weights @ correlation**2 / number - mean**2, 1e-12))
    return estimate(mean), estimate(mean / deviation)


def _auc(score: Floats, happened: Truth, sampling: Resampling) -> Estimate:
    """Chance that a row that happened has the higher score of a pair; equal scores count half."""
    order = np.argsort(score, kind="stable")
    truth, day = happened[order], sampling.day[order]
    new = np.concatenate(([True], np.diff(score[order]) > 0))
    group = np.cumsum(new) - 1
    groups = int(group[-1]) + 1

    def of(weights: Floats) -> float:
        weight = weights[day]
        positive = np.bincount(group, weights=weight * truth, minlength=groups)
        negative = np.bincount(group, weights=weight * ~truth, minlength=groups)
        below = np.cumsum(negative) - negative
        pairs = positive.sum() * negative.sum()
        return float((positive * (below + negative / 2)).sum() / pairs) if pairs else 0.5

    # Each takes a pass over all rows; a fifth of the resamples gives the interval to a thousandth.
    return estimate(np.array([of(weights) for weights in sampling.weights[: RESAMPLES // 5 + 1]]))


def _calibration_error(said: Floats, happened: Floats, sampling: Resampling) -> Estimate:
    """Expected calibration error: mean over bins of equal mass of |mean said - share that happened|."""
    bins = np.empty(len(said), dtype=np.int64)
    for number, rows in enumerate(np.array_split(np.argsort(said, kind="stable"), BINS)):
        bins[rows] = number
    error = np.zeros(len(sampling.weights))
    total = sampling.sums(np.ones(len(said)))
    for number in range(BINS):
        error += np.abs(sampling.sums((said - happened) * (bins == number))) / total
    return estimate(error)
