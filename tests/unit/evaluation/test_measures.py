"""Figures against other ways of computing them, and intervals that cover."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from stock_ai.evaluation.measures import Resampling, reliabilities, views
from stock_ai.evaluation.predictions import Predictions
from stock_ai.ml import evaluation
from stock_ai.ml.dataset import above_median
from stock_ai.ml.labels import DOWN, NEUTRAL, UP

SESSIONS, STOCKS = 120, 25


@pytest.fixture(scope="module")
def predictions():
    """Calls that are right a little more often than not."""
    draw = np.random.default_rng(5)
    rows = SESSIONS * STOCKS
    session = np.repeat(np.arange(SESSIONS), STOCKS)
    signal = draw.normal(size=rows)
    excess = 0.004 * signal + draw.normal(0, 0.03, rows)
    probabilities = np.column_stack((0.33 - 0.05 * np.tanh(signal), np.full(rows, 0.34), 0.33 + 0.05 * np.tanh(signal)))
    return Predictions(
        probabilities=probabilities,
        outperformance=0.5 + 0.06 * np.tanh(signal),
        classes=np.digitize(excess, (-0.012, 0.012)),
        excess=excess,
        above=above_median(excess, session),
        base=np.full((rows, 3), 1 / 3),
        fold=np.full(rows, 2025),
        session=session,
        symbol=np.tile(np.arange(STOCKS), SESSIONS),
        sessions=np.datetime64("2025-01-01") + np.arange(SESSIONS),
        symbols=tuple(f"S{number:02}" for number in range(STOCKS)),
    )


def test_the_direction_by_other_means(predictions):
    figures = views(predictions, 0.36, seed=1).direction
    said, above = predictions.outperformance, predictions.above
    daily = [
        evaluation.rank_ic(said[rows], predictions.excess[rows], np.zeros(STOCKS, dtype=int))
        for rows in np.split(np.arange(len(said)), SESSIONS)
    ]
    assert figures.rank_ic.value == pytest.approx(np.mean(daily))
    assert figures.icir.value == pytest.approx(np.mean(daily) / np.std(daily))
    assert figures.auc.value == pytest.approx(roc_auc_score(above, said))
    assert figures.hit_rate.value == pytest.approx(np.mean((said > 0.5) == above))
    surest = np.argsort(-np.abs(said - 0.5))[: len(said) // 10]
    assert figures.confident_hit_rate.value == pytest.approx(np.mean((said[surest] > 0.5) == above[surest]), abs=1e-3)
    loss = -np.log(np.where(above, said, 1 - said))
    assert figures.log_loss_difference.value == pytest.approx(loss.mean() - np.log(2))
    assert figures.brier_difference.value == pytest.approx(((said - above) ** 2).mean() - 0.25)
    bins = reliabilities(predictions).direction
    error = sum(one.rows * abs(one.confidence - one.hit_rate) for one in bins) / len(said)
    assert figures.calibration_error.value == pytest.approx(error)


def test_the_classes_by_other_means(predictions):
    figures = views(predictions, 0.36, seed=1).classes
    said, classes = predictions.probabilities, predictions.classes
    assert figures.hit_rate.value == pytest.approx(np.mean(said.argmax(axis=1) == classes))
    given_to_it = said[np.arange(len(said)), classes]
    assert figures.log_loss_difference.value == pytest.approx(np.log(1 / 3) - np.log(given_to_it).mean())
    sides = np.maximum(said[:, DOWN], said[:, UP])
    assert figures.coverage.value == pytest.approx(np.mean((sides >= 0.36) & (sides > said[:, NEUTRAL])))
    assert 0 < figures.coverage.value < 1


def test_every_figure_lies_within_its_interval_and_the_seed_decides(predictions):
    one, same, other = (views(predictions, 0.36, seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    for _, figure in (*one.direction, *one.classes):
        if figure is not None and figure != one.direction.calibration_error != one.classes.calibration_error:
            assert figure.low <= figure.value <= figure.high


def test_a_constant_score_ranks_nothing(predictions):
    even = dataclasses.replace(predictions, outperformance=np.full(len(predictions), 0.5))
    figures = views(even, 0.36, seed=1).direction
    assert (figures.rank_ic.value, figures.auc.value) == (0, 0.5)
    assert figures.log_loss_difference.value == pytest.approx(0)


@given(st.integers(1, 60), st.integers(0, 9))
def test_resamples_are_as_long_as_the_data(days, seed):
    sampling = Resampling(np.repeat(np.arange(days) * 3, 2), seed, resamples=20)
    assert (sampling.weights[0] == 1).all()
    assert (sampling.weights.sum(axis=1) >= days).all()


def test_the_interval_covers_the_mean_as_often_as_it_says():
    generator = np.random.default_rng(3)
    session = np.repeat(np.arange(240), 4)
    covered = 0
    for trial in range(100):
        # Labels overlap over five sessions: neighbours are alike. The true mean is zero.
        level = np.convolve(generator.normal(size=244), np.ones(5), "valid")
        found = Resampling(session, trial, resamples=300).mean(level[session] + generator.normal(size=960))
        covered += found.low <= 0 <= found.high
    assert 86 <= covered <= 99
