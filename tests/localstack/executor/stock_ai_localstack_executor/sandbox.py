"""One execution environment: a process that runs a handler, the Runtime API it talks to, and what it prints."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from pathlib import Path
from typing import Any

from stock_ai_localstack_executor.runtime_api import Answer, Invocation, RuntimeApi

END_SECONDS = 2.0
"""How long a process may take to end by itself; Lambda gives one half a second, a loaded machine needs more."""


class InitError(Exception):
    """The handler did not come up; `answer` holds the error as Lambda would report it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body.decode(errors="replace"))
        self.answer = answer


class Sandbox:
    """Runs one handler. When an invocation fails in a way that leaves the process useless, the next one has a new one.

    Args:
        python: the interpreter.
        handler: `module.function`.
        folders: all that the handler can import from beside Python's own library; the first is its own code.
        environment: the whole environment of the process, but for what this class adds.
        timeout: seconds one invocation may take.
        init_timeout: seconds the import of the handler may take.
    """

    def __init__(
        self,
        python: Path,
        handler: str,
        folders: Sequence[Path],
        environment: Mapping[str, str],
        timeout: float,
        init_timeout: float,
    ) -> None:
        # -S: the interpreter's own site-packages are not what Lambda has.
        self._command = [str(python), "-S", "-m", "awslambdaric", handler]
        self._folders = folders
        self._environment = environment
        self._timeout = timeout
        self._init_timeout = init_timeout
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as LocalStack asks for the log
        self._state = threading.Lock()
        self._api: RuntimeApi | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: Future[Any] | None = None
        self._closed = False

    def start(self) -> None:
        """Start the process and wait until it has imported its handler.

        Raises:
            InitError: it cannot be imported, or the process ended or hung; it is gone then.
        """
        api = RuntimeApi()
        with self._state:
            if self._closed:
                api.close()
                raise InitError(_error("Runtime.ExitError", "the environment was stopped"))
            self._api, self._waiting = api, api.ready
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folders[0],
                env={
                    **self._environment,
                    "AWS_LAMBDA_RUNTIME_API": api.address,
                    "LAMBDA_TASK_ROOT": str(self._folders[0]),
                    "PYTHONPATH": os.pathsep.join(map(str, self._folders)),
                    "PYTHONUNBUFFERED": "1",
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        threading.Thread(target=self._watch, args=(self._process,), daemon=True).start()
        try:
            failed = api.ready.result(self._init_timeout)
        except TimeoutError:
            failed = _error("Sandbox.Timedout", f"the handler was not imported in {self._init_timeout:.0f} s")
        if failed is not None:
            self._end()
            raise InitError(failed)

    def invoke(self, request_id: str, function_arn: str, trace_id: str, event: bytes) -> Answer:
        """Run the handler on an event; a process that ended, or was killed for its time, is an error answer.

        Raises:
            InitError: a new process was needed and did not come up.
        """
        if self._api is None:
            self.start()
        invocation = Invocation(request_id, function_arn, trace_id, event, time.time() + self._timeout)
        with self._state:
            api, self._waiting = self._api, invocation.answer
        if api is None or self._process is None or self._process.poll() is not None:
            self._end()
            return _error("Runtime.ExitError", f"RequestId: {request_id} Error: the runtime has ended")
        api.submit(invocation)
        try:
            answer = invocation.answer.result(self._timeout)
        except TimeoutError:
            self._end()
            message = f"RequestId: {request_id} Error: Task timed out after {self._timeout:.2f} seconds"
            return _error("Sandbox.Timedout", message)
        if self._process.poll() is not None:
            self._end()
        return answer

    @property
    def printed(self) -> int:
        """Bytes printed so far."""
        return os.fstat(self._log.fileno()).st_size

    def log(self, start: int = 0) -> str:
        """What the handler has printed, from a number of bytes on."""
        return os.pread(self._log.fileno(), self.printed - start, start).decode(errors="replace")

    def close(self) -> None:
        """End the process; an invocation under way becomes an error answer. The log stays. Safe to repeat."""
        with self._state:
            self._closed = True
        self._end()

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """What waits for a process learns at once that it ended."""
        status = process.wait()
        with self._state:
            waiting = self._waiting if self._process is process else None
        if waiting is not None:
            with contextlib.suppress(InvalidStateError):
                waiting.set_result(_error("Runtime.ExitError", f"the runtime exited with status {status}"))

    def _end(self) -> None:
        with self._state:
            process, api, self._api = self._process, self._api, None
        if process is not None:
            # The group: what a handler has started ends with it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if api is not None:
            api.close()


def _error(kind: str, message: str) -> Answer:
    return Answer(json.dumps({"errorType": kind, "errorMessage": message}).encode(), is_error=True)
