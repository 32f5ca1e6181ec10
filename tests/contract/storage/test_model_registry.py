"""Model registries, a folder and S3 (moto): what is put comes back whole, and no entry of the history is lost."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from stock_ai.errors import InvalidInputError, NotFoundError, RetryableError, RunAbortedError
from stock_ai.storage.model_registry import StoredRegistry, open_registry
from stock_ai.storage.objects import S3Folder


def one_at_a_time(answer):
    """Moto answers in the threads that ask, and takes an object from under its reader when another thread writes it."""
    lock = threading.Lock()

    def locked(*args, **kwargs):
        with lock:
            return answer(*args, **kwargs)

    return locked


@pytest.fixture(scope="module")
def bucket():
    """The location of a bucket for all tests: they keep to folders of their own."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setattr(BotocoreStubber, "__call__", one_at_a_time(BotocoreStubber.__call__))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "testing")
        where = {"LocationConstraint": "ap-southeast-1"}
        boto3.client("s3").create_bucket(Bucket="models", CreateBucketConfiguration=where)
        yield "s3://models"


@pytest.fixture(params=["folder", "s3"])
def location(request, tmp_path):
    if request.param == "folder":
        return str(tmp_path / "models")
    return f"{request.getfixturevalue('bucket')}/{tmp_path.name}"


def test_an_empty_registry_has_nothing(location):
    registry = open_registry(location)
    assert (registry.versions(), registry.champions()) == ([], None)
    with pytest.raises(NotFoundError, match="'abc'"):
        registry.get("abc")
    with pytest.raises(NotFoundError, match="'abc'"):
        registry.card("abc")


def test_what_is_put_comes_back_and_the_same_version_replaces(location):
    registry = open_registry(location)
    registry.put("b", b"card b", b"bytes b")
    registry.put("a", b"card a", b"bytes a")
    registry.put("b", b"card b2", b"bytes b2")
    again = open_registry(location)
    assert again.versions() == ["a", "b"]
    assert again.get("b") == (b"card b2", b"bytes b2")
    assert again.card("a") == b"card a"


def test_the_history_is_replaced_only_where_it_is_what_was_read(location):
    one, other = open_registry(location), open_registry(location)
    one.replace_champions(None, b"[1]")
    with pytest.raises(RetryableError, match="another champion was appointed meanwhile"):
        other.replace_champions(None, b"[2]")
    one.replace_champions(b"[1]", b"[1,2]")
    with pytest.raises(RetryableError, match="meanwhile"):
        other.replace_champions(b"[1]", b"[1,3]")
    assert other.champions() == b"[1,2]"


def test_writers_at_the_same_time_lose_no_entry(location):
    """Each reads, adds and writes until it is through, as fast as it can; all start together."""
    writers, entries = 4, 5
    begin = threading.Barrier(writers)

    def write(writer):
        registry = open_registry(location)
        begin.wait()
        for number in range(entries):
            while True:
                before = registry.champions()
                after = json.dumps([*json.loads(before or b"[]"), (writer, number)]).encode()
                try:
                    registry.replace_champions(before, after)
                    break
                except RetryableError:
                    continue

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    history = [tuple(entry) for entry in json.loads(open_registry(location).champions())]
    assert sorted(history) == [(writer, number) for writer in range(writers) for number in range(entries)]


@pytest.mark.parametrize("before", [None, b"[1]"])
def test_s3_refuses_a_history_that_changed_between_the_comparison_and_the_write(bucket, tmp_path, before):
    """The other writer comes in after the first has compared: only the condition of the put can tell."""
    client = boto3.client("s3")

    class Interrupted:
        exceptions = client.exceptions
        get_object = staticmethod(client.get_object)

        def put_object(self, **request):
            client.put_object(Bucket=request["Bucket"], Key=request["Key"], Body=b"[9]")
            return client.put_object(**request)

    if before:
        StoredRegistry(S3Folder(client, "models", tmp_path.name)).replace_champions(None, before)
    registry = StoredRegistry(S3Folder(Interrupted(), "models", tmp_path.name))
    with pytest.raises(RetryableError, match="another champion was appointed meanwhile"):
        registry.replace_champions(before, b"[1,2]")
    assert registry.champions() == b"[9]"


def test_a_put_that_dies_half_way_is_not_seen(tmp_path):
    registry = open_registry(str(tmp_path))
    registry.put("whole", b"card", b"bytes")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "model.skops").write_bytes(b"PK")
    assert registry.versions() == ["whole"]
    with pytest.raises(NotFoundError, match="'half'"):
        registry.get("half")


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "models").write_text("a file")
    registry = open_registry(str(tmp_path / "models"))
    with pytest.raises(RunAbortedError, match="cannot write"):
        registry.put("a", b"card", b"bytes")
    with pytest.raises(RunAbortedError, match="cannot open"):
        registry.replace_champions(None, b"[]")


@pytest.mark.parametrize("location", ["s3://", "s3:///prefix", "gs://bucket", ""])
def test_a_location_that_is_no_registry_is_named(location):
    with pytest.raises(InvalidInputError, match="MODEL_REGISTRY: "):
        open_registry(location)


def test_a_missing_bucket_needs_an_operator_and_an_absent_s3_another_try(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws(), pytest.raises(RunAbortedError, match="NoSuchBucket"):
        open_registry("s3://nowhere/models").champions()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(RetryableError, match="EndpointConnectionError"):
        open_registry("s3://nowhere/models").champions()
