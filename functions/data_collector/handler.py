"""EventBridge schedule -> prices from a source -> Kafka `stock_prices_raw`."""

from __future__ import annotations

import dataclasses
from typing import Any

from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.data_collector.request import requested
from functions.data_collector.run import run
from functions.data_collector.wiring import build
from stock_ai.observability import logger, metrics
from stock_ai.tracing import tracer


@logger.inject_lambda_context(correlation_id_path=correlation_paths.EVENT_BRIDGE)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Collect once; the answer is a `CollectReport` as a mapping.

    Raises:
        InvalidInputError: the event, a setting or the source's data is wrong.
        RetryableError: a dependency is away; running again is safe.
        RunAbortedError: the time was not enough.
    """
    collector = build()
    wanted = requested(event, collector.settings)
    report = run(
        wanted,
        lambda: collector.open(wanted.settings),
        collector.ports,
        context.get_remaining_time_in_millis,
        owner=context.aws_request_id,
    )
    metrics.add_metric(name="BarsPublished", unit=MetricUnit.Count, value=report.published)
    return dataclasses.asdict(report)
