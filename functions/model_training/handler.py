"""EventBridge schedule (weekly) -> bars from MongoDB -> a calibrated model in the registry."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.model_training.service import train_current
from functions.model_training.wiring import build
from stock_ai.clock import utc_now
from stock_ai.observability import logger, metrics
from stock_ai.tracing import tracer


@logger.inject_lambda_context(correlation_id_path=correlation_paths.EVENT_BRIDGE)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Train once; the answer holds the key figures of the new model's card.

    Raises:
        InvalidInputError: a setting is wrong.
        RetryableError: a dependency is away; running again is safe.
        RunAbortedError: there is too little data to train; the message says how much.
    """
    ports = build()
    figures = train_current(ports.panel(), ports.models, utc_now)
    metrics.add_metric(name="ModelsTrained", unit=MetricUnit.Count, value=1)
    logger.info("trained", extra={"model": figures})
    return figures
