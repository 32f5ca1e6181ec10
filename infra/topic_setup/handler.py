"""Creates the Kafka topics of the topology: invoked once per deployment, and safe to invoke again."""

from __future__ import annotations

import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from infra.topic_setup.service import BROKERS_CHOICE, set_up
from infra.topology import TOPICS
from stock_ai.errors import InvalidInputError
from stock_ai.observability import logger
from stock_ai.settings import KafkaSettings

REPLICATION_VARIABLE = "KAFKA_REPLICATION_FACTOR"


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[str]]:  # noqa: ARG001 - Lambda's signature
    """Create the topics of the topology that are missing; see `set_up` for the answer.

    Raises:
        InvalidInputError: a setting is missing or wrong.
        RetryableError: the cluster is away.
        RunAbortedError: the cluster refuses a topic; the message names it.
    """
    answer = set_up(KafkaSettings.load(), TOPICS, _replication_factor())
    logger.info("topics are set up", extra={"topics": answer})
    return answer


def _replication_factor() -> int:
    text = os.environ.get(REPLICATION_VARIABLE) or str(BROKERS_CHOICE)
    try:
        factor = int(text)
    except ValueError:
        factor = 0
    if factor < 1 and factor != BROKERS_CHOICE:
        raise InvalidInputError(f"{REPLICATION_VARIABLE}: must be a number of brokers, or -1, got {text!r}")
    return factor
