"""One object that is read and written whole: a file, or an object in S3."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from stock_ai.errors import InvalidInputError, RetryableError, RunAbortedError

_NEEDS_OPERATOR = frozenset({"NoSuchBucket", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})


class StoredObject(Protocol):
    """What a reader sees is always one whole writing; of several the last one stays.

    Its methods raise `RetryableError` where the store is away and `RunAbortedError` where an operator has to look.
    """

    def read(self) -> bytes | None:
        """The content; None where nothing was written yet."""
        ...

    def write(self, content: bytes) -> None:
        """Put `content` in place of what is there."""
        ...


def open_object(location: str, setting: str) -> StoredObject:
    """The object at `location`, a file or `s3://bucket/key`; `setting` names where the location comes from.

    Raises:
        InvalidInputError: `location` is neither.
    """
    if location.startswith("s3://"):
        bucket, _, key = location.removeprefix("s3://").partition("/")
        if not bucket or not key:
            raise InvalidInputError(f"{setting}: {location!r} is not s3://bucket/key")
        # Here, since a process that keeps files has no use for it.
        import boto3

        return S3Object(boto3.client("s3"), bucket, key)
    if not location or "://" in location:
        raise InvalidInputError(f"{setting}: {location!r} is neither a file nor s3://bucket/key")
    return FileObject(Path(location))


class FileObject:
    """Implements `StoredObject` in a file, whose folder is made when first written to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> bytes | None:
        """See `StoredObject`."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RunAbortedError(f"cannot read {self._path}: {error.strerror}") from error

    def write(self, content: bytes) -> None:
        """See `StoredObject`. Written beside, then renamed."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=".writing-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self._path)
            finally:
                Path(name).unlink(missing_ok=True)
        except OSError as error:
            raise RunAbortedError(f"cannot write {self._path}: {error.strerror}") from error


class S3Object:
    """Implements `StoredObject` in S3, where an object appears whole by itself."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key

    def read(self) -> bytes | None:
        """See `StoredObject`."""
        with self._translated():
            try:
                content: bytes = self._client.get_object(Bucket=self._bucket, Key=self._key)["Body"].read()
            except self._client.exceptions.NoSuchKey:
                return None
            return content

    def write(self, content: bytes) -> None:
        """See `StoredObject`."""
        with self._translated():
            self._client.put_object(Bucket=self._bucket, Key=self._key, Body=content)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """The client has tried again already; only its error code is told, its message may hold keys."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            kind = RunAbortedError if code in _NEEDS_OPERATOR else RetryableError
            raise kind(f"s3://{self._bucket}/{self._key}: {code}") from None
        except BotoCoreError as error:
            raise RetryableError(f"s3://{self._bucket}/{self._key}: {type(error).__name__}") from None
