"""The adapters of kafka_consumer."""

from __future__ import annotations

from dataclasses import dataclass

from stock_ai.keeping import kept
from stock_ai.ports.prices import PriceStore, QuarantineStore
from stock_ai.ports.streams import Publisher
from stock_ai.settings import KafkaSettings, MongoSettings
from stock_ai.storage.mongo import database
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.quarantine import MongoQuarantine
from stock_ai.streaming.publisher import KafkaPublisher


@dataclass(frozen=True, slots=True)
class Ports:
    """What the service needs from outside."""

    store: PriceStore
    quarantine: QuarantineStore
    publisher: Publisher


@kept
def build() -> Ports:
    """Wire adapters from the environment, once per cold start.

    Raises:
        InvalidInputError: a setting is missing or wrong; the message names it.
    """
    bars = database(MongoSettings.load())
    return Ports(MongoPriceStore(bars), MongoQuarantine(bars), KafkaPublisher(KafkaSettings.load()))
