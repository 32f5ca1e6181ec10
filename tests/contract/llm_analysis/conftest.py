"""Anthropic's API played by a server on this machine."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

DRAFT = {
    "summary": "FPT closed at 99000 VND.",
    "drivers": ["The short average is above the long one."],
    "risks": ["RSI stands at 74.2."],
    "stance": "bullish",
}


def message(content):
    """A whole answer of the Messages API."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-test",
        "content": content,
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 10},
    }


def tool_use(draft):
    return message([{"type": "tool_use", "id": "toolu_1", "name": "explain", "input": draft}])


@pytest.fixture
def anthropic_server():
    """Answers each request with the next of `answers` (status, body); the last one again and again."""
    server_state = SimpleNamespace(answers=[(200, tool_use(DRAFT))], requests=[])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            server_state.requests.append(
                SimpleNamespace(
                    path=self.path, headers={name.lower(): value for name, value in self.headers.items()}, body=body
                )
            )
            answers = server_state.answers
            status, payload = answers.pop(0) if len(answers) > 1 else answers[0]
            data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    server_state.url = f"http://127.0.0.1:{server.server_port}"
    yield server_state
    server.shutdown()
    thread.join()
    server.server_close()
