"""The dashboard with an API of its own, for the browser tests: the agreed contract over a small market.

`python -m tests.browser.fixture_api [port]` serves it to look at.
"""

from __future__ import annotations

import gzip
import json
import mimetypes
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from tests.browser.fixture_answers import Answers
from tests.browser.fixture_lists import screen, stock_list
from tests.browser.fixture_texts import explanation, story

DASHBOARD = Path(__file__).parents[2] / "api" / "dashboard"
CSP = "default-src 'self'; style-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
_PROBLEM = "application/problem+json"
_ZIPPED = ("text/", "application/json", "image/svg")


class RefusedError(Exception):
    """Answered with a problem document."""

    def __init__(self, status: int, kind: str, title: str, detail: str, **more: object) -> None:
        super().__init__(detail)
        self.document = {"type": f"urn:stock-ai:problem:{kind}", "title": title, "status": status, "detail": detail}
        self.document |= more
        self.status = status


class Server(ThreadingHTTPServer):
    """Serves the dashboard at `prefix`/ and the API beside it."""

    daemon_threads = True

    def __init__(self, port: int = 0, prefix: str = "", vendor: Path | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.answers = Answers()
        self.prefix = prefix
        self.vendor = vendor
        self.writing: dict[str, int] = {}
        self.followed = threading.Event()
        self._told: list[str] = []
        self._news = threading.Condition()
        self.url = f"http://127.0.0.1:{self.server_address[1]}{prefix}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no error."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def tell(self, symbol: str) -> None:
        """Send everybody who listens that a symbol has a new insight."""
        with self._news:
            self._told.append(symbol)
            self._news.notify_all()

    def news(self) -> Iterator[str | None]:
        """The symbols that are told from now on; None now and then."""
        with self._news:
            seen = len(self._told)
        self.followed.set()
        while True:
            with self._news:
                if len(self._told) == seen:
                    self._news.wait(timeout=1.0)
                new, seen = self._told[seen:], len(self._told)
            yield from new or [None]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the browser tells what fails."""

    def _serve(self, method: str) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path).removeprefix(self.server.prefix).lstrip("/")
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        try:
            if path.startswith("api/v1/"):
                self._api(method, path.removeprefix("api/v1/"), query, body)
            else:
                self._file(path or "index.html")
        except RefusedError as refused:
            document = {**refused.document, "instance": url.path, "request_id": uuid.uuid4().hex[:12]}
            self._send(refused.status, json.dumps(document).encode(), _PROBLEM)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _send(self, status: int, content: bytes, kind: str, **headers: str) -> None:
        if kind.startswith(_ZIPPED) and len(content) > 500:
            content = gzip.compress(content, 6)
            headers["Content-Encoding"] = "gzip"
        self.send_response(status)
        sent = {"Content-Type": kind, "Content-Length": str(len(content)), "Content-Security-Policy": CSP}
        for name, value in {
            **sent,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-cache",
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _json(self, answer: object, status: int = 200, **headers: str) -> None:
        self._send(status, json.dumps(answer, ensure_ascii=False).encode(), "application/json", **headers)

    def _file(self, path: str) -> None:
        root = self.server.vendor if path.startswith("vendor/") else DASHBOARD
        file = None if root is None else (root / path.removeprefix("vendor/") if root is not DASHBOARD else root / path)
        if file is None or not file.is_file() or ".." in path:
            raise RefusedError(404, "unknown-route", "Not found", f"There is nothing at /{path}.")
        kind = "text/javascript" if file.suffix == ".js" else mimetypes.guess_type(file.name)[0] or "text/plain"
        self._send(200, file.read_bytes(), f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)

    def _api(self, method: str, path: str, query: dict[str, str], body: dict) -> None:
        answers = self.server.answers
        if path in answers.world.broken:
            raise RefusedError(503, "temporarily-unavailable", "Temporarily unavailable", "A service is away or busy.")
        limit = int(query.get("limit", 100))
        match path.split("/"):
            case ["stocks"]:
                self._json(stock_list(self.server.answers, query, limit))
            case ["indicators"]:
                self._json(answers.catalogue())
            case ["stocks", symbol]:
                self._json(answers.stock(self._known(symbol)))
            case ["stocks", symbol, "prices"]:
                adjusted = query.get("adjusted") == "true"
                self._json(answers.prices(self._known(symbol), adjusted, query.get("interval", "1D"), limit))
            case ["stocks", symbol, "indicators", "history"]:
                self._json(answers.history(self._known(symbol), query["names"].split(","), limit))
            case ["analysis", symbol, "insight"]:
                self._json(answers.insight(self._analysed(symbol)))
            case ["analysis", symbol, "llm", "stream"]:
                self._stream(symbol, query["language"])
            case ["analysis", symbol, "llm"] if method == "POST":
                self._begin(symbol, body["language"])
            case ["analysis", symbol, "llm", text_id]:
                self._poll(symbol, text_id)
            case ["track-record"]:
                self._json(answers.record())
            case ["track-record", symbol]:
                self._json(answers.symbol_record(self._known(symbol), limit))
            case ["signals"]:
                self._json(screen(self.server.answers, query, limit))
            case ["watchlist"]:
                self._json(self._watchlist(query["symbols"].split(",")))
            case ["stream"]:
                self._live()
            case ["market", kind]:
                self._json(self._market(kind, query, limit))
            case _:
                raise RefusedError(404, "unknown-route", "Not found", f"There is nothing at {path}.")

    def _known(self, symbol: str):
        found = self.server.answers.stocks.get(symbol.upper())
        if found is None:
            near = [one for one in self.server.answers.stocks if one[:2] == symbol[:2].upper()][:3]
            detail = f"symbol {symbol} is unknown"
            raise RefusedError(404, "unknown-symbol", "Unknown symbol", detail, suggestions=near)
        return found

    def _analysed(self, symbol: str):
        if symbol.upper() in self.server.answers.world.pending:
            raise RefusedError(404, "analysis-pending", "Analysis pending", f"symbol {symbol} is not analysed yet")
        return self._known(symbol)

    def _watchlist(self, symbols: list[str]) -> dict:
        answers = self.server.answers
        known = [one for one in symbols if one in answers.stocks]
        pending = [one for one in known if one in answers.world.pending]
        insights = [answers.insight(answers.stocks[one]) for one in known if one not in pending]
        unknown = [one for one in symbols if one not in answers.stocks]
        return {"insights": insights, "unknown": unknown, "pending": pending, "freshness": answers.freshness()}

    def _market(self, kind: str, query: dict[str, str], limit: int) -> dict:
        answers = self.server.answers
        if kind == "movers":
            rows = [row for row in answers.rows() if query.get("exchange", row["exchange"]) == row["exchange"]]
            keys = {"gainers": ("change_percent", -1), "losers": ("change_percent", 1),
                    "active": ("traded_value", -1), "unusual_volume": ("volume_ratio", -1)}  # fmt: skip
            name, way = keys[query["by"]]
            rows.sort(key=lambda row: way * (row[name] or 0))
            return {"by": query["by"], "movers": rows[:limit], "freshness": answers.freshness()}
        if kind == "quality":
            return answers.quality(query.get("symbol"))
        return {"overview": answers.overview, "sectors": answers.sectors, "breadth": answers.breadth}[kind]()

    def _refuse_text(self) -> None:
        if problem := self.server.answers.world.llm_problem:
            status, kind, detail = problem
            raise RefusedError(status, kind, kind, detail)

    def _stream(self, symbol: str, language: str) -> None:
        if not self.server.answers.world.streaming:
            raise RefusedError(501, "streaming-unavailable", "No streaming here", "POST and poll instead.")
        self._refuse_text()
        text = explanation(self._analysed(symbol), language)
        self._open_stream()
        for event, data in story(text):
            self._event(event, data)
        self.close_connection = True

    def _begin(self, symbol: str, language: str) -> None:
        self._refuse_text()
        self._analysed(symbol)
        text_id = f"{language}-{uuid.uuid4().hex}"
        self.server.writing[text_id] = 1
        self._written_later(symbol, text_id)

    def _poll(self, symbol: str, text_id: str) -> None:
        if self.server.writing[text_id]:
            self.server.writing[text_id] -= 1
            self._written_later(symbol, text_id)
            return
        text = explanation(self._known(symbol), text_id[:2])
        self._json({**text, "served": "written", "age_seconds": 1, "freshness": self.server.answers.freshness()})

    def _written_later(self, symbol: str, text_id: str) -> None:
        location = f"{self.server.prefix}/api/v1/analysis/{symbol}/llm/{text_id}"
        self._json({"symbol": symbol, "status": "writing", "location": location}, 202, **{"Retry-After": "1"})

    def _live(self) -> None:
        self._open_stream()
        for symbol in self.server.news():
            if symbol is None:
                self.wfile.write(b":\n\n")
            else:
                self._event("insight", {"symbol": symbol, "event_time": "2030-01-01T00:00:00Z"})

    def _open_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def _event(self, event: str, data: object) -> None:
        self.wfile.write(f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode())
        self.wfile.flush()


@contextmanager
def serving(port: int = 0, prefix: str = "", vendor: Path | None = None) -> Iterator[Server]:
    """A running server; its `answers.world` may be changed at any time."""
    server = Server(port, prefix, vendor)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    vendored = DASHBOARD / "vendor"
    with serving(int(sys.argv[1]) if len(sys.argv) > 1 else 8400, vendor=vendored) as running:
        sys.stdout.write(f"{running.url}\n")
        threading.Event().wait()
