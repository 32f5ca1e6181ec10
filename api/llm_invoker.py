"""Asks the llm_analysis function through AWS Lambda."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from stock_ai.errors import InvalidInputError, NotFoundError, RetryableError
from stock_ai.models import LlmAnalysis

_CONNECT_SECONDS = 2
_READ_SECONDS = 25
"""With the connection's two seconds still below the 29 s after which API Gateway gives up on the API itself."""


def lambda_client() -> Any:
    """A Lambda client that asks once and gives up before the API's own caller does."""
    import boto3
    from botocore.config import Config

    patience = Config(connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 1})
    return boto3.client("lambda", config=patience)


class LambdaLlmInvoker:
    """Implements `stock_ai.ports.LlmInvoker` by `lambda.invoke`. boto3 is imported at the first question."""

    def __init__(self, function_name: str, make_client: Callable[[], Any] = lambda_client) -> None:
        self._function_name = function_name
        self._client = functools.cache(make_client)

    def __call__(self, request: dict[str, str]) -> LlmAnalysis:
        """Invoke and wait for the answer.

        Raises:
            NotFoundError: nothing is known of the symbol.
            InvalidInputError: the function refused the request.
            RetryableError: the function failed, was throttled or did not answer in time.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._client().invoke(FunctionName=self._function_name, Payload=json.dumps(request).encode())
            payload = answer["Payload"].read()
        except (BotoCoreError, ClientError) as error:
            raise RetryableError(f"llm_analysis could not be asked: {type(error).__name__}") from error
        if "FunctionError" in answer:
            failure = json.loads(payload)
            raise _error(failure.get("errorType", "Unknown"), failure.get("errorMessage", ""))
        return LlmAnalysis.model_validate_json(payload)


def _error(kind: str, message: str) -> Exception:
    for expected in (NotFoundError, InvalidInputError):
        if kind == expected.__name__:
            return expected(message)
    return RetryableError(f"llm_analysis failed: {kind}: {message}")
