"""Training: fit on the past, calibrate on what came later, measure on what came last."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from stock_ai.errors import RunAbortedError
from stock_ai.indicators import Panel
from stock_ai.ml.card import ModelCard
from stock_ai.ml.cross_section import MIN_CROSS_SECTION, Integers
from stock_ai.ml.dataset import Dataset, build_dataset, stocks
from stock_ai.ml.evaluation import CLASSES, evaluate, reliability
from stock_ai.ml.features import FEATURE_NAMES, FEATURE_VERSION, MIN_BARS
from stock_ai.ml.labels import REACH
from stock_ai.ml.model import Model, library_versions, to_bytes
from stock_ai.models import digest

NAME = "logistic-5d"
MAX_SPAN = 250
"""Sessions of the calibration and of the test at most: about a year, so that a long history serves the fit."""
MIN_SESSIONS = 75
"""Sessions with complete rows: 15 to test, 15 to calibrate and about 33 to fit, with the gaps between them."""
MIN_ROWS = 1_000
CLIP = 4.0
"""Standardised features are cut off here: one wild bar must not decide a prediction."""


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Rows by time. Before `calibrate` and before `test` lie `REACH` sessions whose labels would look into them."""

    fit: NDArray[np.bool_]
    calibrate: NDArray[np.bool_]
    test: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """A model, the bytes to store, whose SHA-256 is in its card, and the rows it was tested on and has never seen."""

    model: Model
    blob: bytes
    held_out: Dataset

    @property
    def card(self) -> ModelCard:
        """The card of the model."""
        return self.model.card


def split(session: Integers) -> Spans:
    """The last fifth of the sessions tests, the fifth before calibrates (each `MAX_SPAN` at most), the rest fits."""
    days = np.unique(session)
    span = min(MAX_SPAN, len(days) // 5)
    calibrate_from, test_from = days[-2 * span], days[-span]
    return Spans(
        fit=session + REACH < calibrate_from,
        calibrate=(session >= calibrate_from) & (session + REACH < test_from),
        test=session >= test_from,
    )


def train(panel: Panel, seed: int, now: dt.datetime) -> TrainedModel:
    """A calibrated multinomial logistic model of the next five sessions, from final bars only.

    The model that is stored is the one that was measured: it is not fitted again on the test span.

    Args:
        panel: daily bars; indices in it are left out.
        seed: of whatever is random in the fit.
        now: the present instant, for the card.

    Raises:
        RunAbortedError: too few sessions or rows, a class that never happened, or real and simulated bars together.
    """
    worlds = {bars.simulated for bars in stocks(panel)}
    if len(worlds) > 1:
        raise RunAbortedError("the panel mixes real and simulated bars")
    data = build_dataset(panel)
    days = len(np.unique(data.session))
    if days < MIN_SESSIONS or len(data) < MIN_ROWS:
        raise RunAbortedError(
            f"too little data to train: {len(data)} complete rows in {days} sessions, needed are {MIN_ROWS} rows in"
            f" {MIN_SESSIONS} sessions; a session counts with {MIN_CROSS_SECTION} stocks or more, and the first"
            f" {MIN_BARS - 1} bars of a stock and the last {REACH} sessions give no rows"
        )
    spans = split(data.session)
    for name, rows in (("fit", spans.fit), ("calibration", spans.calibrate), ("test", spans.test)):
        happened = np.bincount(data.classes[rows], minlength=CLASSES)
        if not happened.all():
            raise RunAbortedError(f"too little data to train: of the three classes the {name} span has {happened}")
    estimator = fit(data, spans, seed)
    blob = to_bytes(estimator)
    model = Model(_card(data, spans, estimator, blob, worlds.pop(), seed, now), estimator)
    return TrainedModel(model, blob, data.rows(spans.test))


def fit(data: Dataset, spans: Spans, seed: int) -> CalibratedClassifierCV:
    """The estimator: standardise, clip, multinomial logistic; then one temperature on the calibration span.

    Temperature scaling (Guo et al. 2017) keeps the order of the classes and leaves log-odds linear in the features, so
    that reasons are exact.
    """
    pipeline = Pipeline(
        [
            ("standardise", StandardScaler()),
            ("clip", FunctionTransformer(np.clip, kw_args={"a_min": -CLIP, "a_max": CLIP})),
            ("classify", LogisticRegression(random_state=seed, max_iter=500)),
        ]
    ).fit(data.features[spans.fit], data.classes[spans.fit])
    return CalibratedClassifierCV(FrozenEstimator(pipeline), method="temperature").fit(
        data.features[spans.calibrate], data.classes[spans.calibrate]
    )


def _card(
    data: Dataset,
    spans: Spans,
    estimator: CalibratedClassifierCV,
    blob: bytes,
    simulated: bool,
    seed: int,
    now: dt.datetime,
) -> ModelCard:
    probabilities = estimator.predict_proba(data.features[spans.test])
    classes = data.classes[spans.test]
    metrics = evaluate(probabilities, classes, data.excess[spans.test], data.session[spans.test], seed)
    learnt = spans.fit | spans.calibrate

    def date(session: int) -> dt.date:
        day: dt.date = data.sessions[session].item()
        return day

    trained_until = date(int(data.session[spans.calibrate].max()) + REACH)
    # The stored bytes differ from run to run; predictions on the test span do not, and no other model gives the same.
    content = hashlib.sha256(probabilities.tobytes()).hexdigest()
    return ModelCard(
        name=NAME,
        version=digest(NAME, FEATURE_VERSION, seed, simulated, trained_until, *library_versions().values(), content),
        sha256=hashlib.sha256(blob).hexdigest(),
        feature_version=FEATURE_VERSION,
        features=FEATURE_NAMES,
        seed=seed,
        trained_from=date(int(data.session[spans.fit].min())),
        trained_until=trained_until,
        tested_from=date(int(data.session[spans.test].min())),
        tested_until=date(int(data.session[spans.test].max())),
        symbols=tuple(data.symbols[position] for position in np.unique(data.symbol[learnt])),
        rows=int(learnt.sum()),
        simulated=simulated,
        libraries=library_versions(),
        metrics=metrics,
        proven_skill=metrics.log_loss_difference[1] < 0,
        reliability=reliability(probabilities, classes),
        created_at=now,
    )
