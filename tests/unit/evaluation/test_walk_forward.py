"""Every row is predicted by a model that ends before its year begins."""

import dataclasses

import numpy as np
import pytest

from stock_ai.errors import RunAbortedError
from stock_ai.evaluation.measures import rank_ic
from stock_ai.evaluation.reading import LEAK_SHUFFLED
from stock_ai.evaluation.walk_forward import EMBARGO, MIN_SESSIONS, folds, shuffled_control, walk_forward
from stock_ai.ml.card import Recipe
from stock_ai.ml.dataset import Dataset, above_median
from stock_ai.ml.features import FEATURE_NAMES
from stock_ai.ml.labels import REACH

STOCKS = 12


def rows(years=5, seed=3):
    """Business days of some years; the first feature knows a little of the excess return."""
    draw = np.random.default_rng(seed)
    days = np.arange(f"{2021 - years}-01-01", "2021-01-01", dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    count = len(days) * STOCKS
    features = draw.normal(size=(count, len(FEATURE_NAMES)))
    excess = 0.01 * features[:, 0] + draw.normal(0, 0.03, count)
    session = np.repeat(np.arange(len(days)), STOCKS)
    return Dataset(
        features=features,
        classes=np.digitize(excess, (-0.012, 0.012)),
        excess=excess,
        above=above_median(excess, session),
        session=session,
        symbol=np.tile(np.arange(STOCKS), len(days)),
        sessions=days,
        symbols=tuple(f"S{number:02}" for number in range(STOCKS)),
    )


def test_an_embargo_lies_before_each_boundary():
    data = rows()
    found = folds(data)
    assert [fold.year for fold in found] == [2019, 2020]
    for fold in found:
        fit, calibrate, test = (data.session[mask] for mask in (fold.fit, fold.calibrate, fold.test))
        assert calibrate.min() - fit.max() == EMBARGO + 1 > REACH
        assert test.min() - calibrate.max() == EMBARGO + 1
        assert len(np.unique(fit)) >= MIN_SESSIONS
        assert {str(data.sessions[day])[:4] for day in np.unique(test)} == {str(fold.year)}


def test_what_happens_later_changes_no_earlier_prediction():
    data = rows()
    walked = walk_forward(data, Recipe.LOGISTIC, 1).predictions
    until = int(np.searchsorted(data.sessions, np.datetime64("2019-01-01")))
    # All that is tested first lies after; the next year is calibrated on it.
    later = data.session >= until - REACH
    draw = np.random.default_rng(9)
    other = dataclasses.replace(
        data,
        classes=np.where(later, draw.integers(0, 3, len(data)), data.classes),
        above=np.where(later, draw.random(len(data)) > 0.5, data.above),
    )
    again = walk_forward(other, Recipe.LOGISTIC, 1).predictions
    before = walked.fold == 2019
    np.testing.assert_array_equal(again.probabilities[before], walked.probabilities[before])
    assert (again.probabilities[~before] != walked.probabilities[~before]).any()


def test_what_can_be_known_is_found_and_what_moved_it_named():
    walked = walk_forward(rows(), Recipe.LOGISTIC, 1)
    predictions = walked.predictions
    found = rank_ic(predictions.outperformance, predictions.excess, predictions.session, 1)
    assert found.low > 0.2
    assert next(iter(walked.importance)) == FEATURE_NAMES[0]
    assert predictions.probabilities.sum(axis=1) == pytest.approx(1)
    assert set(predictions.fold) == {2019, 2020}


def test_of_shuffled_labels_nothing_is_known():
    told = []
    score, excess, session = shuffled_control(rows(), Recipe.LOGISTIC, 1, lambda done, of: told.append((done, of)))
    found = rank_ic(score, excess, session, 1)
    # Where the labels are whole it is above 0.2. Three deviations of what chance makes of so few stocks.
    assert abs(found.value) < 0.04
    assert np.ptp(score) > 0, "a score that is constant proves nothing"
    assert told == [(1, 2), (2, 2)]


class Leaking(Dataset):
    """Rows with a feature that has seen a little of what happened to them, dealt out anew or not."""

    def rows(self, chosen):
        known = Dataset.rows(self, chosen)
        features = known.features.copy()
        features[:, 1] += 0.3 * known.excess / known.excess.std()
        return dataclasses.replace(known, features=features)


def test_the_control_finds_a_feature_that_knows_the_label():
    whole = rows()
    leaking = Leaking(**{field.name: getattr(whole, field.name) for field in dataclasses.fields(whole)})
    score, excess, session = shuffled_control(leaking, Recipe.LOGISTIC, 1)
    assert rank_ic(score, excess, session, 1).low > LEAK_SHUFFLED


def test_too_few_years_are_refused():
    with pytest.raises(RunAbortedError, match="too few years to walk forward"):
        walk_forward(rows(years=2), Recipe.LOGISTIC, 1)
