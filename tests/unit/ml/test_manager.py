"""What serves: only a sound champion, loaded once, and an earlier one in the place of one that is refused."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from types import SimpleNamespace

import numpy as np
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier

from stock_ai.errors import InvalidInputError, NotFoundError, RetryableError, RunAbortedError
from stock_ai.ml.card import UNIT, ModelCard
from stock_ai.ml.dataset import build_dataset
from stock_ai.ml.features import FEATURE_VERSION
from stock_ai.ml.manager import ModelManager, Standing
from tests.fakes.models import MemoryRegistry, verdict

NOW = dt.datetime(2025, 8, 26, 8, tzinfo=dt.UTC)


@pytest.fixture
def registry():
    return MemoryRegistry()


def variant(trained, version, **changes):
    """The trained model under another version, a day younger for each letter."""
    age = dt.timedelta(days=ord(version[0]) - ord("a"))
    card = trained.card.model_copy(update={"version": version, "created_at": NOW + age} | changes)
    return dataclasses.replace(trained, model=SimpleNamespace(card=card))


def manager_of(registry, trained, versions="ab"):
    """A manager whose champions were these, one after the other."""
    manager = ModelManager(registry)
    for before, version in zip([None, *versions], versions, strict=False):
        manager.admit(variant(trained, version), verdict(champion=before, reason=f"{version} is better"), NOW)
    return manager


def spoil(registry, version, blob=None, /, **changes):
    """Change what is kept of a version behind the manager's back."""
    card, kept = registry.kept[version]
    changed = ModelCard.model_validate_json(card).model_copy(update=changes)
    registry.kept[version] = (changed.model_dump_json().encode(), kept if blob is None else blob)


def signed(registry, version, estimator):
    """Put another object in the place of a model, with the card to match."""
    blob = skops.io.dumps(estimator)
    spoil(registry, version, blob, sha256=hashlib.sha256(blob).hexdigest())


def flipped(blob, position, mask=1):
    changed = bytearray(blob)
    changed[position] ^= mask
    return bytes(changed)


def _metric(one, other):
    return abs(one - other).sum()


def test_an_empty_registry_has_no_model(registry):
    manager = ModelManager(registry)
    assert (manager.has_model(), manager.current_card(), manager.current()) == (False, None, None)
    assert (manager.inventory(), manager.history(), manager.refused) == ([], (), {})


def test_a_promoted_model_serves_and_predicts_the_same(registry, panel, trained):
    manager = ModelManager(registry)
    said = verdict()
    manager.admit(trained, said, NOW)
    model, features = ModelManager(registry).current(), build_dataset(panel).features[:50]
    assert manager.has_model()
    assert model.card == trained.card.model_copy(update={"verdict": said}) == manager.current_card()
    session = np.zeros(len(features), dtype=int)
    np.testing.assert_array_equal(model.predict(features, session), trained.model.predict(features, session))


def test_a_model_is_read_and_loaded_once_for_each_version_that_serves(registry, trained):
    manager = manager_of(registry, trained, "a")
    registry.read.clear()
    fresh = ModelManager(registry)
    first = fresh.current()
    assert [fresh.current() for _ in range(3)] == [first] * 3
    assert registry.read == {"a": 1}

    manager.admit(variant(trained, "b"), verdict(champion="a"), NOW)
    registry.read.clear()
    assert fresh.current().card.version == "b"
    assert fresh.current() is fresh.current()
    assert registry.read == {"b": 1}


def test_a_challenger_that_is_not_promoted_is_kept_with_its_verdict_and_does_not_serve(registry, trained):
    manager = manager_of(registry, trained, "a")
    serving = manager.current()
    manager.admit(variant(trained, "b"), verdict(promoted=False, champion="a", reason="worse"), NOW)
    assert manager.current() is serving
    kept = manager.look("b")
    assert kept.standing is Standing.CHALLENGER
    assert kept.card.verdict == verdict(promoted=False, champion="a", reason="worse")
    assert [entry.version for entry in manager.history()] == ["a"]


def test_the_same_model_trained_again_keeps_the_bytes_that_are_kept(registry, trained):
    """A reader between two writes must never meet the card of one run with the bytes of another."""
    manager = manager_of(registry, trained, "a")
    other = trained.blob + b"\0"
    card = trained.card.model_copy(update={"version": "a", "sha256": hashlib.sha256(other).hexdigest()})
    again = dataclasses.replace(trained, model=SimpleNamespace(card=card), blob=other)
    manager.admit(again, verdict(promoted=False, champion="a", reason="the same"), NOW)
    assert registry.kept["a"][1] == trained.blob
    assert ModelManager(registry).current().card.verdict.reason == "the same"


