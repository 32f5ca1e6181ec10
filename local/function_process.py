"""A Lambda function on this machine: its worker process, one invocation at a time, with Lambda's timeout and errors."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, Protocol

from infra.topology import Function
from local.events import REGION
from local.worker import invocation_context
from stock_ai.errors import RunAbortedError, StockAIError

INIT_SECONDS = 120.0
"""How long a handler may take to be imported. Lambda allows 10 s; a machine that starts six at once needs more."""
CLOSE_SECONDS = 10.0

# What a process needs to work on this machine at all. Credentials of AWS are not among it: nothing here may reach it.
_MACHINE = (
    *("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)


class FunctionError(StockAIError):
    """An invocation failed; the fields are those of Lambda's error answer."""

    def __init__(self, error_type: str, message: str, stack_trace: list[str]) -> None:
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type
        self.message = message
        self.stack_trace = stack_trace


class FunctionTimeout(FunctionError):  # noqa: N818 - Lambda's own word
    """An invocation took longer than its function's timeout and was stopped."""


class Worker(Protocol):
    """Runs one function, on this machine or elsewhere."""

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Run the handler on `event` and return its answer.

        Raises:
            FunctionError: the invocation failed.
        """

    def kill(self) -> None:
        """Make an invocation under way fail now, with `Runtime.ExitError`."""

    def close(self) -> None:
        """Let go of what the worker holds. Safe to repeat."""


class FunctionProcess:
    """One execution environment of a function. Starts on the first invocation, and again after a death.

    Any thread may call any method. The child ends when its end of the socket pair does, so it never outlives us,
    whichever thread started it and on every system.

    Args:
        function: what to run.
        environment: where its settings come from; the child sees only those that `function.settings` names.
        log_path: takes what the child prints, after what is there.
    """

    def __init__(self, function: Function, environment: Mapping[str, str], log_path: Path) -> None:
        self.function = function
        self._environment = _child_environment(function, environment)
        self._log_path = log_path
        self._turn = threading.Lock()  # held during an invocation
        self._state = threading.Lock()  # held for an instant, so that `kill` need not wait for the turn
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The child's process id, or None when none runs."""
        with self._state:
            return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start the child, if none runs, and wait until it has imported its handler.

        Raises:
            FunctionError: the handler cannot be imported (`Runtime.ImportModuleError`), or the child ended or hung.
        """
        with self._turn:
            self._running()

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Run the handler on `event` and return its answer; waits for an invocation that is under way.

        Raises:
            FunctionTimeout: it took longer than the function's timeout; the child was killed.
            FunctionError: the handler raised, or the child died (`Runtime.ExitError`).
        """
        with self._turn:
            connection = self._running()
            context = invocation_context(self.function)
            request = {
                "event": event,
                "deadline_ms": context.deadline_ms,
                "request_id": context.aws_request_id,
                "function_name": context.function_name,
                "memory": context.memory_limit_in_mb,
            }
            timed_out = FunctionTimeout(
                "Sandbox.Timedout",
                f"{context.aws_request_id} Task timed out after {self.function.timeout_seconds:.2f} seconds",
                [],
            )
            with contextlib.suppress(OSError):  # a child that has died answers with the end of its output
                connection.send_bytes(json.dumps(request, separators=(",", ":")).encode())
            return self._receive(connection, self.function.timeout_seconds, timed_out)

    def kill(self) -> None:
        """End the child at once, whatever it does; an invocation under way fails with `Runtime.ExitError`."""
        with self._state:
            if self._process is not None and self._process.poll() is None:
                # Its own group: a handler's children end with it.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def close(self) -> None:
        """Wait for the invocation under way, then let the child end; later invocations are refused. Safe to repeat."""
        with self._turn:
            self._closed = True
            if self._process is None:
                return
            self._disconnect()
            try:
                self._process.wait(CLOSE_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def _running(self) -> Connection:
        if self._closed:
            raise RunAbortedError(f"{self.function.name} was closed")
        if self._connection is not None and self.pid is not None:
            return self._connection
        self._disconnect()
        ours, theirs = Pipe()
        with self._state, self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.worker", self.function.handler, str(theirs.fileno())],
                env=self._environment,
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; the child ends when we let it
            )
        theirs.close()
        self._connection = ours
        hung = FunctionTimeout(
            "Sandbox.Timedout", f"{self.function.handler} is not imported in {INIT_SECONDS:.0f} s", []
        )
        try:
            self._receive(ours, INIT_SECONDS, hung)
        except BaseException:
            self.kill()
            raise
        return ours

    def _receive(self, connection: Connection, seconds: float, timed_out: FunctionTimeout) -> Any:
        try:
            answer = json.loads(connection.recv_bytes()) if connection.poll(seconds) else None
        except (EOFError, OSError):
            raise self._exit_error() from None
        except BaseException:
            # Ctrl-C: the answer still to come must not be taken for that of the next invocation.
            self.kill()
            raise
        if answer is None:
            self.kill()
            raise timed_out
        if "error" in answer:
            error = answer["error"]
            raise FunctionError(error["errorType"], error["errorMessage"], error["stackTrace"])
        return answer["ok"]

    def _exit_error(self) -> FunctionError:
        process = self._process
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1.0)  # it closed its end on its way out: let it give its own exit code
        self.kill()
        code = process.returncode if process is not None else None
        reason = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
        return FunctionError("Runtime.ExitError", f"the process of {self.function.name} ended with {reason}", [])

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _child_environment(function: Function, environment: Mapping[str, str]) -> dict[str, str]:
    return {
        **{name: os.environ[name] for name in _MACHINE if name in os.environ},
        **{name: environment[name] for name in function.settings if environment.get(name)},
        **function.variables,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "LAMBDA_TASK_ROOT": str(Path(__file__).resolve().parents[1]),
        "POWERTOOLS_SERVICE_NAME": function.name,
        "POWERTOOLS_TRACE_DISABLED": "true",
        "PYTHONUNBUFFERED": "1",
        "TZ": "UTC",
    }
