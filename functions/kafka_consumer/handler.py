"""Door of kafka_consumer: a Kafka event of `stock_prices_raw` in, counts out."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.kafka_consumer.service import consume
from functions.kafka_consumer.wiring import build
from stock_ai.clock import utc_now
from stock_ai.observability import logger, metrics
from stock_ai.streaming.records import records
from stock_ai.tracing import tracer


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Store a batch of bars. No single record is ever reported as failed: a poison one is set aside here.

    Raises:
        RetryableError: broker or store is away, and the whole batch must come again.
    """
    ports = build()
    result = consume(records(event), ports.store, ports.quarantine, ports.publisher, utc_now)
    quarantined = sum(result.quarantined.values())
    metrics.add_metric("BarsStored", MetricUnit.Count, result.stored)
    metrics.add_metric("BarsUnchanged", MetricUnit.Count, result.unchanged)
    metrics.add_metric("BarsQuarantined", MetricUnit.Count, quarantined)
    return {
        "batchItemFailures": [],
        "stored": result.stored,
        "unchanged": result.unchanged,
        "quarantined": result.quarantined,
    }