def test_the_same_model_trained_again_mends_one_that_was_spoilt(registry, trained):
    manager = manager_of(registry, trained, "a")
    spoil(registry, "a", flipped(trained.blob, 100))
    assert not ModelManager(registry).has_model()
    ModelManager(registry).admit(variant(trained, "a"), verdict(), NOW)
    assert ModelManager(registry).current().card.version == "a"
    assert manager.current().card.version == "a"


@pytest.mark.slow
@settings(deadline=None, max_examples=500)
@given(st.data())
def test_a_change_of_any_byte_is_refused(trained, data):
    position = data.draw(st.integers(0, len(trained.blob) - 1), label="position")
    mask = data.draw(st.integers(1, 255), label="mask")
    registry = MemoryRegistry()
    registry.put(trained.card.version, trained.card.model_dump_json().encode(), flipped(trained.blob, position, mask))
    with pytest.raises(RunAbortedError, match=r"its SHA-256 is .*, here it is"):
        ModelManager(registry).load(trained.card.version)


@pytest.mark.parametrize("place", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_in_the_place_of_a_changed_model_the_last_good_one_serves(registry, trained, place):
    manager_of(registry, trained)
    spoil(registry, "b", flipped(trained.blob, round(place * (len(trained.blob) - 1))))
    manager = ModelManager(registry)
    assert manager.current().card.version == "a"
    assert "its SHA-256 is" in manager.refused["b"]


@pytest.mark.parametrize("changed", [lambda blob: blob[:-1], lambda blob: blob + b"\0", lambda _: b""])
def test_bytes_that_were_cut_off_or_added_are_refused(registry, trained, changed):
    manager_of(registry, trained)
    spoil(registry, "b", changed(trained.blob))
    manager = ModelManager(registry)
    assert manager.current().card.version == "a"
    assert "its SHA-256 is" in manager.refused["b"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"feature_version": 99}, f"its feature version is 99, here it is {FEATURE_VERSION}"),
        ({"features": ("return_1",)}, "its features is ('return_1',)"),
        ({"libraries": {"scikit-learn": "0.1"}}, "its scikit-learn version is 0.1"),
        ({"unit": "thousand VND"}, f"its unit is thousand VND, here it is {UNIT}"),
        ({"version": "z"}, "the card of model b says version z"),
    ],
)
def test_a_model_for_other_code_or_of_another_unit_is_refused_and_the_last_good_one_serves(
    registry, trained, changes, reason, caplog
):
    manager_of(registry, trained)
    spoil(registry, "b", **changes)
    manager = ModelManager(registry)
    assert manager.current().card.version == "a"
    assert reason in manager.refused["b"]
    assert f"champion b does not serve: {manager.refused['b']}" in caplog.text


@pytest.mark.parametrize(
    ("estimator", "reason"),
    [
        (KNeighborsClassifier(metric=_metric), "holds types that are not trusted: "),
        (LinearRegression(), "is no fitted recipe"),
    ],
)
def test_an_unknown_type_inside_is_refused_and_the_last_good_one_serves(registry, trained, estimator, reason):
    manager_of(registry, trained)
    signed(registry, "b", estimator)
    manager = ModelManager(registry)
    assert manager.current().card.version == "a"
    assert reason in manager.refused["b"]


@pytest.mark.parametrize("blob", [b"", b"no archive", skops.io.dumps([1])[:200]])
def test_bytes_that_answer_to_their_card_and_are_no_model_are_refused(registry, trained, blob):
    manager_of(registry, trained)
    spoil(registry, "b", blob, sha256=hashlib.sha256(blob).hexdigest())
    manager = ModelManager(registry)
    assert manager.current().card.version == "a"
    assert manager.refused["b"].startswith("model b ")


def test_a_card_that_cannot_be_read_and_files_that_are_gone_are_refused(registry, trained):
    manager_of(registry, trained, "abc")
    registry.kept["c"] = (b'{"name": 1}', trained.blob)
    del registry.kept["b"]
    manager = ModelManager(registry)
    assert manager.current().card.version == "a"
    assert list(manager.refused) == ["c", "b"]
    assert "the card of model c cannot be read: name" in manager.refused["c"]
    assert "'b' is not in the registry" in manager.refused["b"]
    assert [(kept.version, kept.card is None) for kept in manager.inventory()] == [("c", True), ("a", False)]


def test_no_model_serves_where_none_is_sound_and_nothing_is_read_again(registry, trained):
    manager_of(registry, trained)
    spoil(registry, "a", b"")
    spoil(registry, "b", b"")
    manager = ModelManager(registry)
    registry.read.clear()
    assert [manager.current() for _ in range(3)] == [None] * 3
    assert not manager.has_model()
    assert registry.read == {"a": 1, "b": 1}


