"""Asks the llm_analysis function through AWS Lambda."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from stock_ai.clock import Clock, utc_now
from stock_ai.errors import BudgetSpentError, RateLimitedError, RetryableError, StockAIError, told
from stock_ai.models.llm import Explained

_CONNECT_SECONDS = 2


class StillRunningError(RetryableError):
    """The text is not there yet, and somebody goes on writing it."""


def lambda_client(wait_seconds: float) -> Any:
    """A Lambda client that asks once and waits a second less than the API does.

    So no thread of the API waits any more when Lambda freezes its process after the answer.
    """
    import boto3
    from botocore.config import Config

    patience = Config(
        connect_timeout=_CONNECT_SECONDS, read_timeout=max(1.0, wait_seconds - 1), retries={"total_max_attempts": 1}
    )
    return boto3.client("lambda", config=patience)


class LambdaLlmInvoker:
    """Implements `stock_ai.ports.LlmInvoker` by `lambda.invoke`. boto3 is imported at the first question."""

    def __init__(self, function_name: str, make_client: Callable[[], Any], clock: Clock = utc_now) -> None:
        self._function_name = function_name
        self._client = functools.cache(make_client)
        self._clock = clock

    def __call__(self, request: dict[str, str]) -> Explained:
        """Invoke and wait for the answer.

        Raises:
            NotFoundError: the symbol has not been analysed.
            InvalidInputError: the function refused the request.
            StillRunningError: it works on after the time to wait.
            BudgetSpentError: the day's money is spent.
            RateLimitedError: as many as may run at once are running.
            RunAbortedError: the providers refuse this installation; the message names the setting.
            RetryableError: the function failed or could not be reached.
        """
        from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

        try:
            answer = self._client().invoke(FunctionName=self._function_name, Payload=json.dumps(request).encode())
            payload = answer["Payload"].read()
        except ReadTimeoutError as error:
            raise StillRunningError("llm_analysis is still writing") from error
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "TooManyRequestsException":
                raise RateLimitedError("llm_analysis is busy") from error
            raise RetryableError(f"llm_analysis could not be asked: {code}") from error
        except BotoCoreError as error:
            raise RetryableError(f"llm_analysis could not be asked: {type(error).__name__}") from error
        if "FunctionError" in answer:
            failure = json.loads(payload)
            raise self._error(failure.get("errorType", "Unknown"), failure.get("errorMessage", ""))
        return Explained.model_validate_json(payload)

    def _error(self, kind: str, message: str) -> StockAIError:
        error = told(kind, message)
        if isinstance(error, BudgetSpentError):
            # Lambda passes on an error's type and words only, and the next budget begins with the next day.
            from stock_ai.storage.llm_usage import until_next_day

            error.retry_after = until_next_day(self._clock())
        return error
