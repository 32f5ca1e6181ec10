"""Model registries: a folder or a prefix in S3, laid out alike.

`<version>/card.json`, `<version>/model.skops`, and `current`, which holds the current version.
"""

from __future__ import annotations

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
_CURRENT = "current"


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

    def get(self, version: str) -> tuple[bytes, bytes]:
        """See `ModelRegistry`."""
        with _readable(version):
            return (self._folder / version / _CARD).read_bytes(), (self._folder / version / _MODEL).read_bytes()

    def versions(self) -> list[str]:
        """See `ModelRegistry`."""
        return sorted(card.parent.name for card in self._folder.glob(f"*/{_CARD}"))

    def current(self) -> str | None:
        """See `ModelRegistry`."""
        try:
            return (self._folder / _CURRENT).read_text().strip()
        except FileNotFoundError:
            return None

    def set_current(self, version: str) -> None:
        """See `ModelRegistry`."""
        self.get(version)
        self._write(self._folder / _CURRENT, version.encode())

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

    def get(self, version: str) -> tuple[bytes, bytes]:
        """See `ModelRegistry`."""
        card, blob = self._read(f"{version}/{_CARD}"), self._read(f"{version}/{_MODEL}")
        if card is None or blob is None:
            raise NotFoundError(f"model version {version!r} is not in the registry")
        return card, blob

    def versions(self) -> list[str]:
        """See `ModelRegistry`."""
        with _translated():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            names = [item["Key"].removeprefix(self._prefix) for page in pages for item in page.get("Contents", ())]
        return sorted(name.removesuffix(f"/{_CARD}") for name in names if name.endswith(f"/{_CARD}"))

    def current(self) -> str | None:
        """See `ModelRegistry`."""
        content = self._read(_CURRENT)
        return None if content is None else content.decode().strip()

    def set_current(self, version: str) -> None:
        """See `ModelRegistry`."""
        self.get(version)
        self._write(_CURRENT, version.encode())

    def _read(self, name: str) -> bytes | None:
        with _translated():
            try:
                content: bytes = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"].read()
            except self._client.exceptions.NoSuchKey:
                return None
            return content

    def _write(self, name: str, content: bytes) -> None:
        with _translated():
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=content)


@contextmanager
def _readable(version: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise NotFoundError(f"model version {version!r} is not in the registry") from None
    except OSError as error:
        raise RunAbortedError(f"model registry: cannot read version {version}: {error.strerror}") from error


_NEEDS_OPERATOR = frozenset({"NoSuchBucket", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})


@contextmanager
def _translated() -> Iterator[None]:
    """The client has tried again already; only its error code is told, its message may hold keys."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        kind = RunAbortedError if code in _NEEDS_OPERATOR else RetryableError
        raise kind(f"model registry in S3: {code}") from None
    except BotoCoreError as error:
        raise RetryableError(f"model registry in S3: {type(error).__name__}") from None
