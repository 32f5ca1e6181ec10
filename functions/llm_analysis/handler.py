"""The door of llm_analysis: `{"symbol": "FPT", "language": "en"}` in, an `LlmAnalysis` as JSON out."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.llm_analysis.service import parse_language, parse_symbol
from functions.llm_analysis.wiring import build
from stock_ai.models import Language
from stock_ai.observability import logger, metrics
from stock_ai.tracing import tracer


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Explain one symbol; `language` is `en` unless the event says otherwise.

    Raises:
        InvalidInputError: the event is wrong; the message names the field and the value.
        NotFoundError: the symbol has not been analysed.
        RetryableError: a dependency is away or busy.
        RunAbortedError: the provider refuses this installation.
    """
    symbol = parse_symbol(event.get("symbol"))
    language = parse_language(event.get("language", Language.ENGLISH))
    answer = build().explain(symbol, language)
    metrics.add_metric(name="Explanations", unit=MetricUnit.Count, value=1)
    metrics.add_metadata(key="provider", value=answer.provider)
    return answer.model_dump(mode="json")
