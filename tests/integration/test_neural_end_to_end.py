"""A neural model from training to explanation, where the extra `neural-training` is installed."""

import datetime as dt
import hashlib

import numpy as np
import pytest
import skops.io

from stock_ai.errors import RunAbortedError
from stock_ai.ml.card import Recipe
from stock_ai.ml.dataset import Dataset, above_median, build_dataset
from stock_ai.ml.evaluation import evaluate, reliability
from stock_ai.ml.features import FEATURE_NAMES
from stock_ai.ml.influence import influence
from stock_ai.ml.manager import ModelManager
from stock_ai.ml.model import SIGNALS, Model
from stock_ai.ml.neural import NeuralMember, standardised
from stock_ai.ml.neural_training import TOLERANCE, exported, train_neural
from stock_ai.ml.recipes import Scored, calibrated, fit
from stock_ai.ml.training import split, train
from stock_ai.models.analysis import Signal
from stock_ai.storage.model_registry import open_registry
from tests.fakes.models import verdict
from tests.fakes.panels import random_panel

tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed (the extra neural-training)")
pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed (the extra neural)")

NOW = dt.datetime(2025, 8, 26, 8, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def panel():
    return random_panel(30, 350)


@pytest.fixture(scope="module")
def trained(panel):
    return train(panel, 7, NOW, Recipe.NEURAL)


def bent(rows=40_000, columns=8, seed=5):
    """Features, and whether a thing happened whose odds hang on a product: no line of the features sees it."""
    draw = np.random.default_rng(seed)
    features = draw.normal(3, 2, size=(rows, columns))
    odds = 1.5 * (features[:, 0] - 3) * (features[:, 1] - 3) / 4
    return features, draw.random(rows) < 1 / (1 + np.exp(-odds)), odds


def made(sessions=300, stocks=60, seed=3):
    """Rows whose move hangs on the second feature and whose side on the first."""
    draw = np.random.default_rng(seed)
    rows = sessions * stocks
    features = draw.normal(size=(rows, len(FEATURE_NAMES)))
    up, moves = (1 / (1 + np.exp(-2 * features[:, column])) for column in (0, 1))
    true = np.column_stack((moves * (1 - up), 1 - moves, moves * up))
    classes = (draw.random((rows, 1)) > true.cumsum(axis=1)).sum(axis=1)
    excess, session = (classes - 1) * 0.02 + draw.normal(0, 0.01, rows), np.repeat(np.arange(sessions), stocks)
    return Dataset(
        features=features,
        classes=classes,
        excess=excess,
        above=above_median(excess, session),
        session=session,
        symbol=np.tile(np.arange(stocks), sessions),
        sessions=np.datetime64("2022-01-03") + np.arange(sessions),
        symbols=tuple(f"S{number:02}" for number in range(stocks)),
    )


def test_the_exported_network_says_what_keras_says():
    features, happened, _ = bent(4000)
    keras = tf.keras
    network = keras.Sequential([keras.Input((8,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
    network.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    means, deviations = features.mean(axis=0), features.std(axis=0)
    inputs = standardised(features, means, deviations)
    network.fit(inputs, happened, epochs=3, verbose=0)
    odds = network.predict(inputs, verbose=0)[:, 0].astype(np.float64)
    found = NeuralMember(exported(network), means, deviations).predict_proba(features)
    assert found[:, 1] == pytest.approx(1 / (1 + np.exp(-odds)), abs=TOLERANCE)
    assert found[:, 1].std() > 0.05, "a network without its weights answers the same to everything"


def test_a_network_finds_what_no_line_can(capfd):
    features, happened, _ = bent()
    member = train_neural(features, happened, seed=3)
    assert capfd.readouterr().out == "", "standard output belongs to the command"
    later, outcome, true = bent(10_000, seed=6)
    found = member.predict_proba(later)[:, 1]
    assert np.corrcoef(found, 1 / (1 + np.exp(-true)))[0, 1] > 0.95
    assert -np.log(np.where(outcome, found, 1 - found)).mean() < 0.62 < np.log(2)


def test_the_same_seed_gives_the_same_network_and_another_seed_another():
    features, happened, _ = bent(6000)
    one, same, other = (train_neural(features, happened, seed).predict_proba(features) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.01


def test_probabilities_are_calibrated_and_shares_add_up():
    data = made()
    spans = split(data.session)
    parts = fit(Recipe.NEURAL, data, spans.fit, spans.calibrate, seed=1)
    newest = data.rows(spans.calibrate)
    fitted = calibrated(parts, [Scored.of(parts.direction, newest)], newest)
    tested = data.rows(spans.test)
    found = fitted.probabilities(tested.features, tested.session)
    metrics = evaluate(found, fitted.outperformance(tested.features, tested.session), tested, 7)
    assert metrics.log_loss < metrics.base_log_loss - 0.1
    assert metrics.direction_log_loss_difference[1] < -0.005
    for part in reliability(found, tested.classes):
        assert part.confidence == pytest.approx(part.hit_rate, abs=4 * (0.25 / part.rows) ** 0.5)
    features, session = tested.features[:240], tested.session[:240]
    direction = influence(parts.direction, features, session, parts.medians)
    move = influence(parts.move, features, session, parts.medians)
    assert direction.sum(axis=1) == pytest.approx(parts.direction.score(features, session), abs=1e-6)
    assert np.ptp(parts.move.score(features, session) - move.sum(axis=1)) == pytest.approx(0, abs=1e-6)
    assert (np.abs(direction).mean(axis=0).argmax(), np.abs(move).mean(axis=0).argmax()) == (0, 1)


def test_a_model_goes_through_the_registry_and_serves(panel, trained, tmp_path):
    ModelManager(open_registry(str(tmp_path))).admit(trained, verdict(), NOW)
    manager = ModelManager(open_registry(str(tmp_path)))
    model = manager.current()
    assert isinstance(model, Model)
    assert model.card.name == "neural-5d"
    assert model.card.libraries["tensorflow"] == tf.__version__
    rows = build_dataset(panel)
    newest = rows.rows(rows.session >= rows.session.max() - 2)
    found = model.predict(newest.features, newest.session)
    np.testing.assert_array_equal(found, trained.model.predict(newest.features, newest.session))
    assert found.shape == (len(newest), len(SIGNALS))
    assert found.sum(axis=1) == pytest.approx(1)
    signals = [Signal.BUY, Signal.SELL, Signal.HOLD] * (len(newest) // 3)
    reasons = model.explain(newest.features[: len(signals)], newest.session[: len(signals)], signals)
    # Noise may leave a calibrated slope of zero, and then nothing weighs anything.
    assert all(len(of_row) in {0, 5} for of_row in reasons)
    assert all(reason.feature in FEATURE_NAMES for of_row in reasons for reason in of_row)


def test_a_spoilt_network_is_refused_and_the_last_good_model_serves(panel, trained, tmp_path):
    registry = open_registry(str(tmp_path))
    good = train(panel, 7, NOW, Recipe.LOGISTIC)
    ModelManager(registry).admit(good, verdict(), NOW)
    ModelManager(registry).admit(trained, verdict(champion=good.card.version), NOW)
    held = skops.io.loads(trained.blob)
    network = held["direction"]["members"][0]["network"]
    held["direction"]["members"][0]["network"] = network[: len(network) // 2]
    blob = skops.io.dumps(held)
    card = trained.card.model_copy(update={"sha256": hashlib.sha256(blob).hexdigest()})
    registry.put(card.version, card.model_dump_json().encode(), blob)
    manager = ModelManager(registry)
    with pytest.raises(RunAbortedError, match=card.version):
        manager.load(card.version)
    assert manager.current().card.version == good.card.version
