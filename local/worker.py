"""One Lambda execution environment: a child process that imports a handler once and answers one event after another.

Run as `python -m local.worker functions.kafka_consumer.handler.handler FD`, where FD is one end of a socket pair that
carries `multiprocessing.connection` frames of JSON, so that what the handler prints can never be taken for an answer.
The first frame out says how the import went; then each request gets one answer: `{"ok": response}`, or
`{"error": {"errorType", "errorMessage", "stackTrace"}}` as Lambda words it.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from infra.topology import Function
from local.events import ACCOUNT, REGION

Handler = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class InvocationContext:
    """What a handler learns about its invocation; the attributes are those of Lambda's context object."""

    function_name: str
    memory_limit_in_mb: int
    aws_request_id: str
    deadline_ms: int
    """Milliseconds since 1970 in UTC at which the invocation is stopped."""
    function_version: str = "$LATEST"

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        return f"local/[{self.function_version}]{os.getpid()}"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the deadline, at least 0."""
        return max(0, self.deadline_ms - time.time_ns() // 1_000_000)


def invocation_context(function: Function) -> InvocationContext:
    """The context of an invocation of `function` that begins now."""
    now_ms = time.time_ns() // 1_000_000
    return InvocationContext(
        function_name=function.name,
        memory_limit_in_mb=function.memory_mb,
        aws_request_id=str(uuid.uuid4()),
        deadline_ms=now_ms + function.timeout_seconds * 1000,
    )


def main(handler_path: str, descriptor: int) -> int:
    """Serve until the other end closes; the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.set_inheritable(descriptor, False)
    connection = Connection(descriptor)
    try:
        handler = _load(handler_path)
    except Exception as error:  # noqa: BLE001 - whatever an import raises is the answer
        _send(connection, {"error": _described(error, "Runtime.ImportModuleError")})
        return 1
    _send(connection, {"ok": None})
    requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    busy = threading.Event()
    threading.Thread(target=_receive, args=(connection, requests, busy), daemon=True).start()
    while (request := requests.get()) is not None:
        answer = _answer(handler, json.loads(request))
        busy.clear()
        _send(connection, answer)
    return 0


def _receive(connection: Connection, requests: queue.SimpleQueue[bytes | None], busy: threading.Event) -> None:
    """Pass requests on. The end of the input while one is being worked on means that the parent has died."""
    while True:
        try:
            request = connection.recv_bytes()
        except (EOFError, OSError):
            if busy.is_set():
                os.killpg(os.getpid(), signal.SIGKILL)  # as the parent would have; the handler may have children
            requests.put(None)
            return
        busy.set()
        requests.put(request)


def _load(handler_path: str) -> Handler:
    module_name, _, attribute = handler_path.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module_name), attribute)
    return handler


def _answer(handler: Handler, request: dict[str, Any]) -> dict[str, Any]:
    context = InvocationContext(
        function_name=request["function_name"],
        memory_limit_in_mb=request["memory"],
        aws_request_id=request["request_id"],
        deadline_ms=request["deadline_ms"],
    )
    try:
        response = handler(request["event"], context)
    except Exception as error:  # noqa: BLE001 - Lambda reports every error of a handler to the invoker
        return {"error": _described(error, type(error).__name__)}
    try:
        json.dumps(response)
    except (TypeError, ValueError) as error:
        return {"error": _described(error, "Runtime.MarshalError")}
    return {"ok": response}


def _described(error: Exception, error_type: str) -> dict[str, Any]:
    traceback.print_exception(error)
    return {
        "errorType": error_type,
        "errorMessage": str(error),
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


def _send(connection: Connection, answer: dict[str, Any]) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    connection.send_bytes(json.dumps(answer).encode())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], int(sys.argv[2])))
