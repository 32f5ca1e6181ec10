"""Recipes: how a model is fitted and calibrated, and how its probabilities come about.

Two questions are asked apart, since one answer does not help with the other. Direction: will the stock do better than
the median of its day? Move: will its excess leave the neutral band at all? Most of what can be known of the second is
volatility, which would drown the first in one model of three classes. Then, with m = P(move) and u = P(up | move),
P(up) = m u, P(down) = m (1 - u) and P(neutral) = 1 - m.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from stock_ai.indicators.panel import Floats
from stock_ai.ml.card import Recipe
from stock_ai.ml.dataset import Dataset
from stock_ai.ml.labels import DOWN, NEUTRAL, UP

CLIP = 4.0
"""Standardised features are cut off here: one wild bar must not decide a prediction."""
_TINY = 1e-6

Member = Any
"""A fitted classifier of two classes with `predict_proba`."""
Rows = NDArray[np.bool_]


def _logistic(seed: int) -> Pipeline:
    return Pipeline(
        [
            ("standardise", StandardScaler()),
            ("clip", FunctionTransformer(np.clip, kw_args={"a_min": -CLIP, "a_max": CLIP})),
            ("classify", LogisticRegression(C=0.003, max_iter=500, random_state=seed)),
        ]
    )


def _boosting(seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=150,
        learning_rate=0.04,
        max_leaf_nodes=15,
        min_samples_leaf=500,
        l2_regularization=5.0,
        max_features=0.3,
        early_stopping=False,
        random_state=seed,
    )


def _forest(seed: int) -> RandomForestClassifier:
    return RandomForestClassifier(
        n_estimators=120, min_samples_leaf=200, max_features=0.2, max_samples=0.2, n_jobs=1, random_state=seed
    )


_MEMBERS: Final[Mapping[Recipe, tuple[Callable[[int], Member], ...]]] = {
    Recipe.LOGISTIC: (_logistic,),
    Recipe.BOOSTING: (_boosting,),
    Recipe.FOREST: (_forest,),
    Recipe.BLEND: (_logistic, _boosting),
}


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The answer to one question: the mean of its members' log-odds, each divided by its deviation.

    Attributes:
        members: one or more.
        scales: (members,) deviation of each one's log-odds on the calibration rows.
    """

    members: tuple[Member, ...]
    scales: Floats

    @classmethod
    def fit(cls, recipe: Recipe, seed: int, features: Floats, happened: Rows, calibrate: Floats) -> Self:
        """Fit every member on (rows, features) and what happened; scale on the rows of `calibrate`."""
        members = tuple(make(seed).fit(features, happened) for make in _MEMBERS[recipe])
        scales = np.array([max(float(log_odds(member, calibrate).std()), _TINY) for member in members])
        return cls(members, scales)

    def score(self, features: Floats) -> Floats:
        """(rows,) higher is likelier; what it means in probability, `Line` says."""
        total = np.zeros(len(features))
        for member, scale in zip(self.members, self.scales, strict=True):
            total += log_odds(member, features) / scale
        return total / len(self.members)


@dataclass(frozen=True, slots=True)
class Line:
    """Log-odds as a line of a score (Platt 1999)."""

    slope: float
    intercept: float

    @classmethod
    def fit(cls, score: Floats, happened: Rows) -> Self:
        """The line that fits best. One that falls would turn the score around: then the base rate stands for all."""
        if happened.all() or not happened.any():
            base = np.clip(happened.mean(), _TINY, 1 - _TINY)
            return cls(0.0, float(np.log(base / (1 - base))))
        fitted = LogisticRegression(C=1e6, max_iter=500).fit(score[:, None], happened)
        slope = float(fitted.coef_[0, 0])
        if slope > 0:
            return cls(slope, float(fitted.intercept_[0]))
        base = float(happened.mean())
        return cls(0.0, float(np.log(base / (1 - base))))

    def probability(self, score: Floats) -> Floats:
        """(rows,)"""
        probability: Floats = 1 / (1 + np.exp(-(self.slope * score + self.intercept)))
        return probability


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A fitted and calibrated recipe.

    Attributes:
        medians: (features,) of the rows it was fitted on.
        up: P(up | move) of the direction's score.
        moves: P(move) of the move's score.
        above: P(better than the median of the day) of the direction's score.
    """

    recipe: Recipe
    direction: Part
    move: Part
    up: Line
    moves: Line
    above: Line
    medians: Floats

    def probabilities(self, features: Floats) -> Floats:
        """(rows, 3) of DOWN, NEUTRAL, UP, for complete rows (rows, features)."""
        moves = self.moves.probability(self.move.score(features))
        up = self.up.probability(self.direction.score(features))
        table = np.empty((len(features), 3))
        table[:, DOWN], table[:, NEUTRAL], table[:, UP] = moves * (1 - up), 1 - moves, moves * up
        return table

    def outperformance(self, features: Floats) -> Floats:
        """(rows,) P(better than the median of the day)."""
        return self.above.probability(self.direction.score(features))


def fit(recipe: Recipe, data: Dataset, fitted_on: Rows, calibrated_on: Rows, seed: int) -> Fitted:
    """Fit on some rows and calibrate on later ones; both masks are of shape (rows,) and share none."""
    features, moved = data.features, data.classes != NEUTRAL
    late = features[calibrated_on]
    direction = Part.fit(recipe, seed, features[fitted_on], data.above[fitted_on], late)
    move = Part.fit(recipe, seed, features[fitted_on], moved[fitted_on], late)
    score = direction.score(late)
    moved_late = moved[calibrated_on]
    return Fitted(
        recipe=recipe,
        direction=direction,
        move=move,
        up=Line.fit(score[moved_late], data.classes[calibrated_on][moved_late] == UP),
        moves=Line.fit(move.score(late), moved_late),
        above=Line.fit(score, data.above[calibrated_on]),
        medians=np.median(features[fitted_on], axis=0),
    )


def log_odds(member: Member, features: Floats) -> Floats:
    """(rows,) what a member says."""
    likely = np.clip(member.predict_proba(features)[:, 1], _TINY, 1 - _TINY)
    odds: Floats = np.log(likely / (1 - likely))
    return odds
