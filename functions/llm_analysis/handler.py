"""The door of llm_analysis: `{"symbol": "FPT", "language": "en"}` in, an `Explained` as JSON out."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.llm_analysis.request import requested
from functions.llm_analysis.wiring import build
from stock_ai.observability import logger, metrics
from stock_ai.tracing import tracer

_TO_END_SECONDS = 5.0
"""Left for telling those who wait, before the function is cut off."""


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Explain one symbol; `language` is `en` and `provider` that of the settings unless the event says otherwise.

    Raises:
        InvalidInputError: the event is wrong; the message names the field and the value.
        NotFoundError: the symbol has not been analysed.
        BudgetSpentError: the day's money for language models is spent.
        RetryableError: a dependency is away or busy, or the text takes too long.
        RunAbortedError: the providers refuse this installation; the message names the setting.
    """
    request = requested(event)
    seconds = context.get_remaining_time_in_millis() / 1000 - _TO_END_SECONDS
    explained = build().explain(request.symbol, request.language, request.provider, seconds)
    return explained.model_dump(mode="json")
