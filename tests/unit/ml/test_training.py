"""Training: spans that do not know each other, metrics by hand, no skill from noise, confidence that holds."""

import dataclasses
import datetime as dt

import numpy as np
import pytest

from stock_ai.errors import RunAbortedError
from stock_ai.indicators import Panel
from stock_ai.ml.dataset import Dataset, build_dataset
from stock_ai.ml.evaluation import bootstrap_interval, evaluate, rank_ic, reliability
from stock_ai.ml.features import FEATURE_NAMES
from stock_ai.ml.labels import REACH
from stock_ai.ml.training import fit, split, train
from stock_ai.models import Signal
from tests.fakes.panels import random_panel, real_panel

NOW = dt.datetime(2025, 8, 26, 8, tzinfo=dt.UTC)


def made(sessions=300, stocks=60, seed=3, strength=1.0):
    """Rows whose class is drawn from known probabilities that the first features set."""
    draw = np.random.default_rng(seed)
    rows = sessions * stocks
    features = draw.normal(size=(rows, len(FEATURE_NAMES)))
    logits = strength * np.column_stack((-features[:, 0], 0.5 * features[:, 1], features[:, 0]))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    classes = (draw.random((rows, 1)) > true.cumsum(axis=1)).sum(axis=1)
    data = Dataset(
        features=features,
        classes=classes,
        excess=(classes - 1) * 0.02 + draw.normal(0, 0.01, rows),
        session=np.repeat(np.arange(sessions), stocks),
        symbol=np.tile(np.arange(stocks), sessions),
        sessions=np.datetime64("2022-01-03") + np.arange(sessions),
        symbols=tuple(f"S{number:02}" for number in range(stocks)),
    )
    return data, true


def test_spans_follow_each_other_with_the_reach_of_a_label_between():
    session = np.repeat(np.arange(260, 460), 3)
    spans = split(session)
    fit_until, calibrate, test = session[spans.fit].max(), session[spans.calibrate], session[spans.test]
    assert fit_until + REACH < calibrate.min() <= fit_until + REACH + 1
    assert calibrate.max() + REACH < test.min() <= calibrate.max() + REACH + 1
    assert test.max() == 459
    assert len(np.unique(test)) == 40


def test_confidence_matches_how_often_it_comes_true_where_the_truth_is_known():
    data, true = made()
    spans = split(data.session)
    estimator = fit(data, spans, seed=1)
    found = estimator.predict_proba(data.features[spans.test])
    assert np.abs(found - true[spans.test]).mean() < 0.03
    for part in reliability(found, data.classes[spans.test]):
        noise = 4 * (0.25 / part.rows) ** 0.5
        assert part.confidence == pytest.approx(part.hit_rate, abs=noise)
    metrics = evaluate(found, data.classes[spans.test], data.excess[spans.test], data.session[spans.test], 7)
    assert metrics.log_loss < metrics.base_log_loss - 0.1
    assert metrics.rank_ic > 0.3


def test_shuffled_labels_give_no_skill():
    data, _ = made(strength=1.0)
    order = np.random.default_rng(8).permutation(len(data))
    shuffled = dataclasses.replace(data, classes=data.classes[order], excess=data.excess[order])
    spans = split(shuffled.session)
    found = fit(shuffled, spans, seed=1).predict_proba(shuffled.features[spans.test])
    rows = spans.test
    metrics = evaluate(found, shuffled.classes[rows], shuffled.excess[rows], shuffled.session[rows], 7)
    assert metrics.log_loss >= metrics.base_log_loss
    assert abs(metrics.rank_ic) < 0.03


def test_shuffled_real_labels_give_no_skill(shared_data):
    data = build_dataset(real_panel(shared_data, 20))
    spans, draw = split(data.session), np.random.default_rng(2)
    order = np.arange(len(data))
    for session in np.unique(data.session):
        (rows,) = np.nonzero(data.session == session)
        order[rows] = draw.permutation(rows)
    shuffled = dataclasses.replace(data, classes=data.classes[order], excess=data.excess[order])
    found = fit(shuffled, spans, seed=1).predict_proba(data.features[spans.test])
    assert abs(rank_ic(found[:, 2] - found[:, 0], shuffled.excess[spans.test], data.session[spans.test])) < 0.05


def test_metrics_by_hand():
    probabilities = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.6, 0.2, 0.2], [0.2, 0.6, 0.2]])
    classes = np.array([0, 2, 2, 1])
    metrics = evaluate(probabilities, classes, np.zeros(4), np.zeros(4, dtype=np.int64), 7)
    assert metrics.log_loss == pytest.approx(-np.log([0.5, 0.7, 0.2, 0.6]).mean())
    assert metrics.base_log_loss == pytest.approx(-(0.5 * np.log(0.25) + 0.5 * np.log(0.5)))
    assert metrics.brier == pytest.approx((0.38 + 0.14 + 1.04 + 0.24) / 4)
    assert (metrics.hit_rate, metrics.base_hit_rate) == (0.75, 0.5)
    assert metrics.calibration_error == pytest.approx((0.5 + 0.3 + 0.6 + 0.4) / 4)
    assert metrics.rank_ic == 0, "four rows are no cross-section"


