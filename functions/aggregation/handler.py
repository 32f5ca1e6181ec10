"""Door of aggregation: a Kafka event of either result topic in, counts out."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.aggregation.service import aggregate
from functions.aggregation.wiring import build
from stock_ai.clock import utc_now
from stock_ai.observability import logger, metrics
from stock_ai.streaming.records import records
from stock_ai.tracing import tracer


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Merge a batch of analyses. No single record is ever reported as failed: a poison one is set aside here.

    Raises:
        RetryableError: broker or a store is away, and the whole batch must come again.
    """
    ports = build()
    result = aggregate(
        records(event), ports.analyses, ports.signals, ports.insights, ports.quarantine, ports.publisher, utc_now
    )
    metrics.add_metric("AnalysesAccepted", MetricUnit.Count, result.accepted)
    metrics.add_metric("SignalsIssued", MetricUnit.Count, result.issued)
    metrics.add_metric("InsightsChanged", MetricUnit.Count, result.insights)
    metrics.add_metric("AnalysesQuarantined", MetricUnit.Count, sum(result.quarantined.values()))
    return {
        "batchItemFailures": [],
        "accepted": result.accepted,
        "insights": result.insights,
        "quarantined": result.quarantined,
    }
