"""Walk-forward by year: every row is predicted by a model that ends before the year that the row is in begins.

For test year Y the model is fitted on all rows up to the end of Y-2 and calibrated on Y-1, pooled with the calibration
years of the test years before, each as the model of its own time saw it. Before either boundary
`EMBARGO` sessions are left out: a label looks `REACH` sessions ahead, and what it saw must not be known later on
(purging and embargo, López de Prado 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stock_ai.errors import RunAbortedError
from stock_ai.evaluation.predictions import Predictions
from stock_ai.indicators.panel import Floats
from stock_ai.ml.card import Recipe
from stock_ai.ml.cross_section import Integers
from stock_ai.ml.dataset import Dataset, above_median
from stock_ai.ml.features import FEATURE_NAMES
from stock_ai.ml.influence import influence
from stock_ai.ml.labels import REACH
from stock_ai.ml.recipes import Fitted, Scored, calibrated, fit, fit_direction

EMBARGO: Final = 10
"""Sessions left out before each boundary; at least `REACH`."""
MIN_SESSIONS: Final = 400
"""Sessions that the first fit needs."""
_SAMPLE = 20
"""Sessions at the end whose influences are averaged."""

if EMBARGO < REACH:
    raise ImportError("an embargo shorter than the reach of a label would let the future in")


@dataclass(frozen=True, slots=True, eq=False)
class TestYear:
    """One test year and the rows of its three spans, masks of shape (rows,)."""

    year: int
    fit: NDArray[np.bool_]
    calibrate: NDArray[np.bool_]
    test: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class WalkForward:
    """All test years together, and what moved the predictions of the newest."""

    predictions: Predictions
    importance: dict[str, float]
    """By feature: mean absolute share of the direction's log-odds, largest first."""


def folds(data: Dataset) -> list[TestYear]:
    """The test years, oldest first; the last may be unfinished.

    Raises:
        RunAbortedError: the rows reach over too few years for a single one.
    """
    years = data.sessions.astype("datetime64[Y]").astype(np.int64) + 1970
    found: list[TestYear] = []
    for year in np.unique(years[data.session]).tolist():
        test_from, calibrate_from = (int(np.searchsorted(years, bound)) for bound in (year, year - 1))
        one = TestYear(
            year=year,
            fit=data.session < calibrate_from - EMBARGO,
            calibrate=(data.session >= calibrate_from) & (data.session < test_from - EMBARGO),
            test=years[data.session] == year,
        )
        if len(np.unique(data.session[one.fit])) >= MIN_SESSIONS and one.calibrate.any():
            found.append(one)
    if not found:
        raise RunAbortedError(
            f"too few years to walk forward: a test year needs {MIN_SESSIONS} sessions with rows to fit on and a year"
            f" to calibrate on before it; there are rows on {len(np.unique(data.session))} sessions"
        )
    return found


def walk_forward(
    data: Dataset, recipe: Recipe, seed: int, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> WalkForward:
    """Predict every test year. `progress` is told after each fold how many of how many are done.

    Raises:
        RunAbortedError: as `folds`.
    """
    years = folds(data)
    parts: list[Predictions] = []
    scored: list[Scored] = []
    fitted: Fitted | None = None
    for done, fold in enumerate(years, 1):
        fresh = fit(recipe, data, fold.fit, fold.calibrate, seed)
        newest = data.rows(fold.calibrate)
        scored.append(Scored.of(fresh.direction, newest))
        fitted = calibrated(fresh, scored, newest)
        parts.append(_predicted(fitted, data, fold))
        progress(done, len(years))
    assert fitted is not None  # noqa: S101 - there is a fold
    return WalkForward(_joined(parts), _importance(fitted, data, years[-1]))


def shuffled_control(
    data: Dataset, recipe: Recipe, seed: int, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> tuple[Floats, Floats, Integers]:
    """The direction's scores of all test rows, their excess returns and sessions, where nothing can be learnt.

    What happened is dealt out anew among the rows of each session, before fit and test. Scores and not probabilities,
    since the calibration would rightly call all of them even.
    """
    draw = np.random.default_rng(seed)
    order = np.concatenate([draw.permutation(rows) for rows in _by_session(data.session)])
    excess = data.excess[order]
    dealt = replace(data, classes=data.classes[order], excess=excess, above=above_median(excess, data.session))
    years = folds(data)
    scores: list[Floats] = []
    for done, fold in enumerate(years, 1):
        rows = dealt.rows(fold.test)
        scores.append(fit_direction(recipe, dealt, fold.fit, fold.calibrate, seed).score(rows.features, rows.session))
        progress(done, len(years))
    tested = np.logical_or.reduce([fold.test for fold in years])
    return np.concatenate(scores), dealt.excess[tested], dealt.session[tested]


def _predicted(fitted: Fitted, data: Dataset, fold: TestYear) -> Predictions:
    rows = data.rows(fold.test)
    known = data.classes[fold.fit | fold.calibrate]
    frequencies = np.bincount(known, minlength=3) / len(known)
    return Predictions(
        probabilities=fitted.probabilities(rows.features, rows.session),
        outperformance=fitted.outperformance(rows.features, rows.session),
        classes=rows.classes,
        excess=rows.excess,
        above=rows.above,
        base=np.broadcast_to(frequencies, (len(rows), 3)),
        fold=np.full(len(rows), fold.year),
        session=rows.session,
        symbol=rows.symbol,
        sessions=rows.sessions,
        symbols=rows.symbols,
    )


def _joined(parts: list[Predictions]) -> Predictions:
    columns = ("probabilities", "outperformance", "classes", "excess", "above", "base", "fold", "session", "symbol")
    return replace(parts[0], **{name: np.concatenate([getattr(part, name) for part in parts]) for name in columns})


def _importance(fitted: Fitted, data: Dataset, fold: TestYear) -> dict[str, float]:
    rows = data.rows(fold.test)
    newest = rows.rows(rows.session > rows.session.max() - _SAMPLE)
    shares = influence(fitted.parts.direction, newest.features, newest.session, fitted.parts.medians)
    mean = fitted.up.slope * np.abs(shares).mean(axis=0)
    return {FEATURE_NAMES[at]: float(mean[at]) for at in np.argsort(-mean, kind="stable")}


def _by_session(session: Integers) -> Iterator[Integers]:
    yield from np.split(np.arange(len(session)), np.flatnonzero(np.diff(session)) + 1)
