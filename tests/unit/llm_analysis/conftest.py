"""The explaining service with its ports in memory, and Anthropic's API played by a server on this machine."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from functions.llm_analysis.service import Explainer
from functions.llm_analysis.template import TemplateProvider
from tests.fakes.api_services import NOW, make_analysis
from tests.fakes.clock import FixedClock
from tests.fakes.publisher import RecordingPublisher
from tests.fakes.stores import MemoryInsightStore

DRAFT = {
    "summary": "FPT closed at 99000 VND.",
    "drivers": ["The short average is above the long one."],
    "risks": ["RSI stands at 74.2."],
    "stance": "bullish",
}


@dataclass
class MemoryAnswerCache:
    """Implements the service's `AnswerCache`."""

    kept: dict = field(default_factory=dict)

    def get(self, symbol, fingerprint):
        return self.kept.get((symbol, fingerprint))

    def put(self, fingerprint, answer):
        self.kept[answer.symbol, fingerprint] = answer


@pytest.fixture
def explaining():
    """Makes an `Explainer` around a provider; its ports are attributes beside it."""

    def make(provider=None, fallback=None):
        insights = MemoryInsightStore()
        insights.apply([make_analysis()])
        ports = {
            "insights": insights,
            "cache": MemoryAnswerCache(),
            "publisher": RecordingPublisher(),
            "clock": FixedClock(NOW),
        }
        explainer = Explainer(
            provider=provider or TemplateProvider(), fallback=fallback or TemplateProvider("claude-test"), **ports
        )
        return SimpleNamespace(explain=explainer.explain, **ports)

    return make


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
