"""Training: spans that do not know each other, metrics by hand, no skill from noise, confidence that holds."""

import dataclasses
import datetime as dt
import functools
from types import SimpleNamespace

import numpy as np
import pytest

from stock_ai.errors import RunAbortedError
from stock_ai.indicators import Panel
from stock_ai.ml import training
from stock_ai.ml.card import Recipe
from stock_ai.ml.dataset import Dataset, above_median
from stock_ai.ml.evaluation import bootstrap_interval, evaluate, rank_ic, reliability
from stock_ai.ml.features import FEATURE_NAMES
from stock_ai.ml.influence import influence
from stock_ai.ml.labels import NEUTRAL, REACH
from stock_ai.ml.model import Model
from stock_ai.ml.recipes import Scored, calibrated, fit, fit_direction
from stock_ai.ml.training import split, train
from stock_ai.models.analysis import Signal
from tests.fakes.panels import random_panel

pytestmark = pytest.mark.slow

BUILT_IN = [recipe for recipe in Recipe if recipe is not Recipe.NEURAL]
"""Those without an extra; tests/integration/test_neural_end_to_end.py has the other."""
NOW = dt.datetime(2025, 8, 26, 8, tzinfo=dt.UTC)


def made(sessions=240, stocks=40, seed=3, strength=1.0):
    """Rows whose class is drawn from known probabilities: of a move by the second feature, of its side by the first."""
    draw = np.random.default_rng(seed)
    rows = sessions * stocks
    features = draw.normal(size=(rows, len(FEATURE_NAMES)))
    up, moves = (1 / (1 + np.exp(-strength * features[:, column])) for column in (0, 1))
    true = np.column_stack((moves * (1 - up), 1 - moves, moves * up))
    classes = (draw.random((rows, 1)) > true.cumsum(axis=1)).sum(axis=1)
    excess = (classes - 1) * 0.02 + draw.normal(0, 0.01, rows)
    session = np.repeat(np.arange(sessions), stocks)
    data = Dataset(
        features=features,
        classes=classes,
        excess=excess,
        above=above_median(excess, session),
        session=session,
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


@functools.cache
def known(recipe):
    """Rows of `made`, their true probabilities, and a recipe fitted on them."""
    data, true = made(sessions=160)
    return data, true, fitted_by(data, recipe)


def fitted_by(data, recipe):
    spans = split(data.session)
    parts = fit(recipe, data, spans.fit, spans.calibrate, seed=1)
    newest = data.rows(spans.calibrate)
    return calibrated(parts, [Scored.of(parts.direction, newest)], newest)


def measured(data, fitted):
    spans = split(data.session)
    tested = data.rows(spans.test)
    found = fitted.probabilities(tested.features, tested.session)
    return found, tested, evaluate(found, fitted.outperformance(tested.features, tested.session), tested, 7), spans


@pytest.mark.parametrize("recipe", BUILT_IN)
def test_confidence_matches_how_often_it_comes_true_where_the_truth_is_known(recipe):
    data, true, fitted = known(recipe)
    found, tested, metrics, spans = measured(data, fitted)
    assert found.sum(axis=1) == pytest.approx(1)
    assert np.abs(found - true[spans.test]).mean() < 0.07
    for part in reliability(found, tested.classes):
        noise = 4 * (0.25 / part.rows) ** 0.5
        assert part.confidence == pytest.approx(part.hit_rate, abs=noise)
    assert metrics.log_loss < metrics.base_log_loss - 0.1
    assert metrics.direction_log_loss_difference[1] < -0.005
    assert metrics.rank_ic > 0.15


def test_what_is_known_of_moves_only_claims_no_direction():
    data, _ = made()
    noise = np.random.default_rng(4).normal(size=len(data))
    sides = np.where(noise > 0, 0.02, -0.02) * (data.classes != NEUTRAL)
    blind = dataclasses.replace(
        data,
        classes=np.sign(sides).astype(int) + 1,
        excess=sides + noise * 1e-3,
        above=above_median(sides + noise * 1e-3, data.session),
    )
    _, _, metrics, _ = measured(blind, fitted_by(blind, Recipe.LOGISTIC))
    assert metrics.log_loss_difference[1] < 0 < metrics.direction_log_loss_difference[1]


def test_shuffled_labels_give_no_skill():
    data, _ = made()
    order = np.random.default_rng(8).permutation(len(data))
    excess = data.excess[order]
    shuffled = dataclasses.replace(
        data, classes=data.classes[order], excess=excess, above=above_median(excess, data.session)
    )
    _, _, metrics, _ = measured(shuffled, fitted_by(shuffled, Recipe.LOGISTIC))
    assert metrics.log_loss_difference[1] > 0
    assert abs(metrics.rank_ic) < 0.03


def test_metrics_by_hand():
    probabilities = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.6, 0.2, 0.2], [0.2, 0.6, 0.2]])
    classes = np.array([0, 2, 2, 1])
    data, _ = made(2, 2)
    same_day = np.zeros(4, dtype=np.int64)
    above = np.array([True, False, True, False])
    tested = dataclasses.replace(data, classes=classes, excess=np.zeros(4), above=above, session=same_day)
    metrics = evaluate(probabilities, np.array([0.6, 0.5, 0.9, 0.2]), tested, 7)
    expected = -np.log([0.6, 0.5, 0.9, 0.8]).mean() + np.log(0.5)
    assert metrics.direction_log_loss_difference == pytest.approx((expected, expected))
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


