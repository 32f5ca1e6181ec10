"""Deployed functions and stacks, as our own triggers on this machine reach them through boto3."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, InvalidStateError
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.topology import Function
from local.function_process import FunctionError
from stock_ai.errors import NotFoundError, RetryableError, RunAbortedError

COLD_START_SECONDS = 120.0
"""Added to a function's timeout while waiting for its answer: LocalStack may have to unpack and start it first."""


class DeployedFunction:
    """Invokes a deployed function and waits. Any number of threads may; its concurrency is Lambda's to limit.

    Nothing is retried here: a retry of the SDK would run a handler twice where its caller asked once.
    """

    def __init__(self, function: Function) -> None:
        self.function = function
        self._client = boto3.client(
            "lambda",
            config=Config(
                connect_timeout=5,
                read_timeout=function.timeout_seconds + COLD_START_SECONDS,
                retries={"total_max_attempts": 1},
            ),
        )
        self._waiting: set[Future[Any]] = set()
        self._state = threading.Lock()
        self._closed = False

    def environment(self) -> dict[str, str]:
        """The environment variables it was deployed with.

        Raises:
            NotFoundError: it is not deployed.
            RetryableError: the endpoint does not answer, or refused.
        """
        with _translated(self.function.deployed_name):
            found = self._client.get_function_configuration(FunctionName=self.function.deployed_name)
        return dict(found.get("Environment", {}).get("Variables", {}))

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Run the function on `event` and return its answer.

        Raises:
            FunctionError: the handler failed, or `kill` was called meanwhile (`Runtime.ExitError`).
            NotFoundError: it is not deployed.
            RetryableError: the endpoint does not answer, or refused; the function may have run.
        """
        answer: Future[Any] = Future()
        with self._state:
            if self._closed:
                raise RunAbortedError(f"{self.function.name} was closed")
            self._waiting.add(answer)
        # A thread of its own, since nothing ends a request that waits: `kill` only ends the waiting for it.
        threading.Thread(target=self._call, args=(event, answer), daemon=True).start()
        try:
            return answer.result()
        finally:
            with self._state:
                self._waiting.discard(answer)

    def kill(self) -> None:
        """Wait no longer for invocations under way. They go on where they are; their effects are idempotent."""
        with self._state:
            waiting = list(self._waiting)
        for answer in waiting:
            with contextlib.suppress(InvalidStateError):
                answer.set_exception(
                    FunctionError("Runtime.ExitError", f"{self.function.name} is no longer waited for", [])
                )

    def close(self) -> None:
        """Refuse later invocations. Safe to repeat."""
        with self._state:
            self._closed = True
        self._client.close()

    def _call(self, event: Mapping[str, Any], answer: Future[Any]) -> None:
        try:
            result = self._request(event)
        except Exception as error:  # noqa: BLE001 - it belongs to the thread that waits
            with contextlib.suppress(InvalidStateError):
                answer.set_exception(error)
        else:
            with contextlib.suppress(InvalidStateError):
                answer.set_result(result)

    def _request(self, event: Mapping[str, Any]) -> Any:
        with _translated(self.function.deployed_name):
            response = self._client.invoke(
                FunctionName=self.function.deployed_name, Payload=json.dumps(event, separators=(",", ":")).encode()
            )
            content = json.loads(response["Payload"].read() or b"null")
        if "FunctionError" in response:
            raise FunctionError(
                content.get("errorType") or response["FunctionError"],
                content.get("errorMessage", ""),
                content.get("stackTrace") or [],
            )
        return content


def stack_output(stack: str, output: str) -> str:
    """An output of a deployed stack.

    Raises:
        NotFoundError: stack or output are not there.
        RetryableError: the endpoint does not answer, or refused.
    """
    with _translated(stack):
        described = boto3.client("cloudformation").describe_stacks(StackName=stack)
    for found in described["Stacks"][0].get("Outputs", ()):
        if found["OutputKey"] == output:
            return str(found["OutputValue"])
    raise NotFoundError(f"stack {stack} has no output {output}")


def api_url() -> str:
    """The address of the deployed API at the endpoint in use; the stack itself knows LocalStack's usual one only.

    Raises:
        NotFoundError, RetryableError: as `stack_output`.
    """
    deployed, endpoint = urlsplit(stack_output("StockAi-Api", "ApiUrl")), urlsplit(os.environ["AWS_ENDPOINT_URL"])
    return urlunsplit((endpoint.scheme, endpoint.netloc, deployed.path, "", ""))


@contextlib.contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        fault = error.response.get("Error", {})
        if fault.get("Code") == "ResourceNotFoundException" or "does not exist" in fault.get("Message", ""):
            raise NotFoundError(f"{name} is not deployed") from error
        raise RetryableError(f"{name}: {error}") from error
    except BotoCoreError as error:
        raise RetryableError(f"{name}: {error}") from error
