"""The adapters of this function, connected at the first event and kept while the process is warm."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.data_collector.ports import Ports
from stock_ai.clock import utc_now
from stock_ai.keeping import kept
from stock_ai.ports.sources import PriceSource
from stock_ai.settings import (
    CalendarSettings,
    KafkaSettings,
    MarketDataSettings,
    MongoSettings,
    RedisSettings,
    SourceSettings,
)
from stock_ai.sources.registry import is_live, open_source
from stock_ai.storage.collection_log import MongoCollectionLog
from stock_ai.storage.collection_plans import MongoCollectionPlans
from stock_ai.storage.listings import MongoListings
from stock_ai.storage.mongo import database
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.quality import MongoQualityStore
from stock_ai.streaming.publisher import KafkaPublisher

if TYPE_CHECKING:
    from stock_ai.resilience.pacing import Pacer


@dataclass
class Collector:
    """What a run needs, but for the source: an event may name another one."""

    ports: Ports
    settings: SourceSettings
    _live: PriceSource | None = None

    def open(self, settings: SourceSettings) -> PriceSource:
        """The source. Files are opened anew, since they may have changed; a live one keeps its circuit breakers."""
        if self._live is not None and self._live.name == settings.source:
            return self._live
        source = open_source(settings, self.ports.clock, _pacer)
        if is_live(source):
            self._live = source
        return source


@kept
def build() -> Collector:
    """Connect.

    Raises:
        InvalidInputError: a setting is missing or wrong.
        RetryableError: Kafka does not answer.
    """
    settings = SourceSettings.load()
    stored = database(MongoSettings.load())
    ports = Ports(
        KafkaPublisher(KafkaSettings.load()),
        MongoCollectionLog(stored),
        MongoCollectionPlans(stored),
        MongoPriceStore(stored),
        MongoQualityStore(stored),
        MongoListings(stored),
        CalendarSettings.load().calendar(),
        utc_now,
    )
    return Collector(ports, settings)


def _pacer() -> Pacer:
    # `limits` is in the `market-data` extra only, and no other source needs Redis.
    from stock_ai.resilience.pacing import VNSTOCK, MovingWindowPacer, vnstock_rate
    from stock_ai.storage.redis_client import redis_client

    settings = MarketDataSettings.load()
    if settings.api_key is not None:
        # Where the library looks for it.
        os.environ["VNSTOCK_API_KEY"] = settings.api_key.get_secret_value()
    rate = vnstock_rate(settings.per_second, keyed=settings.api_key is not None)
    return MovingWindowPacer(VNSTOCK, rate, utc_now, redis_client(RedisSettings.load()))
