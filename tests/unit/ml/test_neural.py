"""The neural member without TensorFlow: contributions that add up, refusals, inference where LiteRT is installed."""

import base64
import importlib.util
import itertools
import math
import sys
import zlib

import numpy as np
import pytest
import skops.io

from stock_ai.errors import InvalidInputError, RunAbortedError
from stock_ai.ml.neural import CLIP, NeuralMember, contributions
from stock_ai.ml.neural_training import train_neural

# One dense layer, odds = x0 - 2 x1 + 0.5, as Keras 3.15 and TensorFlow 2.21 exported it; zlib and base 85.
TINY = zlib.decompress(
    base64.b85decode(
        b"c-nPSF;Ck-6n;1^1c=f|jVdZKWMJszCX_B!B^0Hp6p26uQCH*22Uv2PHaR244jnsm=-8jog$*&F4xOt^6$2w9>OW}B_s-8Iip0sE?)>iF_r81Y"
        b"U5$wPZ?>LSsZKRop(<6V1Y418tO+)vFTgeMbB<^NTos7$5tca3W65~2&l3Jh;`a)82#nR}IEW5iUmbXHsEwZud{2_3AnPJ9jP-|DyA2X<w*UE`"
        b"B)0sY02Z(zdspzEm-Qo{y|ewUv%A;b*>-!Ke(QCs-vV!{i}@c+ogD;`JBlM643vAUM&n=@(E{w3zyvsBeZV(Bi{JYs)v}-8n{}6SezvU{>%6gL"
        b"+Q{T2%dKtl)BW-5@ThZfT97;0#*1j(S#LVXz;B7goK5G2)1bRC`IjVrWncI=XJZzP`O_wsjW~w@*P^%8-L1EW5$>#&@0h$+&DnCUka@~tugQIV"
        b";7GU!UJzw9%6zLvYl)V{SMpOV$@(+m^Z9}x^S5Nq`iUgQ+8hf{WAnd-`|^=YQ%&p}!hvnWe}gzrFz;zktAjXv>y31vQC;P?y)b;)n2O0b7v75K"
        b"WF1eL7xop?yB}kPHt|BY`OH_*SYdAYK232DJvO-`$zD1ZU`?-?aa+Ru72K=$arZpki^E)_CH(w0DSw?@-#dPeTo<rUV=5<UZ`pa@&%8zV1R1er"
        b"YEd!$%C$_Z!4VhJSc|v)DV#z"
    )
)
litert = pytest.mark.skipif(
    importlib.util.find_spec("ai_edge_litert") is None, reason="LiteRT is not installed (the extra neural)"
)


def member(network=TINY):
    return NeuralMember(network, means=np.array([1.0, -1.0]), deviations=np.array([2.0, 0.5]))


def by_hand(features):
    first = np.clip((features[:, 0] - 1) / 2, -CLIP, CLIP)
    second = np.clip((features[:, 1] + 1) / 0.5, -CLIP, CLIP)
    return 1 / (1 + np.exp(-(first - 2 * second + 0.5)))


def tangled(features):
    """A score in which all features act together."""
    return np.tanh(features.prod(axis=1)) + np.sin(features.sum(axis=1))


def test_contributions_add_up_whatever_the_score_is():
    draw = np.random.default_rng(2)
    features, usual = draw.normal(size=(50, 6)), draw.normal(size=(1, 6))
    found = contributions(tangled, features, usual)
    assert found.sum(axis=1) == pytest.approx(tangled(features) - tangled(usual))


def shapley(score, row, usual):
    """The mean over all orders of what the score moves when a feature takes its value."""
    total = np.zeros(len(row))
    for order in itertools.permutations(range(len(row))):
        mixed = usual[0].copy()
        for column in order:
            before = score(mixed[None, :])[0]
            mixed[column] = row[column]
            total[column] += score(mixed[None, :])[0] - before
    return total / math.factorial(len(row))


def test_contributions_are_shapley_values_where_features_act_alone_or_in_pairs():
    def paired(features):
        return features[:, 0] * features[:, 3] - 2 * features[:, 1] * features[:, 2] + np.exp(features[:, 3])

    draw = np.random.default_rng(3)
    features, usual = draw.normal(size=(10, 4)), draw.normal(size=(1, 4))
    found = contributions(paired, features, usual)
    for row, share in zip(features, found, strict=True):
        assert share == pytest.approx(shapley(paired, row, usual))


def test_contributions_cost_two_runs_for_each_column():
    seen = []

    def score(features):
        seen.append(features.shape)
        return features.sum(axis=1)

    contributions(score, np.ones((7, 5)), np.zeros((1, 5)))
    assert seen == [(7, 5)] * 12


def test_without_litert_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(RunAbortedError, match="the extra neural "):
        NeuralMember.restored(member().stored())


def test_without_tensorflow_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(InvalidInputError, match="recipe: neural needs TensorFlow, the extra neural-training"):
        train_neural(np.ones((10, 2)), np.ones(10, dtype=bool), seed=1)


def test_what_is_stored_needs_no_trust_and_comes_back_unchanged():
    blob = skops.io.dumps({"members": [member().stored()]})
    assert skops.io.get_untrusted_types(data=blob) == []
    (held,) = skops.io.loads(blob)["members"]
    assert held["network"] == TINY
    np.testing.assert_array_equal(held["means"], member().means)
    np.testing.assert_array_equal(held["deviations"], member().deviations)


@litert
def test_probabilities_by_hand():
    features = np.random.default_rng(4).normal(size=(200, 2)) * 3
    found = NeuralMember.restored(member().stored()).predict_proba(features)
    assert found[:, 1] == pytest.approx(by_hand(features), abs=1e-6)
    assert found.sum(axis=1) == pytest.approx(1)
    assert (np.abs((features - member().means) / member().deviations) > CLIP).any(), "nothing was cut off"


@litert
@pytest.mark.parametrize("rows", [0, 1, 4096, 4097])
def test_a_row_is_answered_the_same_whatever_the_batch(rows):
    features = np.random.default_rng(5).normal(size=(rows, 2))
    found = member().predict_proba(features)
    assert found.shape == (rows, 2)
    for at in range(0, rows, 512):
        np.testing.assert_array_equal(found[at : at + 1], member().predict_proba(features[at : at + 1]))


@litert
@pytest.mark.parametrize(
    "changes",
    [
        {"network": TINY[:600]},
        {"network": b""},
        {"network": TINY.replace(np.float32(0.5).tobytes(), np.float32(np.nan).tobytes())},
        {"means": np.zeros(3), "deviations": np.ones(3)},
    ],
    ids=["cut", "empty", "no number", "other columns"],
)
def test_what_is_no_network_for_these_features_is_refused(changes):
    with pytest.raises(ValueError, match=r"Flatbuffer|model_content|network"):
        NeuralMember.restored(member().stored() | changes)
