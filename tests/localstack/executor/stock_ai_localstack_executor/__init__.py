"""Runs LocalStack's Lambda functions as processes of this machine: LAMBDA_RUNTIME_EXECUTOR=subprocess.

Two variables say with what: STOCK_AI_PYTHON313, the interpreter, and STOCK_AI_LAMBDA_RUNTIME, a folder with
awslambdaric and boto3, which Lambda has beside a function's own code.
"""

from __future__ import annotations

from typing import Any

from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class SubprocessExecutorPlugin(RuntimeExecutorPlugin):
    """How LocalStack finds the executor, by the entry point of this distribution."""

    name = "subprocess"

    def load(self, *_args: Any, **_kwargs: Any) -> Any:
        """The executor's class."""
        from stock_ai_localstack_executor.executor import SubprocessExecutor

        return SubprocessExecutor
