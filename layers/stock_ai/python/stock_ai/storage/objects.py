"""Objects that are read and written whole, alike in a folder and in S3."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from stock_ai.errors import InvalidInputError, RetryableError, RunAbortedError

_NEEDS_OPERATOR = frozenset({"NoSuchBucket", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})
_OVERTAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
"""What a conditional put meets: the object has changed since, or is being changed by another one."""


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

    def replace(self, before: bytes | None, after: bytes) -> bool:
        """Put `after` in place of `before` in one step; False, and nothing changed, where another content is there.

        `before` is None where there must be none yet. `write` takes no part: every writer has to use `replace`.
        """
        ...


class ObjectFolder(Protocol):
    """Objects by name; a name may have folders in it, split by `/`. It raises what `StoredObject` raises."""

    def object(self, name: str) -> StoredObject:
        """The object of that name, whether something was written or not."""
        ...

    def names(self) -> list[str]:
        """The name of everything that was written."""
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
        return S3Object(_s3(), bucket, key)
    if not location or "://" in location:
        raise InvalidInputError(f"{setting}: {location!r} is neither a file nor s3://bucket/key")
    return FileObject(Path(location))


def open_folder(location: str, setting: str) -> ObjectFolder:
    """The objects at `location`, a folder or `s3://bucket/prefix`; `setting` names where the location comes from.

    Raises:
        InvalidInputError: `location` is neither.
    """
    if location.startswith("s3://"):
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        if not bucket:
            raise InvalidInputError(f"{setting}: {location!r} names no bucket")
        return S3Folder(_s3(), bucket, prefix.strip("/"))
    if not location or "://" in location:
        raise InvalidInputError(f"{setting}: {location!r} is neither a folder nor s3://bucket/prefix")
    return FileFolder(Path(location))


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

    def replace(self, before: bytes | None, after: bytes) -> bool:
        """See `StoredObject`. The folder is locked while the file is compared and replaced."""
        with self._locked():
            if self.read() != before:
                return False
            self.write(after)
            return True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the folder against other writers. The lock ends with the process that holds it."""
        folder = self._path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder, os.O_RDONLY)
        except OSError as error:
            raise RunAbortedError(f"cannot open {folder}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


class FileFolder:
    """Implements `ObjectFolder` in a folder, made when first written to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def object(self, name: str) -> FileObject:
        """See `ObjectFolder`."""
        return FileObject(self._folder / name)

    def names(self) -> list[str]:
        """See `ObjectFolder`."""
        return [path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*") if path.is_file()]


class S3Object:
    """Implements `StoredObject` in S3, where an object appears whole by itself."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key

    def read(self) -> bytes | None:
        """See `StoredObject`."""
        found = self._tagged()
        return found and found[0]

    def write(self, content: bytes) -> None:
        """See `StoredObject`."""
        with _translated(self._bucket, self._key):
            self._put(content)

    def replace(self, before: bytes | None, after: bytes) -> bool:
        """See `StoredObject`. S3 takes it only where it still holds what was compared."""
        found = self._tagged()
        if (found and found[0]) != before:
            return False
        with _translated(self._bucket, self._key):
            try:
                self._put(after, **({"IfMatch": found[1]} if found else {"IfNoneMatch": "*"}))
            except self._client.exceptions.ClientError as error:
                if _code(error) in _OVERTAKEN:
                    return False
                raise
        return True

    def _tagged(self) -> tuple[bytes, str] | None:
        """The content and the tag that names this content."""
        with _translated(self._bucket, self._key):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._key)
                return answer["Body"].read(), answer["ETag"]
            except self._client.exceptions.NoSuchKey:
                return None

    def _put(self, content: bytes, **condition: str) -> None:
        self._client.put_object(Bucket=self._bucket, Key=self._key, Body=content, **condition)


class S3Folder:
    """Implements `ObjectFolder` under a prefix of a bucket."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def object(self, name: str) -> S3Object:
        """See `ObjectFolder`."""
        return S3Object(self._client, self._bucket, self._prefix + name)

    def names(self) -> list[str]:
        """See `ObjectFolder`."""
        with _translated(self._bucket, self._prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            return [item["Key"].removeprefix(self._prefix) for page in pages for item in page.get("Contents", ())]


def _s3() -> Any:
    # Here, since a process that keeps files has no use for it.
    import boto3

    return boto3.client("s3")


@contextmanager
def _translated(bucket: str, key: str) -> Iterator[None]:
    """The client has tried again already; only its error code is told, its message may hold keys."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        kind = RunAbortedError if _code(error) in _NEEDS_OPERATOR else RetryableError
        raise kind(f"s3://{bucket}/{key}: {_code(error)}") from None
    except BotoCoreError as error:
        raise RetryableError(f"s3://{bucket}/{key}: {type(error).__name__}") from None


def _code(error: Any) -> str:
    """The code of a client's error."""
    code: str = error.response.get("Error", {}).get("Code", "unknown")
    return code
