"""Adapters behind the API, made once per process at the first request."""

from __future__ import annotations

import functools

import pymongo

from api.llm_invoker import LambdaLlmInvoker
from api.probes import LIMIT_SECONDS, kafka_probe
from api.services import Services
from api.settings import ApiSettings
from stock_ai.clock import utc_now
from stock_ai.ports import LlmInvoker
from stock_ai.settings import KafkaSettings, MongoSettings, RedisSettings
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.mongo import database
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.redis_client import redis_client


def connect(mongo: MongoSettings, redis: RedisSettings, kafka: KafkaSettings, llm: LlmInvoker) -> Services:
    """The API's services over real stores. Connects at first use; both drivers pool and share between threads."""
    bars = database(mongo)
    cache = redis_client(redis)

    def mongodb_probe() -> None:
        with pymongo.timeout(LIMIT_SECONDS * 0.9):
            bars.command("ping")

    def redis_probe() -> None:
        cache.ping()

    return Services(
        prices=MongoPriceStore(bars),
        insights=RedisInsightStore(cache),
        llm=llm,
        probes={"mongodb": mongodb_probe, "redis": redis_probe, "kafka": kafka_probe(kafka)},
        clock=utc_now,
    )


@functools.cache
def build() -> tuple[Services, ApiSettings]:
    """The services of the deployed API, from the environment.

    Raises:
        InvalidInputError: a setting is missing or wrong; the message names it.
    """
    settings = ApiSettings.load()
    services = connect(
        MongoSettings.load(), RedisSettings.load(), KafkaSettings.load(), LambdaLlmInvoker(settings.llm_function_name)
    )
    return services, settings
