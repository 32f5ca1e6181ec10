"""Shares of features in a score: those of trees against a walk down each of them."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from stock_ai.ml.influence import influence
from stock_ai.ml.recipes import Part, log_odds

ROWS, COLUMNS = 400, 6


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(3).normal(size=(ROWS, COLUMNS))


@pytest.fixture(scope="module")
def happened(features):
    noise = np.random.default_rng(4).normal(size=ROWS)
    return features[:, 0] - features[:, 1] * features[:, 2] + noise > 0


def shares(member, features):
    part = Part((member,), np.ones(1), (False,), COLUMNS, centred=False)
    return influence(part, features, np.zeros(ROWS, dtype=np.int64), np.zeros(COLUMNS))


def test_boosted_trees_share_what_each_split_gains(features, happened):
    member = HistGradientBoostingClassifier(max_iter=8, max_leaf_nodes=7, random_state=1).fit(features, happened)
    expected = np.zeros(features.shape)
    for (tree,) in member._predictors:
        nodes = tree.nodes
        for row, given in enumerate(features):
            at, worth = 0, nodes[0]["value"] * member.learning_rate
            while not nodes[at]["is_leaf"]:
                column = nodes[at]["feature_idx"]
                at = nodes[at]["left" if given[column] <= nodes[at]["num_threshold"] else "right"]
                shrunk = 1 if nodes[at]["is_leaf"] else member.learning_rate
                expected[row, column] += nodes[at]["value"] * shrunk - worth
                worth = nodes[at]["value"] * shrunk
    found = shares(member, features)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    # With what the roots are worth, they make the whole score.
    apart = log_odds(member, features) - found.sum(axis=1)
    np.testing.assert_allclose(apart, apart[0], rtol=1e-9)


def test_a_forest_shares_what_each_split_gains_stretched_alike(features, happened):
    member = RandomForestClassifier(n_estimators=10, max_depth=4, max_features=1.0, random_state=1)
    member.fit(features, happened)
    found = shares(member, features)
    expected = np.zeros(found.shape)
    for grown in member.estimators_:
        tree = grown.tree_
        likely = tree.value[:, 0, 1] / tree.value[:, 0, :].sum(axis=1)
        for row, given in enumerate(features.astype(np.float32)):
            at = 0
            while tree.children_left[at] >= 0:
                column = tree.feature[at]
                below = given[column] <= tree.threshold[at]
                child = (tree.children_left if below else tree.children_right)[at]
                expected[row, column] += (likely[child] - likely[at]) / len(member.estimators_)
                at = child
    assert np.isfinite(found).all()
    # Shares of the probability, all of a row stretched alike.
    np.testing.assert_allclose(
        found * expected.sum(axis=1, keepdims=True), expected * found.sum(axis=1, keepdims=True), atol=1e-9
    )
