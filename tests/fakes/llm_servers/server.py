"""One HTTP server on 127.0.0.1 that speaks as both providers do, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType, TracebackType
from typing import Any, Self

from tests.fakes.llm_servers import anthropic_api, openai_api
from tests.fakes.llm_servers.turns import Asked, Ending, RefusedRequestError, Turn

APIS: dict[str, ModuleType] = {"anthropic": anthropic_api, "openai": openai_api}
_PINGS = {"anthropic": b'event: ping\ndata: {"type": "ping"}\n\n', "openai": b": keep alive\n\n"}
Scripted = Turn | Callable[[Asked], Turn]
"""An answer, or how to find one for a request."""


class LlmServers:
    """`with LlmServers() as servers`: `servers.script(Turn(...), ...)`, `servers.requests`.

    A request that the real API would refuse is refused here too, and takes no turn of the script.
    """

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        """Every request, in the order of their arrival, refused ones too."""
        self._scripts: dict[str, list[Scripted]] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self.reset()
        self._server = _Server(("127.0.0.1", 0), _handler(self))

    @property
    def anthropic_url(self) -> str:
        """For ANTHROPIC_BASE_URL."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def openai_url(self) -> str:
        """For OPENAI_BASE_URL."""
        return f"{self.anthropic_url}/v1"

    def script(self, *turns: Scripted, provider: str | None = None) -> None:
        """The answers to come, one for each request, of one provider or of both; the last one again and again."""
        with self._lock:
            for name in APIS if provider is None else (provider,):
                self._scripts[name] = list(turns)

    def reset(self) -> None:
        """Forget the requests and the scripts."""
        with self._lock:
            self.requests.clear()
            self._scripts = {name: [Turn()] for name in APIS}

    def asked(self, provider: str) -> list[Asked]:
        """The requests to one provider."""
        return [request for request in self.requests if request.provider == provider]

    def take(self, asked: Asked) -> Turn:
        """Note a request and take its turn of the script."""
        with self._lock:
            self.requests.append(asked)
            if asked.refused is not None:
                return Turn()
            script = self._scripts[asked.provider]
            turn = script.pop(0) if len(script) > 1 else script[0]
        return turn if isinstance(turn, Turn) else turn(asked)

    def wait(self, gate: threading.Event) -> Iterator[None]:
        """Yields again and again until `gate` is set or the server stops."""
        while not gate.wait(0.02) and not self._closing.is_set():
            yield

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client's kept connection would hold it
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave in the middle are part of the game."""


def _handler(servers: LlmServers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            name = next((name for name, api in APIS.items() if self.path == api.PATH), None)
            if name is None:
                self._send_json(404, {"error": {"message": f"no {self.path} here"}}, {})
                return
            refusal = None
            try:
                APIS[name].check(headers, body)
            except RefusedRequestError as error:
                refusal = error
            turn = servers.take(Asked(name, self.path, headers, body, refusal and str(refusal)))
            if refusal is not None:
                self._send_json(refusal.status, APIS[name].error(refusal.status, refusal.name, str(refusal)), {})
                return
            if turn.gate is not None and turn.ending is not Ending.PINGS:
                for _ in servers.wait(turn.gate):
                    pass
            if turn.status >= 400:
                self._send_json(turn.status, APIS[name].error(turn.status, turn.name, turn.message), turn.headers)
            elif body.get("stream"):
                self._stream(name, turn, body)
            else:
                self._send_json(501, {"error": {"message": "this stub streams only"}}, {})

        def _send_json(self, status: int, body: Any, headers: Any) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            for key, value in {"content-type": "application/json", "content-length": len(data), **headers}.items():
                self.send_header(key, str(value))
            self.end_headers()
            self.wfile.write(data)

        def _stream(self, name: str, turn: Turn, body: dict[str, Any]) -> None:
            self.send_response(200)
            for key, value in {"content-type": "text/event-stream", "transfer-encoding": "chunked"}.items():
                self.send_header(key, value)
            self.end_headers()
            for event in APIS[name].events(turn, body):
                if event is None:
                    assert turn.gate is not None
                    for _ in servers.wait(turn.gate):
                        self._chunk(_PINGS[name])
                    continue
                self._chunk(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
            if turn.ending is Ending.CUT:
                self._chunk(b'event: content_block_delta\ndata: {"type": "cont')
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self._chunk(b"")

        def _chunk(self, data: bytes) -> None:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
