"""AWS Lambda's Runtime API, which a function's runtime asks for events and gives its answers (AWS Lambda developer
guide, "Using the Lambda runtime API"), for one execution environment."""

from __future__ import annotations

import contextlib
import queue
import threading
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_ROOT = "/2018-06-01/runtime"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler returned, or the error it raised, as the JSON document the runtime sent."""

    body: bytes
    is_error: bool


@dataclass(frozen=True, slots=True)
class Invocation:
    """An event on its way to the handler. `deadline` is in seconds since 1970."""

    request_id: str
    function_arn: str
    trace_id: str
    event: bytes
    deadline: float
    answer: Future[Answer] = field(default_factory=Future)


class RuntimeApi:
    """Serves on a free port of the loopback until `close`."""

    def __init__(self) -> None:
        self.ready: Future[Answer | None] = Future()
        """Done when the runtime asks for its first event: None, or the error its handler could not be imported with."""
        self._next: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._current: Invocation | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        """host:port, for AWS_LAMBDA_RUNTIME_API."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def submit(self, invocation: Invocation) -> None:
        """Hand out an event. One at a time: the one before must have its answer."""
        self._current = invocation
        self._next.put(invocation)

    def close(self) -> None:
        """Stop serving."""
        self._next.put(None)
        self._server.shutdown()
        self._server.server_close()

    def take(self) -> Invocation | None:
        """Wait for the next event; None when there will be none."""
        _settle(self.ready, None)
        return self._next.get()

    def accept(self, path: str, body: bytes) -> bool:
        """Take what the runtime reports; False when the path is not of this API."""
        if path == f"{_ROOT}/init/error":
            _settle(self.ready, Answer(body, is_error=True))
            return True
        invocation, (request_id, _, kind) = self._current, path.removeprefix(f"{_ROOT}/invocation/").partition("/")
        if kind not in {"response", "error"}:
            return False
        if invocation is not None and invocation.request_id == request_id:
            _settle(invocation.answer, Answer(body, is_error=kind == "error"))
        return True


def _settle(future: Future[Any], result: Any) -> None:
    with contextlib.suppress(InvalidStateError):
        future.set_result(result)


def _handler(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # An answer in one packet: in several, each waits 40 ms for the other side's acknowledgement.
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            if self.path != f"{_ROOT}/invocation/next":
                self._reply(404)
            elif (invocation := api.take()) is None:
                self._reply(410)
            else:
                self._reply(
                    200,
                    invocation.event,
                    {
                        "Content-Type": "application/json",
                        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                        "Lambda-Runtime-Deadline-Ms": str(int(invocation.deadline * 1000)),
                        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
                        "Lambda-Runtime-Trace-Id": invocation.trace_id,
                    },
                )

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._reply(202 if api.accept(self.path, body) else 404)

        def _reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
            # The runtime was killed while it waited.
            with contextlib.suppress(ConnectionError):
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: LocalStack's log is for what goes wrong."""

    return Handler