def test_a_process_that_has_loaded_its_model_goes_on_with_it(registry, trained):
    manager = manager_of(registry, trained)
    serving = manager.current()
    spoil(registry, "b", b"")
    assert manager.current() is serving


def test_rollback_goes_back_one_at_a_time_and_says_why(registry, trained):
    manager = manager_of(registry, trained, "abc")
    other = ModelManager(registry)
    assert other.current().card.version == "c"
    entry = manager.rollback("c loses money", NOW)
    assert (entry.version, entry.withdrawn, entry.reason) == ("b", "c", "c loses money")
    assert other.current().card.version == "b"
    manager.rollback("so does b", NOW)
    assert other.current().card.version == "a"
    with pytest.raises(NotFoundError, match="no earlier champion to go back to from a"):
        manager.rollback("once more", NOW)
    assert [(entry.version, entry.withdrawn) for entry in manager.history()] == [
        ("a", None),
        ("b", None),
        ("c", None),
        ("b", "c"),
        ("a", "b"),
    ]
    assert [(kept.version, kept.standing.value) for kept in manager.inventory()] == [
        ("a", "champion"),
        ("b", "withdrawn"),
        ("c", "withdrawn"),
    ]


def test_a_withdrawn_model_is_not_fallen_back_to(registry, trained):
    manager = manager_of(registry, trained, "abc")
    manager.rollback("c loses money", NOW)
    spoil(registry, "b", b"")
    manager = ModelManager(registry)
    assert manager.current().card.version == "a"
    assert list(manager.refused) == ["b"]


def test_rollback_passes_over_one_that_is_not_sound(registry, trained):
    manager = manager_of(registry, trained, "abc")
    spoil(registry, "b", b"")
    assert manager.rollback("c loses money", NOW).version == "a"
    assert manager.current().card.version == "a"


def test_rollback_withdraws_what_serves_in_the_place_of_one_that_is_refused(registry, trained):
    manager_of(registry, trained, "abc")
    spoil(registry, "c", b"")
    manager = ModelManager(registry)
    entry = manager.rollback("b loses money", NOW)
    assert (entry.version, entry.withdrawn) == ("a", "b")
    assert manager.current().card.version == "a"


def test_nothing_is_rolled_back_where_nothing_serves_or_nothing_sound_is_left(registry, trained):
    with pytest.raises(NotFoundError, match="nothing to roll back"):
        ModelManager(registry).rollback("why not", NOW)
    manager = manager_of(registry, trained)
    spoil(registry, "a", b"")
    before = registry.history
    with pytest.raises(NotFoundError, match="from b; model a is refused: its SHA-256 is"):
        manager.rollback("b loses money", NOW)
    assert registry.history == before


def test_a_person_can_promote_what_is_kept_and_sound(registry, trained):
    manager = manager_of(registry, trained, "abc")
    manager.rollback("a mistake", NOW)
    entry = manager.promote("c", "it was none", NOW)
    assert (entry.version, entry.withdrawn) == ("c", None)
    assert manager.current().card.version == "c"
    with pytest.raises(InvalidInputError, match="c is the champion already"):
        manager.promote("c", "again", NOW)
    with pytest.raises(NotFoundError, match="'x'"):
        manager.promote("x", "who?", NOW)
    spoil(registry, "a", b"")
    with pytest.raises(RunAbortedError, match="model a is refused"):
        manager.promote("a", "the oldest", NOW)
    assert [entry.version for entry in manager.history()] == ["a", "b", "c", "b", "c"]


def test_a_verdict_against_a_champion_that_serves_no_more_promotes_nobody(registry, trained):
    manager = manager_of(registry, trained, "ab")
    ModelManager(registry).rollback("b loses money", NOW)
    with pytest.raises(RetryableError, match="c was judged against b, now a serves"):
        manager.admit(variant(trained, "c"), verdict(champion="b"), NOW)
    assert manager.current().card.version == "a"
    assert manager.look("c").standing is Standing.CHALLENGER


def test_of_two_who_decide_on_the_same_history_one_is_told(registry, trained):
    """The other appoints while this one still looks at the model to go back to: nobody's entry is lost."""
    manager = manager_of(registry, trained, "abc")
    get = registry.get

    def interrupted(version):
        registry.get = get
        ModelManager(registry).promote("a", "the other", NOW)
        return get(version)

    manager.current()
    registry.get = interrupted
    with pytest.raises(RetryableError, match="another champion was appointed meanwhile"):
        manager.rollback("this one", NOW)
    assert [entry.reason for entry in manager.history()][-1] == "the other"
    assert len(manager.history()) == 4


def test_a_history_that_cannot_be_read_needs_an_operator(registry):
    registry.history = b'[{"version": "a"}]'
    with pytest.raises(RunAbortedError, match=r"history of champions cannot be read: 0\.since"):
        ModelManager(registry).current()