@pytest.mark.parametrize("recipe", [Recipe.FOREST, Recipe.BLEND])
def test_same_rows_and_seed_give_the_same_model_to_the_last_bit(recipe):
    """The blend has the other recipes in it."""
    data, _, fitted = known(recipe)
    spans = split(data.session)
    again = fit_direction(recipe, data, spans.fit, spans.calibrate, seed=1)
    rows = data.features, data.session
    np.testing.assert_array_equal(again.score(*rows), fitted.parts.direction.score(*rows))


def test_same_bars_and_seed_give_the_same_version_and_a_full_card(panel, trained):
    card, other = trained.card, train(panel, 7, NOW + dt.timedelta(hours=1), Recipe.LOGISTIC)
    assert card.version == other.card.version
    assert card.version != train(random_panel(30, 350, seed=9), 7, NOW, Recipe.LOGISTIC).card.version
    days = panel.bars[0].dates
    last_calibrated = np.flatnonzero(days == np.datetime64(card.tested_from))[0] - REACH - 1
    assert card.trained_until == days[last_calibrated + REACH].item() < card.tested_from
    assert card.tested_until == days[-1 - REACH].item()
    assert (card.simulated, card.features, card.created_at) == (True, FEATURE_NAMES, NOW)
    assert len(card.symbols) == 30
    assert sum(part.rows for part in card.reliability) == card.metrics.rows
    low, high = card.metrics.log_loss_difference
    assert low < card.metrics.log_loss - card.metrics.base_log_loss < high
    assert card.proven_skill is (high < 0 and card.metrics.direction_log_loss_difference[1] < 0)


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
    # 31 sessions with labels that overlap: its deviation is about 0.08.
    assert abs(card.metrics.rank_ic) < 0.2


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


@pytest.mark.parametrize("recipe", BUILT_IN)
def test_influences_add_up_to_the_score(recipe):
    data, _, fitted = known(recipe)
    parts = fitted.parts
    features, session = data.features[:160], data.session[:160]
    direction = influence(parts.direction, features, session, parts.medians)
    move = influence(parts.move, features, session, parts.medians)
    # A centred score is all influence; of the other one constant is left, the score of the usual stock.
    assert direction.sum(axis=1) == pytest.approx(parts.direction.score(features, session), abs=1e-6)
    assert np.ptp(parts.move.score(features, session) - move.sum(axis=1)) == pytest.approx(0, abs=1e-6)
    # The side of a move hangs on the first feature, whether there is one on the second.
    assert (np.abs(direction).mean(axis=0).argmax(), np.abs(move).mean(axis=0).argmax()) == (0, 1)


def test_a_stock_is_judged_against_the_others_of_its_day():
    data, _, fitted = known(Recipe.BLEND)
    features, session = data.features[:80].copy(), data.session[:80]
    before = fitted.outperformance(features, session)
    # A day on which everything looks better favours nobody.
    features[:40, 0] += 0.5
    after = fitted.outperformance(features, session)
    assert after[:40].mean() == pytest.approx(before[:40].mean(), abs=0.02)
    np.testing.assert_array_equal(after[40:], before[40:])
    order = np.random.default_rng(2).permutation(80)
    assert fitted.outperformance(features[order], session[order] * 7) == pytest.approx(after[order])


def test_reasons_are_the_strongest_influences_in_words():
    data, _, fitted = known(Recipe.BLEND)
    model, features, session = Model(SimpleNamespace(version="v"), fitted), data.features[:60], data.session[:60]
    parts = fitted.parts
    up = fitted.up.slope * influence(parts.direction, features, session, parts.medians)
    moves = fitted.moves.slope * influence(parts.move, features, session, parts.medians)
    for signal, weights in ((Signal.SELL, -up), (Signal.HOLD, -moves), (Signal.BUY, up)):
        for row, reasons in enumerate(model.explain(features, session, [signal] * 60)):
            found = [reason.weight for reason in reasons]
            assert len(found) == 5
            assert sorted(map(abs, found), reverse=True) == list(map(abs, found))
            first = reasons[0]
            assert first.weight == pytest.approx(weights[row, FEATURE_NAMES.index(first.feature)], rel=1e-5)
            assert abs(first.weight) == pytest.approx(np.abs(weights[row]).max(), rel=1e-5)
            assert first.usual == pytest.approx(parts.medians[FEATURE_NAMES.index(first.feature)], rel=1e-5)
            assert ("above" in first.text) is (first.value > first.usual)
            assert ("speaks for" in first.text) is (first.weight > 0)
            assert signal.value in first.text


def test_a_long_history_calibrates_on_earlier_spans_too():
    """And what they pool was said by models that end before: no row is scored by one that knows it."""
    data, _ = made(sessions=1600, stocks=12)
    spans = split(data.session)
    one = fitted_by(data, Recipe.LOGISTIC)
    pooled = training._fitted(Recipe.LOGISTIC, data, spans, seed=1)
    np.testing.assert_array_equal(one.parts.medians, pooled.parts.medians)
    assert one.up != pooled.up
    assert one.moves == pooled.moves, "how often anything moves is a matter of the newest span"
