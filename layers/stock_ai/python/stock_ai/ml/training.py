"""Training: fit on the past, calibrate on what came later, measure on what came last."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stock_ai.errors import RunAbortedError
from stock_ai.indicators import Panel
from stock_ai.indicators.panel import Floats
from stock_ai.ml.card import LIFETIME, UNIT, ModelCard, Recipe
from stock_ai.ml.cross_section import MIN_CROSS_SECTION, Integers
from stock_ai.ml.dataset import Dataset, build_dataset, stocks
from stock_ai.ml.evaluation import CLASSES, evaluate, reliability
from stock_ai.ml.features import FEATURE_NAMES, FEATURE_VERSION, MIN_BARS
from stock_ai.ml.labels import DOWN, REACH, UP
from stock_ai.ml.model import Model, library_versions, to_bytes
from stock_ai.ml.recipes import Fitted, Scored, calibrated, fit, fit_direction
from stock_ai.models.base import digest

MAX_SPAN = 250
"""Sessions of the calibration and of the test at most: about a year, so that a long history serves the fit."""
MIN_SESSIONS = 75
"""Sessions with complete rows: 15 to test, 15 to calibrate and about 33 to fit, with the gaps between them."""
MIN_ROWS = 1_000
MIN_EARLIER = 400
"""Sessions that a model needs whose only use is to calibrate another."""
COVERAGE = 0.3
"""Share of the calibration rows that would get BUY or SELL: of the others the model does not know enough to say."""


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


def train(panel: Panel, seed: int, now: dt.datetime, recipe: Recipe = Recipe.BLEND) -> TrainedModel:
    """A calibrated model of the next five sessions, from final bars only.

    The model that is stored is the one that was measured: it is not fitted again on the test span.

    Args:
        panel: daily bars; indices in it are left out.
        seed: of whatever is random in the fit.
        now: the present instant, for the card.
        recipe: what is fitted.

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
    fitted = _fitted(recipe, data, spans, seed)
    blob = to_bytes(fitted)
    model = Model(_card(data, spans, fitted, blob, worlds.pop(), seed, now), fitted)
    return TrainedModel(model, blob, data.rows(spans.test))


def _fitted(recipe: Recipe, data: Dataset, spans: Spans, seed: int) -> Fitted:
    """Fit and calibrate: on the calibration span and, where the history is long enough, on spans before it.

    For each earlier span a model is fitted on what lies before, as the one that is kept is for its own.
    """
    parts = fit(recipe, data, spans.fit, spans.calibrate, seed)
    newest = data.rows(spans.calibrate)
    scored = [Scored.of(parts.direction, newest)]
    begins, ends = (int(bound) for bound in data.session[spans.calibrate][[0, -1]])
    length = ends - begins + 1
    while True:
        earlier = (data.session >= begins - length) & (data.session + REACH < begins)
        before = data.session + REACH < begins - length
        if len(np.unique(data.session[before])) < MIN_EARLIER:
            return calibrated(parts, scored[::-1], newest)
        older = fit_direction(recipe, data, before, earlier, seed)
        scored.append(Scored.of(older, data.rows(earlier)))
        begins -= length


def coverage_threshold(probabilities: Floats) -> float:
    """The probability that the more likely of up and down has in the `COVERAGE` most certain of (rows, 3) rows."""
    return float(np.quantile(probabilities[:, (DOWN, UP)].max(axis=1), 1 - COVERAGE))


def _card(
    data: Dataset,
    spans: Spans,
    fitted: Fitted,
    blob: bytes,
    simulated: bool,
    seed: int,
    now: dt.datetime,
) -> ModelCard:
    tested = data.rows(spans.test)
    probabilities = fitted.probabilities(tested.features, tested.session)
    metrics = evaluate(probabilities, fitted.outperformance(tested.features, tested.session), tested, seed)
    late = data.rows(spans.calibrate)
    name = f"{fitted.parts.recipe}-5d"
    learnt = spans.fit | spans.calibrate

    def date(session: int) -> dt.date:
        day: dt.date = data.sessions[session].item()
        return day

    libraries = library_versions()
    if fitted.parts.recipe is Recipe.NEURAL:
        from stock_ai.ml.neural_training import neural_versions

        libraries |= neural_versions()
    trained_until = date(int(data.session[spans.calibrate].max()) + REACH)
    tested_until = date(int(data.session[spans.test].max()))
    # The stored bytes differ from run to run; predictions on the test span do not, and no other model gives the same.
    content = hashlib.sha256(probabilities.tobytes()).hexdigest()
    return ModelCard(
        name=name,
        version=digest(name, FEATURE_VERSION, seed, simulated, trained_until, *libraries.values(), content),
        sha256=hashlib.sha256(blob).hexdigest(),
        feature_version=FEATURE_VERSION,
        features=FEATURE_NAMES,
        unit=UNIT,
        seed=seed,
        trained_from=date(int(data.session[spans.fit].min())),
        trained_until=trained_until,
        tested_from=date(int(data.session[spans.test].min())),
        tested_until=tested_until,
        expires_on=tested_until + LIFETIME,
        symbols=tuple(data.symbols[position] for position in np.unique(data.symbol[learnt])),
        rows=int(learnt.sum()),
        class_frequencies=tuple((np.bincount(data.classes[learnt], minlength=CLASSES) / learnt.sum()).tolist()),
        threshold=coverage_threshold(fitted.probabilities(late.features, late.session)),
        simulated=simulated,
        libraries=libraries,
        metrics=metrics,
        # A call claims a direction: to foresee the size of moves is not enough.
        proven_skill=metrics.log_loss_difference[1] < 0 and metrics.direction_log_loss_difference[1] < 0,
        reliability=reliability(probabilities, tested.classes),
        created_at=now,
    )
