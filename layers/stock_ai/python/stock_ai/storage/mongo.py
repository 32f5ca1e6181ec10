"""The MongoDB client and what every collection shares: errors, bulk inserts, the guard of simulated against real."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import MongoClient, ReadPreference, WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, ConfigurationError, DuplicateKeyError, PyMongoError

from stock_ai.errors import InvalidInputError, RetryableError
from stock_ai.secrets import reread
from stock_ai.settings import MongoSettings

Document = dict[str, Any]

_APP_NAME = "stock-ai"
_SERVER_SELECTION_MS = 5_000
_SOCKET_MS = 30_000
_DUPLICATE_KEY = 11000
# AuthenticationFailed, as DocumentDB tells it too, and AtlasError.
_CREDENTIALS_REFUSED = (18, 8000)


def midnight(date: dt.date) -> dt.datetime:
    """A date as it is stored, for BSON has instants only: its midnight in UTC."""
    return dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC)


@contextmanager
def translated() -> Iterator[None]:
    """Turn any error of MongoDB inside into one of ours, which never shows the URI.

    Raises:
        RetryableError: MongoDB is away, busy or refused the operation.
    """
    try:
        yield
    except PyMongoError as error:
        code = getattr(error, "code", None)
        if code in _CREDENTIALS_REFUSED:
            reread()
        raise RetryableError(f"MongoDB: {type(error).__name__}{'' if code is None else f' (code {code})'}") from error


def database(settings: MongoSettings) -> Database[Document]:
    """The database of `settings`. Connects at first use; writes wait for a majority; instants read back are UTC.

    Raises:
        InvalidInputError: the URI cannot be understood, or a file it names not read.
    """
    given: dict[str, Any] = {}
    if settings.username is not None and settings.password is not None:
        given = {"username": settings.username, "password": settings.password.get_secret_value()}
    try:
        client: MongoClient[Document] = MongoClient(
            settings.uri.get_secret_value(),
            **given,
            appname=_APP_NAME,
            serverSelectionTimeoutMS=_SERVER_SELECTION_MS,
            connectTimeoutMS=_SERVER_SELECTION_MS,
            socketTimeoutMS=_SOCKET_MS,
        )
    except (ConfigurationError, ValueError):
        raise InvalidInputError("MONGODB_URI is not a URI that MongoDB understands") from None
    except OSError as error:
        raise InvalidInputError(f"MONGODB_URI names a certificate file that cannot be read: {error.strerror}") from None
    return client.get_database(
        settings.database,
        codec_options=CodecOptions(tz_aware=True, tzinfo=dt.UTC),
        # What was just written must be read back, whatever the URI prefers.
        read_preference=ReadPreference.PRIMARY,
        write_concern=WriteConcern("majority"),
    )


def insert_new(collection: Collection[Document], documents: Sequence[Document]) -> list[int]:
    """Insert in any order what is not there yet; the positions of `documents` whose unique key was taken.

    Call it inside `translated`.

    Raises:
        PyMongoError: anything else went wrong; some documents may have been inserted.
    """
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        faults = error.details["writeErrors"]
        if error.details["writeConcernErrors"] or any(fault["code"] != _DUPLICATE_KEY for fault in faults):
            raise
        return [fault["index"] for fault in faults]
    return []


def claim_world(database: Database[Document], simulated: bool) -> None:
    """Give the database to simulated or to real bars for good; calling it again with the same value changes nothing.

    Raises:
        InvalidInputError: the database already holds the other kind.
        RetryableError: MongoDB is away.
    """
    with translated():
        try:
            database["meta"].insert_one({"_id": "world", "simulated": simulated})
        except DuplicateKeyError:
            claimed = database["meta"].find_one({"_id": "world"})
        else:
            return
    if claimed is None or claimed["simulated"] is not simulated:
        held, asked = ("real", "simulated") if simulated else ("simulated", "real")
        raise InvalidInputError(
            f"MONGODB_DATABASE: {database.name!r} holds {held} bars and cannot take {asked} ones; name another database"
        )
