"""What moved a prediction: each feature's share of a score.

For a linear member the share is exact, against a stock with the features' medians. For trees it is what the walk down
each tree gained at its splits on the feature, from root to leaf (Saabas 2014): the shares of a row and the
mean of the training rows add up to its score. For a network `neural.contributions` has it, against the usual stock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.pipeline import Pipeline

from stock_ai.indicators.panel import Floats
from stock_ai.ml.cross_section import Integers
from stock_ai.ml.neural import NeuralMember, contributions
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
        moved: Floats = (member[:-1].transform(features) - member[:-1].transform(usual)) * member[-1].coef_[0]
        return moved
    if isinstance(member, HistGradientBoostingClassifier):
        return _of_boosting(member, features)
    if isinstance(member, RandomForestClassifier):
        return _of_forest(member, features)
    if isinstance(member, NeuralMember):
        return contributions(lambda rows: log_odds(member, rows), features, usual)
    raise TypeError(f"nothing is known of the influences of a {type(member).__name__}")


def _of_boosting(member: HistGradientBoostingClassifier, features: Floats) -> Floats:
    known, places = member._bin_mapper.make_known_categories_bitsets()
    trees: list[_Tree] = []
    leaves = np.empty((len(features), len(member._predictors)), dtype=np.int64)
    for number, (tree,) in enumerate(member._predictors):
        nodes = tree.nodes
        leaf = nodes["is_leaf"].astype(bool)
        # The grower shrinks the values of leaves only.
        values = np.where(leaf, nodes["value"], nodes["value"] * member.learning_rate)
        trees.append(_Tree(leaf, nodes["feature_idx"], nodes["left"], nodes["right"], values))
        # The same tree, which says at which leaf a row ends instead of what that leaf is worth.
        numbered = nodes.copy()
        numbered["value"] = np.arange(len(nodes))
        walker = TreePredictor(numbered, tree.binned_left_cat_bitsets, tree.raw_left_cat_bitsets)
        leaves[:, number] = walker.predict(features, known, places, 1)
    return _gained(trees, leaves, features.shape[1])


def _of_forest(member: RandomForestClassifier, features: Floats) -> Floats:
    trees: list[_Tree] = []
    for grown in member.estimators_:
        tree = grown.tree_
        likely = tree.value[:, 0, 1] / tree.value[:, 0, :].sum(axis=1)
        trees.append(_Tree(tree.children_left < 0, tree.feature, tree.children_left, tree.children_right, likely))
    total = _gained(trees, member.apply(features), features.shape[1])
    total /= len(member.estimators_)
    moved = total.sum(axis=1)
    score = log_odds(member, features)
    usual = member.predict_proba(features)[:, 1] - moved
    # Shares of a probability, stretched to shares of its log-odds.
    away = score - np.log(usual / (1 - usual))
    safe = np.where(np.abs(moved) > 1e-12, moved, 1)
    stretched: Floats = total * np.where(np.abs(moved) > 1e-12, away / safe, 4)[:, None]
    return stretched


class _Tree(NamedTuple):
    """A grown tree, each array of shape (nodes,), its root first."""

    leaf: NDArray[np.bool_]
    split: Integers
    left: Integers
    right: Integers
    values: Floats


def _gained(trees: Sequence[_Tree], leaves: Integers, columns: int) -> Floats:
    """(rows, columns) what rows gain at the splits of all trees, given (rows, trees) the leaves where they end."""
    starts = np.cumsum([0, *(len(tree.leaf) for tree in trees)])
    leaf, split, left, right, values = (np.concatenate(arrays) for arrays in zip(*trees, strict=True))
    offsets = np.repeat(starts[:-1], np.diff(starts))
    left, right = left + offsets, right + offsets
    paths = np.zeros((len(leaf), columns))
    at = starts[:-1]
    # All trees at once, a level at a time: a node has what its parent has, and what the step to it gains.
    while len(at := at[~leaf[at]]):
        for child in (left[at], right[at]):
            paths[child] = paths[at]
            paths[child, split[at]] += values[child] - values[at]
        at = np.concatenate((left[at], right[at]))
    rows, width = leaves.shape
    ends = csr_array(
        (np.ones(leaves.size), (leaves + starts[:-1]).ravel(), np.arange(0, leaves.size + 1, width)),
        shape=(rows, len(leaf)),
    )
    gained: Floats = ends @ paths
    return gained
