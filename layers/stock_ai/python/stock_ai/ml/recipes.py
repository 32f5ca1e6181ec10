"""Recipes: how a model is fitted and calibrated, and how its probabilities come about.

Two questions are asked apart, since one answer does not help with the other. Direction: will the stock do better than
the median of its day? Move: will its excess leave the neutral band at all? Most of what can be known of the second is
volatility, which would drown the first in one model of three classes. Then, with m = P(move) and u = P(up | move),
P(up) = m u, P(down) = m (1 - u) and P(neutral) = 1 - m.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from stock_ai.indicators.panel import Floats
from stock_ai.ml.card import Recipe
from stock_ai.ml.cross_section import Integers
from stock_ai.ml.dataset import Dataset
from stock_ai.ml.features import FEATURE_NAMES
from stock_ai.ml.labels import DOWN, NEUTRAL, UP
from stock_ai.ml.neural import CLIP, NeuralMember
from stock_ai.ml.own_features import OWN
from stock_ai.ml.platt import Line, Rows

_TINY = 1e-6

Member = Any
"""A fitted classifier of two classes with `predict_proba`."""


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


@dataclass(frozen=True, slots=True)
class _Network:
    """A network that is not trained yet."""

    seed: int

    def fit(self, features: Floats, happened: Rows) -> NeuralMember:
        # Only training needs TensorFlow.
        from stock_ai.ml.neural_training import train_neural

        return train_neural(features, happened, self.seed)


@dataclass(frozen=True, slots=True)
class _Ingredient:
    """One kind of member of a recipe: `seeds` of them share its `weight`.

    A centred question is about the others of the day. Of it a linear member learns more from features that are relative
    to the mean of their session; trees need the levels, to tell one state of a stock from another.
    """

    make: Callable[[int], Member]
    weight: float = 1.0
    seeds: int = 1
    relative: bool = False


_RECIPES: Final[Mapping[Recipe, tuple[_Ingredient, ...]]] = {
    Recipe.LOGISTIC: (_Ingredient(_logistic, relative=True),),
    Recipe.BOOSTING: (_Ingredient(_boosting, seeds=3),),
    Recipe.FOREST: (_Ingredient(_forest),),
    Recipe.NEURAL: (_Ingredient(_Network, relative=True),),
    Recipe.BLEND: (_Ingredient(_logistic, 0.5, relative=True), _Ingredient(_boosting, 0.5, seeds=3)),
}


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The answer to one question: the sum of its members' log-odds, each times its share.

    Attributes:
        members: one or more.
        shares: (members,) weight over the deviation of a member's log-odds on rows it was not fitted on.
        relative: for each member, whether its features are taken relative to the mean of their session.
        columns: how many of the first features it looks at.
        centred: whether a score is what is above the mean of its session.
    """

    members: tuple[Member, ...]
    shares: Floats
    relative: tuple[bool, ...]
    columns: int
    centred: bool

    def score(self, features: Floats, session: Integers) -> Floats:
        """(rows,) higher is likelier; what it means in probability, `Line` says.

        Args:
            features: (rows, features).
            session: (rows,) any number that rows of one trading date share. All stocks of the date have to be there.
        """
        total = np.zeros(len(features))
        for share, odds in zip(self.shares, self.said(features, session), strict=True):
            total += share * odds
        return total

    def said(self, features: Floats, session: Integers) -> Iterator[Floats]:
        """(rows,) the log-odds of each member."""
        for member, seen, _ in self.each(features, session):
            odds = log_odds(member, seen)
            yield above_mean(odds, session) if self.centred else odds

    def each(self, features: Floats, session: Integers) -> Iterator[tuple[Member, Floats, float]]:
        """Each member with the features it sees and its share."""
        levels = features[:, : self.columns]
        above = above_mean(levels, session) if any(self.relative) else levels
        for member, relative, share in zip(self.members, self.relative, self.shares, strict=True):
            yield member, above if relative else levels, float(share)


def _part(recipe: Recipe, learnt: Dataset, happened: Rows, later: Dataset, seed: int, question: _Question) -> Part:
    """Fit a part on rows `learnt`, and weigh its members by what they say of `later` ones."""
    members: list[Member] = []
    weights: list[float] = []
    relative: list[bool] = []
    levels = learnt.features[:, : question.columns]
    for ingredient in _RECIPES[recipe]:
        compared = ingredient.relative and question.centred
        seen = above_mean(levels, learnt.session) if compared else levels
        for number in range(ingredient.seeds):
            members.append(ingredient.make(seed + number).fit(seen, happened))
            weights.append(ingredient.weight / ingredient.seeds)
            relative.append(compared)
    even = Part(tuple(members), np.ones(len(members)), tuple(relative), question.columns, question.centred)
    deviations = [odds.std() for odds in even.said(later.features, later.session)]
    return replace(even, shares=np.array(weights) / np.maximum(deviations, _TINY))


