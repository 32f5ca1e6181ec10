"""LocalStack's side: an execution environment that is a `Sandbox`."""

from __future__ import annotations

import os
import time
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor

from stock_ai_localstack_executor.sandbox import InitError, Sandbox

_HOST = "127.0.0.1"
_RUNTIME = "python3.13"


class SubprocessExecutor(RuntimeExecutor):
    """See LocalStack's `RuntimeExecutor`."""

    _sandbox: Sandbox | None = None

    def start(self, env_vars: dict[str, str]) -> None:
        """Start the process.

        Raises:
            StatusErrorException: the handler did not come up; LocalStack answers the invocation with its error.
        """
        version = self.function_version.config
        self._sandbox = Sandbox(
            python=Path(os.environ["STOCK_AI_PYTHON313"]),
            handler=version.handler,
            folders=[
                Path(version.code.get_unzipped_code_location()),
                *(Path(layer.code.get_unzipped_code_location(), "python") for layer in version.layers),
                Path(os.environ["STOCK_AI_LAMBDA_RUNTIME"]),
            ],
            environment={
                **{name: str(value) for name, value in env_vars.items() if value is not None},
                "AWS_EXECUTION_ENV": f"AWS_Lambda_{version.runtime}",
                "HOME": "/tmp",  # noqa: S108 - as in Lambda
                "LANG": "en_US.UTF-8",
                "PATH": os.defpath,
            },
            timeout=version.timeout,
            init_timeout=config.LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT,
        )
        try:
            self._sandbox.start()
        except InitError as error:
            raise StatusErrorException("Environment startup failed", payload=error.answer.body) from error

    def stop(self) -> None:
        """End the process."""
        if self._sandbox is not None:
            self._sandbox.close()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Run the handler once; the log has the lines that Lambda writes around it.

        Raises:
            StatusErrorException: a new process was needed and its handler did not come up.
        """
        if self._sandbox is None:
            raise LambdaRuntimeException(f"environment {self.id} was not started")
        request_id, printed, began = payload["invoke-id"], self._sandbox.printed, time.perf_counter()
        try:
            answer = self._sandbox.invoke(
                request_id, payload["invoked-function-arn"], payload.get("trace-id", ""), payload["payload"].encode()
            )
        except InitError as error:
            raise StatusErrorException("Environment startup failed", payload=error.answer.body) from error
        milliseconds = (time.perf_counter() - began) * 1000
        log = (
            f"START RequestId: {request_id} Version: {self.function_version.id.qualifier}\n"
            f"{self._sandbox.log(printed)}"
            f"END RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\n"
        )
        return InvocationResult(request_id, answer.body, is_error=answer.is_error, logs=log)

    def get_logs(self) -> str:
        """All the handler has printed."""
        return self._sandbox.log() if self._sandbox is not None else ""

    def get_address(self) -> str:
        """Where the environment is, seen from LocalStack."""
        return _HOST

    def get_endpoint_from_executor(self) -> str:
        """Where LocalStack is, seen from the environment; becomes the host of AWS_ENDPOINT_URL."""
        return _HOST

    def get_runtime_endpoint(self) -> str:
        """Of LocalStack's own protocol with its containers, which is not spoken here."""
        return f"http://{_HOST}:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unpack code and layers.

        Raises:
            LambdaRuntimeException: the function is for another runtime.
        """
        version = function_version.config
        if version.runtime != _RUNTIME:
            raise LambdaRuntimeException(f"only {_RUNTIME} runs here, not {version.runtime}")
        version.code.prepare_for_execution()
        for layer in version.layers:
            layer.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """LocalStack removes what it unpacked."""
