"""Kafka, MongoDB and Redis of a run: each the one its environment variable names, else an embedded one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from infra import topology
from local.embedded.kafka import KafkaServer, create_topics
from local.embedded.mongodb import MongoServer
from local.embedded.valkey import ValkeyServer
from local.home import Endpoints, Home, World
from stock_ai.errors import InvalidInputError
from stock_ai.settings import KafkaSettings, MongoSettings, RedisSettings


@contextmanager
def open_servers(home: Home, world: World) -> Iterator[Endpoints]:
    """Start what is not given from outside, create the topics, and stop what was started at the end.

    Raises:
        InvalidInputError: a variable is wrong, a port is busy or the folder is in use.
    """
    with ExitStack() as stack:
        starting = []
        addresses: dict[str, str] = {}
        for name, variable, server_class, check in (
            ("kafka", "KAFKA_BOOTSTRAP_SERVERS", KafkaServer, KafkaSettings.load),
            ("mongodb", "MONGODB_URI", MongoServer, MongoSettings.load),
            ("redis", "REDIS_URL", ValkeyServer, RedisSettings.load),
        ):
            if given := os.environ.get(variable):
                check()
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


def _port(variable: str) -> int:
    text = os.environ.get(variable) or "0"
    if not text.isdigit() or int(text) > 65535:
        raise InvalidInputError(f"{variable}: {text!r} is not a port (0 to 65535, 0 means any free one)")
    return int(text)
