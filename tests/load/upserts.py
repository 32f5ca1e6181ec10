"""The baseline of storing: a bare unordered bulk upsert of bars that are there already as documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database

from tests.load.result import seconds

IDENTITY = ("symbol", "interval", "time")


def bulk_upserts(database: Database[dict[str, Any]], batches: Iterable[list[dict[str, Any]]]) -> float:
    """Seconds inside `bulk_write`; collection `prices` of `database` must be new."""
    collection = database["prices"]
    collection.create_index([(name, 1) for name in IDENTITY], unique=True)
    spent = 0.0
    for batch in batches:
        updates = [
            UpdateOne(
                {name: document[name] for name in IDENTITY},
                {"$set": {name: value for name, value in document.items() if name != "_id"}},
                upsert=True,
            )
            for document in batch
        ]
        spent += seconds(lambda updates=updates: collection.bulk_write(updates, ordered=False))
    return spent