@dataclass(frozen=True, slots=True)
class _Question:
    columns: int
    centred: bool


# Centred, it is about the others of the day already: ranks and the market's state add nothing but noise.
_DIRECTION = _Question(columns=len(OWN), centred=True)
_MOVE = _Question(columns=len(FEATURE_NAMES), centred=False)


def above_mean(values: Floats, session: Integers) -> Floats:
    """What each value, or each row of values, is above the mean of its session."""
    if not len(values):
        return values
    _, group = np.unique(session, return_inverse=True)
    totals = np.zeros((group.max() + 1, *values.shape[1:]))
    np.add.at(totals, group, values)
    counts = np.bincount(group).reshape(-1, *[1] * (values.ndim - 1))
    above: Floats = values - (totals / counts)[group]
    return above


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Both parts, not yet calibrated. `medians`: (features,) of the rows they were fitted on."""

    recipe: Recipe
    direction: Part
    move: Part
    medians: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Scores of rows by a direction that was not fitted on them, and what happened; each of shape (rows,)."""

    score: Floats
    classes: Integers
    above: Rows

    @classmethod
    def of(cls, direction: Part, data: Dataset) -> Self:
        """What `direction` says of rows."""
        return cls(direction.score(data.features, data.session), data.classes, data.above)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A fitted and calibrated recipe.

    Attributes:
        up: P(up | move) of the direction's score.
        moves: P(move) of the move's score.
        above: P(better than the median of the day) of the direction's score.
    """

    parts: Parts
    up: Line
    moves: Line
    above: Line

    def probabilities(self, features: Floats, session: Integers) -> Floats:
        """(rows, 3) of DOWN, NEUTRAL, UP, for complete rows (rows, features); `session` as `Part.score` has it."""
        moves = self.moves.probability(self.parts.move.score(features, session))
        up = self.up.probability(self.parts.direction.score(features, session))
        table = np.empty((len(features), 3))
        table[:, DOWN], table[:, NEUTRAL], table[:, UP] = moves * (1 - up), 1 - moves, moves * up
        return table

    def outperformance(self, features: Floats, session: Integers) -> Floats:
        """(rows,) P(better than the median of the day)."""
        return self.above.probability(self.parts.direction.score(features, session))


def fit(recipe: Recipe, data: Dataset, fitted_on: Rows, scaled_on: Rows, seed: int) -> Parts:
    """Fit both parts on some rows and scale them on later ones; the masks are of shape (rows,) and share none."""
    learnt, later = data.rows(fitted_on), data.rows(scaled_on)
    return Parts(
        recipe=recipe,
        direction=_part(recipe, learnt, learnt.above, later, seed, _DIRECTION),
        move=_part(recipe, learnt, learnt.classes != NEUTRAL, later, seed, _MOVE),
        medians=np.median(learnt.features, axis=0),
    )


def fit_direction(recipe: Recipe, data: Dataset, fitted_on: Rows, scaled_on: Rows, seed: int) -> Part:
    """The direction alone, as `fit` makes it."""
    learnt = data.rows(fitted_on)
    return _part(recipe, learnt, learnt.above, data.rows(scaled_on), seed, _DIRECTION)


def calibrated(parts: Parts, scored: Sequence[Scored], newest: Dataset) -> Fitted:
    """Calibrate on rows that were not fitted on.

    The direction is pooled over all of `scored`, by earlier directions of the same recipe and by this one: one year is
    too few independent sessions to tell its slope. How often anything moves changes from year to year, so of that the
    `newest` rows alone are believed.
    """
    score, classes, above = (
        np.concatenate([getattr(one, name) for one in scored]) for name in ("score", "classes", "above")
    )
    moved = classes != NEUTRAL
    return Fitted(
        parts=parts,
        up=Line.fit(score[moved], classes[moved] == UP),
        moves=Line.fit(parts.move.score(newest.features, newest.session), newest.classes != NEUTRAL),
        above=Line.fit(score, above),
    )


def log_odds(member: Member, features: Floats) -> Floats:
    """(rows,) what a member says."""
    likely = np.clip(member.predict_proba(features)[:, 1], _TINY, 1 - _TINY)
    odds: Floats = np.log(likely / (1 - likely))
    return odds
