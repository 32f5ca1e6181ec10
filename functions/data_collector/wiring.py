"""The adapters of this function, connected at the first event and kept while the process is warm."""

from __future__ import annotations

from dataclasses import dataclass

from stock_ai.clock import Clock, utc_now
from stock_ai.keeping import kept
from stock_ai.ports import CollectionLog, PriceSource, Publisher
from stock_ai.settings import KafkaSettings, MongoSettings, SourceSettings
from stock_ai.sources.registry import open_source
from stock_ai.storage.collection_log import MongoCollectionLog
from stock_ai.storage.mongo import database
from stock_ai.streaming.publisher import KafkaPublisher


@dataclass(frozen=True, slots=True)
class Collector:
    """What the service needs, but for the source: an event may name another one."""

    publisher: Publisher
    log: CollectionLog
    clock: Clock
    settings: SourceSettings

    def open(self, settings: SourceSettings) -> PriceSource:
        """Open the source anew, since files may have changed since the last event."""
        return open_source(settings, self.clock)


@kept
def build() -> Collector:
    """Connect.

    Raises:
        InvalidInputError: a setting is missing or wrong.
        RetryableError: Kafka does not answer.
    """
    settings = SourceSettings.load()
    log = MongoCollectionLog(database(MongoSettings.load()))
    return Collector(KafkaPublisher(KafkaSettings.load()), log, utc_now, settings)
