"""Servers and data for tests. A URL in the environment takes the place of an embedded server, as in `make up`."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Read when the modules are imported, so set before any of ours is.
os.environ.update(
    VNSTOCK_DISABLE_AGENT_SETUP="1",
    POWERTOOLS_TRACE_DISABLED="1",
    POWERTOOLS_METRICS_NAMESPACE="StockAI",
    POWERTOOLS_SERVICE_NAME="test",
    AWS_DEFAULT_REGION="ap-southeast-1",
    AWS_REGION="ap-southeast-1",
)

if "PYTEST_XDIST_WORKER" in os.environ:
    # There is a worker for each core: threads of their own would only wait for each other.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import pytest
import redis
from pymongo import MongoClient
from pymongo.database import Database

from infra.topology import Topic
from local.embedded.kafka import KafkaServer, create_topics
from local.embedded.mongodb import MongoServer
from local.embedded.process import EmbeddedServer
from local.embedded.valkey import ValkeyServer

logging.getLogger("kafka").setLevel(logging.WARNING)

REPO_ROOT = Path(__file__).resolve().parents[1]


def _address(variable: str, server: type[EmbeddedServer], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if given := os.environ.get(variable):
        yield given
        return
    with server(tmp_path_factory.mktemp(server.name)) as running:
        yield running.address


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory) -> Iterator[str]:
    """host:port of a Kafka broker."""
    yield from _address("KAFKA_BOOTSTRAP_SERVERS", KafkaServer, tmp_path_factory)


@pytest.fixture(scope="session")
def mongo_uri(tmp_path_factory) -> Iterator[str]:
    """URI of a MongoDB server."""
    yield from _address("MONGODB_URI", MongoServer, tmp_path_factory)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory) -> Iterator[str]:
    """URL of a Redis server."""
    yield from _address("REDIS_URL", ValkeyServer, tmp_path_factory)


@pytest.fixture
def mongo_database(mongo_uri) -> Iterator[Database]:
    """A database of this test's own, dropped afterwards."""
    with MongoClient(mongo_uri, tz_aware=True) as client:
        database = client[f"test_{uuid.uuid4().hex[:12]}"]
        yield database
        client.drop_database(database.name)


@pytest.fixture
def redis_client(redis_url) -> Iterator[redis.Redis]:
    """A client of an empty database, emptied again afterwards. Somebody's own data is never flushed."""
    with redis.Redis.from_url(redis_url) as client:
        if os.environ.get("REDIS_URL") and client.dbsize():
            pytest.fail("REDIS_URL names a database that is not empty; tests flush theirs, so give them another")
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture(scope="module")
def empty_secrets_manager() -> Iterator[Any]:
    """A client of a Secrets Manager (moto), and the provider that reads it: to make them reads botocore's tables."""
    import boto3
    from moto import mock_aws

    from stock_ai import secrets

    secrets._provider.cache_clear()
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="ap-southeast-1")
    secrets._provider.cache_clear()


@pytest.fixture
def secrets_manager(empty_secrets_manager, monkeypatch) -> Iterator[Any]:
    """A client of a Secrets Manager without secrets; a process that has read none and refers to none."""
    from stock_ai import secrets

    for name in ("MONGODB_URI", "MONGODB_USERNAME", "MONGODB_PASSWORD", "ANTHROPIC_API_KEY", "KAFKA_SECURITY"):
        monkeypatch.delenv(name, raising=False)
    secrets._known.clear()
    secrets._provider().clear_cache()
    yield empty_secrets_manager
    secrets._known.clear()
    for secret in empty_secrets_manager.list_secrets()["SecretList"]:
        empty_secrets_manager.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)


@pytest.fixture
def topics(kafka_bootstrap) -> Callable[..., str]:
    """Makes a topic with a name of its own: `topics(partitions=6)`; returns the name."""

    def make(partitions: int = 1, prefix: str = "test") -> str:
        name = f"{prefix}_{uuid.uuid4().hex[:12]}"
        create_topics(kafka_bootstrap, [Topic(name, partitions=partitions, retention_hours=1)])
        return name

    return make


@pytest.fixture(scope="session")
def found_shared_data() -> Path | None:
    """The folder of real market data, where it is at hand."""
    folder = Path(os.environ.get("STOCK_AI_SHARED_DATA", REPO_ROOT.parent / "shared" / "data"))
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def shared_data(found_shared_data) -> Path:
    """The folder of real market data, see its README."""
    if found_shared_data is None:
        pytest.skip("no real market data: STOCK_AI_SHARED_DATA names no folder")
    return found_shared_data
