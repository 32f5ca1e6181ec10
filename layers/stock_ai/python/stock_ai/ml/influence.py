"""What moved a prediction: each feature's share of a score.

For a linear member the share is exact, against a stock with the features' medians. For trees it is what the walk down
each tree gained at its splits on the feature, from root to leaf (Saabas 2014): the shares of a row and the
mean of the training rows add up to its score.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.pipeline import Pipeline

from stock_ai.indicators.panel import Floats
from stock_ai.ml.cross_section import Integers
from stock_ai.ml.recipes import Member, Part, above_mean, log_odds


def influence(part: Part, features: Floats, session: Integers, medians: Floats) -> Floats:
    """(rows, features) the share that each feature of each complete row has in the score of `part`.

    Arguments as of `Part.score`. The shares of a centred part are above those of the usual stock of the session.
    """
    total = np.zeros(features.shape)
    usual = medians[None, : part.columns]
    for (member, seen, share), relative in zip(part.each(features, session), part.relative, strict=True):
        # Relative to the others of its day, the usual stock is at the mean.
        total[:, : part.columns] += share * _of_member(member, seen, np.zeros_like(usual) if relative else usual)
    return above_mean(total, session) if part.centred else total


def _of_member(member: Member, features: Floats, usual: Floats) -> Floats:
    if isinstance(member, Pipeline):
        moved: Floats = member[:-1].transform(features) - member[:-1].transform(usual)
        return moved * member[-1].coef_[0]
    if isinstance(member, HistGradientBoostingClassifier):
        return _of_boosting(member, features)
    if isinstance(member, RandomForestClassifier):
        return _of_forest(member, features)
    raise TypeError(f"nothing is known of the influences of a {type(member).__name__}")


def _of_boosting(member: HistGradientBoostingClassifier, features: Floats) -> Floats:
    total = np.zeros(features.shape)
    for (tree,) in member._predictors:
        nodes = tree.nodes
        leaf = nodes["is_leaf"].astype(bool)
        # The grower shrinks the values of leaves only.
        values = np.where(leaf, nodes["value"], nodes["value"] * member.learning_rate)
        _walk(
            features, total, leaf, nodes["feature_idx"], nodes["num_threshold"], nodes["left"], nodes["right"], values
        )
    return total


def _of_forest(member: RandomForestClassifier, features: Floats) -> Floats:
    total = np.zeros(features.shape)
    for grown in member.estimators_:
        tree = grown.tree_
        likely = tree.value[:, 0, 1] / tree.value[:, 0, :].sum(axis=1)
        leaf = tree.children_left < 0
        # scikit-learn grows trees on float32.
        _walk(
            features.astype(np.float32),
            total,
            leaf,
            tree.feature,
            tree.threshold,
            tree.children_left,
            tree.children_right,
            likely,
        )
    total /= len(member.estimators_)
    moved = total.sum(axis=1)
    score = log_odds(member, features)
    usual = member.predict_proba(features)[:, 1] - moved
    # Shares of a probability, stretched to shares of its log-odds.
    away = score - np.log(usual / (1 - usual))
    safe = np.where(np.abs(moved) > 1e-12, moved, 1)
    stretched: Floats = total * np.where(np.abs(moved) > 1e-12, away / safe, 4)[:, None]
    return stretched


def _walk(
    features: Floats,
    total: Floats,
    leaf: NDArray[np.bool_],
    split: NDArray[np.int64],
    threshold: Floats,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    values: Floats,
) -> None:
    """Add to `total` what each row gains at each split of one tree."""
    rows = np.arange(len(features))
    at = np.zeros(len(features), dtype=np.int64)
    while True:
        going = ~leaf[at]
        if not going.any():
            return
        rows, at = rows[going], at[going]
        column = split[at]
        down = np.where(features[rows, column] <= threshold[at], left[at], right[at]).astype(np.int64)
        total[rows, column] += values[down] - values[at]
        at = down
