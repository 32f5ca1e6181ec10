"""EventBridge schedule (weekly) -> bars from MongoDB -> a challenger in the registry, champion where it is better."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.model_training.request import Do, requested
from functions.model_training.service import evaluate_recipe, train_challenger
from functions.model_training.wiring import build
from stock_ai.clock import utc_now
from stock_ai.observability import logger, metrics
from stock_ai.tracing import tracer

_DIFFERENCES = {"LogLossMinusBase": "log_loss_minus_base", "LogLossMinusChampion": "log_loss_minus_champion"}


@logger.inject_lambda_context(correlation_id_path=correlation_paths.EVENT_BRIDGE)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Train once; the answer holds the key figures of the new model's card and of its verdict.

    Or evaluate, where the event asks for it: the answer holds the headline figures and where the report is.

    Raises:
        InvalidInputError: the event or a setting is wrong.
        RetryableError: a dependency is away, or the champion changed meanwhile; running again is safe.
        RunAbortedError: there is too little data; the message says how much.
    """
    do = requested(event)
    ports = build()
    if do is Do.EVALUATE:
        found = evaluate_recipe(ports.panel(), ports.exchanges(), ports.reports, utc_now)
        logger.info("evaluated", extra={"evaluation": found})
        return found
    figures = train_challenger(ports.panel(), ports.models, utc_now)
    metrics.add_metric(name="ModelsTrained", unit=MetricUnit.Count, value=1)
    metrics.add_metric(name="ModelsPromoted", unit=MetricUnit.Count, value=int(figures["promoted"]))
    for name, figure in _DIFFERENCES.items():
        if figures.get(figure) is not None:
            metrics.add_metric(name=name, unit=MetricUnit.NoUnit, value=figures[figure])
    logger.info("trained", extra={"model": figures, "refused": dict(ports.models.refused)})
    return figures
