"""EventBridge schedule -> bars from MongoDB -> indicators and model -> Kafka `ai_analysis_results`."""

from __future__ import annotations

import dataclasses
from typing import Any

from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.ai_analysis.request import requested
from functions.ai_analysis.scoring import score
from functions.ai_analysis.service import analyse
from functions.ai_analysis.wiring import build
from stock_ai.clock import utc_now
from stock_ai.observability import logger, metrics
from stock_ai.quality.assessment import assess
from stock_ai.tracing import tracer


@logger.inject_lambda_context(correlation_id_path=correlation_paths.EVENT_BRIDGE)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Analyse once; the answer is an `AnalysisReport` as a mapping. One that is unfinished goes on at the next event.

    Raises:
        InvalidInputError: the event or a setting is wrong; nothing was published.
        NotFoundError: a symbol that was asked for has no bars; nothing was published.
        RetryableError: a dependency is away; running again goes on from there.
        RunAbortedError: the current model is not sound.
    """
    wanted = requested(event)
    ports = build()
    # Before the bars are read: of two runs the one that read later made the newer analyses.
    now = utc_now()
    panel = ports.panel()
    report = analyse(
        panel,
        ports.models.current(),
        ports.publisher,
        ports.ledger,
        now,
        context.get_remaining_time_in_millis,
        wanted.symbols,
    )
    metrics.add_metric(name="AnalysesPublished", unit=MetricUnit.Count, value=report.published)
    metrics.add_metric(name="AnalysesLeft", unit=MetricUnit.Count, value=report.left)
    metrics.add_metric(name="SignalsWithheld", unit=MetricUnit.Count, value=sum(report.withheld.values()))
    if len(panel) and not wanted.symbols and not report.unfinished:
        quality = assess(panel, ports.set_aside(), ports.calendar, utc_now, ports.background())
        ports.quality.replace(quality)
        scored = score(panel, ports.track_record, utc_now)
        metrics.add_metric(name="SignalsScored", unit=MetricUnit.Count, value=scored.scored)
        metrics.add_metric(name="SessionsBehind", unit=MetricUnit.Count, value=quality.market.sessions_behind)
    logger.info("analysed", extra=dataclasses.asdict(report))
    return dataclasses.asdict(report)
