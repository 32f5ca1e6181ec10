"""Kafka, MongoDB and Redis of a run: each the one its environment variable names, else an embedded one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from kafka.errors import KafkaError
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from api.probes import kafka_probe
from infra import topology
from local.embedded.kafka import KafkaServer, create_topics
from local.embedded.mongodb import MongoServer
from local.embedded.valkey import ValkeyServer
from local.home import Endpoints, Home, World
from stock_ai.errors import InvalidInputError
from stock_ai.settings import KafkaSettings, MongoSettings, RedisSettings
from stock_ai.storage.mongo import database
from stock_ai.storage.redis_client import redis_client


@contextmanager
def open_servers(home: Home, world: World) -> Iterator[Endpoints]:
    """Start what is not given from outside, create the topics, and stop what was started at the end.

    Raises:
        InvalidInputError: a variable is wrong or names no server that answers, a port is busy, the folder is in use.
    """
    with ExitStack() as stack:
        starting = []
        addresses: dict[str, str] = {}
        for name, variable, server_class, probe in (
            ("kafka", "KAFKA_BOOTSTRAP_SERVERS", KafkaServer, lambda: kafka_probe(KafkaSettings.load())()),
            ("mongodb", "MONGODB_URI", MongoServer, lambda: database(MongoSettings.load()).command("ping")),
            ("redis", "REDIS_URL", ValkeyServer, lambda: redis_client(RedisSettings.load()).ping()),
        ):
            if given := os.environ.get(variable):
                _answers(variable, probe)
                addresses[name] = given
            else:
                server = server_class(home.data(world, name), port=_port(f"STOCK_AI_{name.upper()}_PORT"))
                stack.callback(server.stop)
                starting.append((name, server))
        for name, server in starting:
            server.start()
            addresses[name] = server.address
        create_topics(addresses["kafka"], topology.TOPICS)
        yield Endpoints(**addresses)


def _answers(variable: str, probe: Callable[[], object]) -> None:
    """Ask a server that was given from outside one question, so that a wrong address is named at once."""
    try:
        probe()
    except (KafkaError, PyMongoError, RedisError, OSError) as error:
        # The driver's own words may hold the address with its password.
        raise InvalidInputError(f"{variable}: no server answers there ({type(error).__name__})") from None


def _port(variable: str) -> int:
    text = os.environ.get(variable) or "0"
    if not text.isdigit() or int(text) > 65535:
        raise InvalidInputError(f"{variable}: {text!r} is not a port (0 to 65535, 0 means any free one)")
    return int(text)