def test_rank_ic_of_a_perfect_and_of_an_opposite_score():
    excess, session = np.tile(np.linspace(-1, 1, 20), 3), np.repeat(np.arange(3), 20)
    assert rank_ic(excess**3, excess, session) == pytest.approx(1)
    assert rank_ic(-excess, excess, session) == pytest.approx(-1)
    assert rank_ic(np.ones(60), excess, session) == 0


def test_same_bars_and_seed_give_the_same_version_and_a_full_card(panel, trained):
    card, other = trained.card, train(panel, 7, NOW + dt.timedelta(hours=1))
    assert card.version == other.card.version
    assert card.version != train(random_panel(30, 350, seed=9), 7, NOW).card.version
    days = panel.bars[0].dates
    last_calibrated = np.flatnonzero(days == np.datetime64(card.tested_from))[0] - REACH - 1
    assert card.trained_until == days[last_calibrated + REACH].item() < card.tested_from
    assert card.tested_until == days[-1 - REACH].item()
    assert (card.simulated, card.features, card.created_at) == (True, FEATURE_NAMES, NOW)
    assert len(card.symbols) == 30
    assert sum(part.rows for part in card.reliability) == card.metrics.rows
    low, high = card.metrics.log_loss_difference
    assert low < card.metrics.log_loss - card.metrics.base_log_loss < high
    assert card.proven_skill is (high < 0)


def test_interval_covers_the_mean_as_often_as_it_says_though_neighbours_are_alike():
    generator = np.random.default_rng(3)
    session = np.repeat(np.arange(200), 5)
    covered = 0
    for trial in range(100):
        # A moving sum over five sessions, as overlapping labels make it; the true mean is zero.
        shocks = generator.normal(size=204)
        level = np.convolve(shocks, np.ones(5), "valid")
        low, high = bootstrap_interval(level[session] + generator.normal(size=1000), session, trial)
        covered += low <= 0 <= high
    assert 85 <= covered <= 99


def test_a_random_walk_has_no_proven_skill_and_is_not_ranked():
    card = train(random_panel(30, 420), 7, NOW).card
    assert not card.proven_skill
    assert abs(card.metrics.rank_ic) < 0.08


@pytest.mark.parametrize(
    ("panel", "message"),
    [
        (Panel.of([]), "0 complete rows in 0 sessions, needed are 1000 rows in 75 sessions"),
        (random_panel(30, 300), "1050 complete rows in 35 sessions"),
        (random_panel(10, 350), "850 complete rows in 85 sessions"),
    ],
)
def test_too_little_data_says_what_there_is_and_what_is_needed(panel, message):
    with pytest.raises(RunAbortedError, match=message):
        train(panel, 7, NOW)


def test_real_and_simulated_bars_are_not_trained_on_together():
    bars = random_panel(3, 30).bars
    mixed = Panel.of([bars[0], dataclasses.replace(bars[1], source="csv")])
    with pytest.raises(RunAbortedError, match="mixes real and simulated"):
        train(mixed, 7, NOW)


def test_reasons_are_the_exact_shares_of_the_log_odds(panel, trained):
    model, features = trained.model, build_dataset(panel).features[:40]
    for signal, column in ((Signal.SELL, 0), (Signal.HOLD, 1), (Signal.BUY, 2)):
        others = [other for other in range(3) if other != column]

        def log_odds(rows, column=column, others=others):
            logs = np.log(model.predict(rows))
            return logs[:, column] - logs[:, others].mean(axis=1)

        for row, reasons in enumerate(model.explain(features, [signal] * 40)):
            assert len(reasons) == 5
            assert sorted((abs(reason.weight) for reason in reasons), reverse=True) == [abs(r.weight) for r in reasons]
            strongest = reasons[0]
            # The same stock, average in this one feature: what is missing is its weight.
            position = FEATURE_NAMES.index(strongest.feature)
            average = features[row : row + 1].copy()
            average[0, position] = _mean(model)[position]
            moved = log_odds(features[row : row + 1]) - log_odds(average)
            assert strongest.weight == pytest.approx(moved[0], rel=1e-4)
            assert ("speaks for" in strongest.text) is (strongest.weight > 0)
            assert signal.value in strongest.text


def _mean(model):
    return model._linear.transform["standardise"].mean_
