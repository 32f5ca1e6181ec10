"""Many updates in one commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pymongo import ReadPreference, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.results import BulkWriteResult

from stock_ai.storage.mongo import Document

_WITH_TRANSACTIONS: Final = ("ReplicaSetWithPrimary", "Sharded", "LoadBalanced")


def update_together(collection: Collection[Document], updates: Sequence[UpdateOne]) -> BulkWriteResult:
    """Apply `updates` in any order: all or none in a transaction, one by one on a single server, which has none.

    The embedded server syncs its disk at each commit, so that 1,577 updates one by one take it seven times as long. A
    transaction that conflicts with another writer is tried again, with `updates` as they are.

    Call it inside `translated`, for a collection that exists: DocumentDB makes none in a transaction.

    Raises:
        PyMongoError: not all are applied.
    """
    client = collection.database.client
    if len(updates) == 1 or client.topology_description.topology_type_name not in _WITH_TRANSACTIONS:
        return collection.bulk_write(updates, ordered=False)

    def work(session: ClientSession) -> BulkWriteResult:
        return collection.bulk_write(updates, ordered=False, session=session)

    with client.start_session() as session:
        return session.with_transaction(
            work, write_concern=collection.write_concern, read_preference=ReadPreference.PRIMARY
        )
