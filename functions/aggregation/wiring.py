"""The adapters of aggregation."""

from __future__ import annotations

from dataclasses import dataclass

from stock_ai.keeping import kept
from stock_ai.ports.analyses import AnalysisStore, InsightStore, SignalLog
from stock_ai.ports.prices import QuarantineStore
from stock_ai.ports.streams import Publisher
from stock_ai.settings import KafkaSettings, MongoSettings, RedisSettings
from stock_ai.storage.analyses import MongoAnalysisStore
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.mongo import database
from stock_ai.storage.quarantine import MongoQuarantine
from stock_ai.storage.redis_client import redis_client
from stock_ai.storage.track_record import MongoTrackRecord
from stock_ai.streaming.publisher import KafkaPublisher


@dataclass(frozen=True, slots=True)
class Ports:
    """What the service needs from outside."""

    analyses: AnalysisStore
    signals: SignalLog
    insights: InsightStore
    quarantine: QuarantineStore
    publisher: Publisher


@kept
def build() -> Ports:
    """Wire adapters from the environment, once per cold start.

    Raises:
        InvalidInputError: a setting is missing or wrong; the message names it.
    """
    mongo = database(MongoSettings.load())
    return Ports(
        MongoAnalysisStore(mongo),
        MongoTrackRecord(mongo),
        RedisInsightStore(redis_client(RedisSettings.load())),
        MongoQuarantine(mongo),
        KafkaPublisher(KafkaSettings.load()),
    )
