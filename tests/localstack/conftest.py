"""One LocalStack for the whole run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from infra import topology
from infra.packaging import python313
from local.embedded.kafka import KafkaServer, create_topics
from local.embedded.mongodb import MongoServer
from local.embedded.valkey import ValkeyServer
from tests.localstack.deployment import Deployment, Servers, deploy
from tests.localstack.server import REGION, LocalStack, localstack


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[LocalStack]:
    """LocalStack; skipped where there is no Python 3.13, which Lambda's runtime and LocalStack itself need."""
    interpreter = python313.find()
    if interpreter is None:
        pytest.skip(python313.HOW_TO_GET)
    with localstack(tmp_path_factory.mktemp("localstack"), interpreter) as running:
        yield running


@pytest.fixture(scope="session")
def aws(server) -> Callable[[str], Any]:
    """Clients of that LocalStack: `aws("lambda")`."""

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=server.address,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - LocalStack takes anything
            config=Config(read_timeout=600, retries={"max_attempts": 0}),
        )

    return client


@pytest.fixture(scope="session")
def servers(tmp_path_factory) -> Iterator[Servers]:
    """Servers of this run's own, never somebody's: deployed functions use one database, and it is not ours to fill."""
    with (
        KafkaServer(tmp_path_factory.mktemp("kafka")) as kafka,
        MongoServer(tmp_path_factory.mktemp("mongodb")) as mongodb,
        ValkeyServer(tmp_path_factory.mktemp("redis")) as redis,
    ):
        yield Servers(kafka.address, mongodb.address, redis.address)


@pytest.fixture(scope="session")
def deployment(server, servers, aws, tmp_path_factory) -> Deployment:
    """Every stack, deployed; topics exist."""
    create_topics(servers.kafka, topology.TOPICS)
    return deploy(server, servers, aws, tmp_path_factory.mktemp("cdk"))
