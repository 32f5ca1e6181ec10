"""Model registries: a folder or a prefix in S3, laid out alike.

`<version>/card.json`, `<version>/model.skops`, and `champions.json`, the history of champions. Two writers of the
history never lose an entry: a folder is locked while it is compared and replaced, and S3 replaces it only where it is
still the object that was compared (a conditional put). The second writer is told to begin again.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from stock_ai.errors import InvalidInputError, NotFoundError, RetryableError, RunAbortedError
from stock_ai.ml.manager import ModelRegistry

_CARD = "card.json"
_MODEL = "model.skops"
_CHAMPIONS = "champions.json"


def open_registry(location: str) -> ModelRegistry:
    """The registry at `location`: `s3://bucket/prefix`, or a folder, made when first written to.

    Raises:
        InvalidInputError: `location` is neither.
    """
    if location.startswith("s3://"):
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        if not bucket:
            raise InvalidInputError(f"MODEL_REGISTRY: {location!r} names no bucket")
        return S3Registry(boto3.client("s3"), bucket, prefix.strip("/"))
    if not location or "://" in location:
        raise InvalidInputError(f"MODEL_REGISTRY: {location!r} is neither a folder nor s3://bucket/prefix")
    return FolderRegistry(Path(location))


class FolderRegistry:
    """Implements `ModelRegistry` in a folder. Files appear whole: written beside, then renamed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, version: str, card: bytes, blob: bytes) -> None:
        """See `ModelRegistry`. The card comes last and makes the model visible."""
        self._write(self._folder / version / _MODEL, blob)
        self._write(self._folder / version / _CARD, card)

    def card(self, version: str) -> bytes:
        """See `ModelRegistry`."""
        return self._bytes(version, _CARD)

    def get(self, version: str) -> tuple[bytes, bytes]:
        """See `ModelRegistry`."""
        return self._bytes(version, _CARD), self._bytes(version, _MODEL)

    def versions(self) -> list[str]:
        """See `ModelRegistry`."""
        return sorted(card.parent.name for card in self._folder.glob(f"*/{_CARD}"))

    def champions(self) -> bytes | None:
        """See `ModelRegistry`."""
        try:
            return (self._folder / _CHAMPIONS).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RunAbortedError(f"model registry: cannot read {_CHAMPIONS}: {error.strerror}") from error

    def replace_champions(self, before: bytes | None, after: bytes) -> None:
        """See `ModelRegistry`."""
        with self._locked():
            if self.champions() != before:
                raise _overtaken()
            self._write(self._folder / _CHAMPIONS, after)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the folder against other writers. The lock ends with the process that holds it."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._folder, os.O_RDONLY)
        except OSError as error:
            raise RunAbortedError(f"model registry: cannot open {self._folder}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _bytes(self, version: str, name: str) -> bytes:
        try:
            return (self._folder / version / name).read_bytes()
        except FileNotFoundError:
            raise _unknown(version) from None
        except OSError as error:
            raise RunAbortedError(f"model registry: cannot read version {version}: {error.strerror}") from error

    def _write(self, path: Path, content: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(path)
            finally:
                Path(name).unlink(missing_ok=True)
        except OSError as error:
            raise RunAbortedError(f"model registry: cannot write {path}: {error.strerror}") from error


class S3Registry:
    """Implements `ModelRegistry` under a prefix of a bucket. An S3 object appears whole by itself."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def put(self, version: str, card: bytes, blob: bytes) -> None:
        """See `ModelRegistry`. The card comes last and makes the model visible."""
        self._write(f"{version}/{_MODEL}", blob)
        self._write(f"{version}/{_CARD}", card)

    def card(self, version: str) -> bytes:
        """See `ModelRegistry`."""
        return self._bytes(version, _CARD)

    def get(self, version: str) -> tuple[bytes, bytes]:
        """See `ModelRegistry`."""
        return self._bytes(version, _CARD), self._bytes(version, _MODEL)

    def versions(self) -> list[str]:
        """See `ModelRegistry`."""
        with _translated():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            names = [item["Key"].removeprefix(self._prefix) for page in pages for item in page.get("Contents", ())]
        return sorted(name.removesuffix(f"/{_CARD}") for name in names if name.endswith(f"/{_CARD}"))

    def champions(self) -> bytes | None:
        """See `ModelRegistry`."""
        return self._read(_CHAMPIONS)

    def replace_champions(self, before: bytes | None, after: bytes) -> None:
        """See `ModelRegistry`."""
        found = self._read_tagged(_CHAMPIONS)
        if (found and found[0]) != before:
            raise _overtaken()
        self._write(_CHAMPIONS, after, **({"IfMatch": found[1]} if found else {"IfNoneMatch": "*"}))

    def _bytes(self, version: str, name: str) -> bytes:
        content = self._read(f"{version}/{name}")
        if content is None:
            raise _unknown(version)
        return content

    def _read(self, name: str) -> bytes | None:
        found = self._read_tagged(name)
        return found and found[0]

    def _read_tagged(self, name: str) -> tuple[bytes, str] | None:
        """The content of an object and the tag that names this content."""
        with _translated():
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
                return answer["Body"].read(), answer["ETag"]
            except self._client.exceptions.NoSuchKey:
                return None

    def _write(self, name: str, content: bytes, **condition: str) -> None:
        with _translated():
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=content, **condition)


def _unknown(version: str) -> NotFoundError:
    return NotFoundError(f"model version {version!r} is not in the registry")


def _overtaken() -> RetryableError:
    return RetryableError("model registry: another champion was appointed meanwhile")


_NEEDS_OPERATOR = frozenset({"NoSuchBucket", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})
_OVERTAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
"""What a conditional put meets: the object has changed since, or is being changed by another one."""


@contextmanager
def _translated() -> Iterator[None]:
    """The client has tried again already; only its error code is told, its message may hold keys."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        if code in _OVERTAKEN:
            raise _overtaken() from None
        kind = RunAbortedError if code in _NEEDS_OPERATOR else RetryableError
        raise kind(f"model registry in S3: {code}") from None
    except BotoCoreError as error:
        raise RetryableError(f"model registry in S3: {type(error).__name__}") from None
