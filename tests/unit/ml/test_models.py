"""Models at rest: what is kept comes back, and what is not sound is refused with its reason."""

import datetime as dt
import hashlib

import boto3
import numpy as np
import pytest
import skops.io
from moto import mock_aws
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier

from stock_ai.errors import InvalidInputError, NotFoundError, RetryableError, RunAbortedError
from stock_ai.ml.dataset import build_dataset
from stock_ai.ml.manager import ModelManager
from stock_ai.ml.training import TrainedModel, train
from stock_ai.storage.model_registry import open_registry
from tests.fakes.panels import random_panel

NOW = dt.datetime(2025, 8, 26, 8, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def trained() -> TrainedModel:
    return train(random_panel(30, 350), 7, NOW)


@pytest.fixture(params=["folder", "s3"])
def registry(request, tmp_path, monkeypatch):
    if request.param == "folder":
        yield open_registry(str(tmp_path / "models"))
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        bucket = {"LocationConstraint": "ap-southeast-1"}
        boto3.client("s3").create_bucket(Bucket="models", CreateBucketConfiguration=bucket)
        yield open_registry("s3://models/stock-ai")


def stored(registry, trained, blob=None, **changes):
    """A registry whose current model is `trained` with another blob or card."""
    card = trained.card.model_copy(update=changes)
    registry.put(card.version, card.model_dump_json().encode(), trained.blob if blob is None else blob)
    registry.set_current(card.version)
    return ModelManager(registry)


def test_an_empty_registry_has_no_model(registry):
    manager = ModelManager(registry)
    assert (manager.has_model(), manager.current_card(), manager.current(), manager.cards()) == (False, None, None, [])
    with pytest.raises(NotFoundError, match="'abc'"):
        registry.set_current("abc")
    assert registry.current() is None


def test_a_kept_model_comes_back_and_predicts_the_same(registry, trained):
    manager = ModelManager(registry)
    manager.save(trained)
    model, features = manager.current(), build_dataset(random_panel(30, 350)).features[:50]
    assert manager.has_model()
    assert model.card == trained.card == manager.current_card()
    np.testing.assert_array_equal(model.predict(features), trained.model.predict(features))
    assert manager.current() is model, "it is loaded once"


def test_a_newer_model_takes_the_place_of_the_loaded_one(registry, trained):
    manager = ModelManager(registry)
    manager.save(trained)
    first = manager.current()
    newer = train(random_panel(30, 350, seed=4), 7, NOW + dt.timedelta(days=7))
    ModelManager(registry).save(newer)
    assert manager.current() is not first
    assert manager.current_card() == newer.card
    assert manager.cards() == [trained.card, newer.card]
    assert registry.versions() == sorted([trained.card.version, newer.card.version])


def test_one_changed_byte_is_refused(registry, trained):
    blob = bytearray(trained.blob)
    blob[len(blob) // 2] ^= 1
    with pytest.raises(RunAbortedError, match=r"its SHA-256 is .*, here it is"):
        stored(registry, trained, bytes(blob)).current()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"feature_version": 99}, "its feature version is 99, here it is 1"),
        ({"features": ("return_1",)}, r"its features is \('return_1',\)"),
        ({"libraries": {"scikit-learn": "0.1"}}, "its scikit-learn version is 0.1"),
    ],
)
def test_a_model_for_other_code_is_refused(registry, trained, changes, message):
    with pytest.raises(RunAbortedError, match=message):
        stored(registry, trained, **changes).current()


def test_bytes_with_a_type_that_is_not_trusted_are_refused(registry, trained):
    blob = skops.io.dumps(KNeighborsClassifier(metric=_metric))
    manager = stored(registry, trained, blob, sha256=hashlib.sha256(blob).hexdigest())
    with pytest.raises(RunAbortedError, match=r"types that are not trusted: .*_metric"):
        manager.current()


def _metric(one, other):
    return abs(one - other).sum()


def test_another_kind_of_estimator_is_refused(registry, trained):
    blob = skops.io.dumps(LinearRegression())
    manager = stored(registry, trained, blob, sha256=hashlib.sha256(blob).hexdigest())
    with pytest.raises(RunAbortedError, match="is a LinearRegression"):
        manager.current()


def test_a_card_that_cannot_be_read_or_is_of_another_model_is_refused(registry, trained):
    version = trained.card.version
    registry.put(version, b'{"name": 1}', trained.blob)
    registry.set_current(version)
    with pytest.raises(RunAbortedError, match=f"the card of model {version} cannot be read: name"):
        ModelManager(registry).current_card()
    registry.put("other", trained.card.model_dump_json().encode(), trained.blob)
    registry.set_current("other")
    with pytest.raises(RunAbortedError, match="the card of model other says version"):
        ModelManager(registry).current()


def test_a_put_that_dies_half_way_leaves_the_current_model(tmp_path, trained):
    registry = open_registry(str(tmp_path))
    ModelManager(registry).save(trained)
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "model.skops").write_bytes(b"PK")
    assert registry.versions() == [trained.card.version]
    with pytest.raises(NotFoundError, match="'half'"):
        registry.get("half")
    assert ModelManager(registry).current_card() == trained.card


def test_a_folder_that_cannot_be_written_is_told(tmp_path, trained):
    (tmp_path / "models").write_text("a file")
    with pytest.raises(RunAbortedError, match="cannot write"):
        ModelManager(open_registry(str(tmp_path / "models"))).save(trained)


@pytest.mark.parametrize("location", ["s3://", "s3:///prefix", "gs://bucket", ""])
def test_a_location_that_is_no_registry_is_named(location):
    with pytest.raises(InvalidInputError, match="MODEL_REGISTRY: "):
        open_registry(location)


def test_a_missing_bucket_needs_an_operator_and_an_absent_s3_another_try(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws(), pytest.raises(RunAbortedError, match="NoSuchBucket"):
        open_registry("s3://nowhere/models").current()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(RetryableError, match="EndpointConnectionError"):
        open_registry("s3://nowhere/models").current()
