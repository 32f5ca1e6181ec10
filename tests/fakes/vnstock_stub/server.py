"""An HTTP server on 127.0.0.1 that answers as KBS and VCI do, healthy or broken, and remembers what it was asked."""

from __future__ import annotations

import datetime as dt
import json
import os
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.fakes.vnstock_stub import answers
from tests.fakes.vnstock_stub.faults import Fault
from tests.fakes.vnstock_stub.market import StubMarket
from tests.fakes.vnstock_stub.site.sitecustomize import HOST_HEADER, URL_VARIABLE

HOSTS = {"kbbuddywts.kbsec.com.vn": "KBS", "trading.vietcap.com.vn": "VCI", "iq.vietcap.com.vn": "VCI"}
_KBS = "/iis-server/investment"
_KBS_GROUPS = {"30": "VN30"}
_VCI_GROUPS = {"HNXIndex": "HNX", "HNXUpcomIndex": "UPCOM"}


@dataclass(frozen=True)
class Asked:
    """One request for a history. VCI is told no start but a number of bars, so its `start` is None."""

    provider: str
    symbol: str
    interval: str
    start: dt.date | None
    end: dt.date


class VnstockStub:
    """`with VnstockStub(market) as stub`: `stub.break_down("KBS", Fault.DOWN)`, `stub.heal()`, `stub.histories`."""

    def __init__(self, market: StubMarket) -> None:
        self.market = market
        self.faults: dict[str, set[Fault]] = {"KBS": set(), "VCI": set()}
        self.histories: list[Asked] = []
        """Every request for a history, in the order of their arrival, answered or not."""
        self.paths: list[tuple[str, str]] = []
        """Every request: provider and path. Other hosts that the library asks get 404 and are under their own name."""
        self._healed = threading.Event()
        self._site = tempfile.TemporaryDirectory()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    def __enter__(self) -> Self:
        door = Path(__file__).parent / "site" / "sitecustomize.py"
        lines = ["import os, runpy", f"os.environ[{URL_VARIABLE!r}] = {self.url!r}", f"runpy.run_path({str(door)!r})"]
        Path(self._site.name, "sitecustomize.py").write_text("\n".join(lines))
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.heal()
        self._server.shutdown()
        self._server.server_close()
        self._site.cleanup()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def environment(self) -> dict[str, str]:
        """What a Python process needs in its environment for the library in it to ask this stub.

        Nothing but PYTHONPATH, which processes that see only their own settings pass on to their children as well.
        """
        path = os.environ.get("PYTHONPATH")
        return {"PYTHONPATH": f"{self._site.name}{os.pathsep}{path}" if path else self._site.name}

    def break_down(self, provider: str, *faults: Fault) -> None:
        """`provider` has these faults from now on, until `heal`."""
        self._healed.clear()
        self.faults[provider] = set(faults)

    def heal(self) -> None:
        """All is well again; whoever waits for a slow answer gets it."""
        self.faults = {"KBS": set(), "VCI": set()}
        self._healed.set()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                stub._answer(self, {})

            def do_POST(self) -> None:
                stub._answer(self, json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}"))

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler

    def _answer(self, handler: BaseHTTPRequestHandler, payload: Any) -> None:
        host = handler.headers.get(HOST_HEADER, "")
        provider = HOSTS.get(host)
        url = urlsplit(handler.path)
        self.paths.append((provider or host, url.path))
        if provider is None:
            return _send(handler, 404, b"{}", "application/json")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        build = self._body(provider, url.path, query, payload)
        faults = self.faults[provider]
        if Fault.DOWN in faults:
            handler.close_connection = True
            return None
        if Fault.SLOW in faults:
            self._healed.wait(120)
        for fault, (status, kind, body, headers) in _BROKEN.items():
            if fault in faults:
                return _send(handler, status, body, kind, headers)
        if build is None:
            return _send(handler, 404, b"{}", "application/json")
        body = json.dumps(build()).encode()
        return _send(handler, 200, body[: len(body) // 2] if Fault.TRUNCATED in faults else body, "application/json")

    def _body(self, provider: str, path: str, query: dict[str, str], payload: Any) -> Callable[[], Any] | None:
        return self._kbs(path, query, payload) if provider == "KBS" else self._vci(path, query, payload)

    def _kbs(self, path: str, query: dict[str, str], payload: Any) -> Callable[[], Any] | None:
        faults = self.faults["KBS"]
        match path.removeprefix(_KBS).strip("/").split("/"):
            case ["stocks" | "index", symbol, series] if series.startswith("data_"):
                start, end = (dt.datetime.strptime(query[name], "%d-%m-%Y").date() for name in ("sdate", "edate"))
                suffix = series.removeprefix("data_")
                self.histories.append(Asked("KBS", symbol, suffix, start, end))
                return lambda: answers.kbs_history(self.market, symbol, suffix, start, end, faults)
            case ["stock", "iss"]:
                return lambda: answers.kbs_board(self.market, payload["code"].split(","))
            case ["stock", "search", "data"]:
                return lambda: answers.kbs_companies(self.market)
            case ["index", group, "stocks"]:
                return lambda: {"status": 200, "data": self.market.groups.get(_KBS_GROUPS.get(group, group), [])}
        return None

    def _vci(self, path: str, query: dict[str, str], payload: Any) -> Callable[[], Any] | None:
        faults = self.faults["VCI"]
        match path.removeprefix("/api/"):
            case "chart/OHLCChart/gap-chart":
                [symbol], frame, to = payload["symbols"], payload["timeFrame"], payload["to"]
                end = dt.datetime.fromtimestamp(to, answers.ZONE).date()
                self.histories.append(Asked("VCI", symbol, frame, None, end))
                return lambda: answers.vci_history(self.market, symbol, frame, to, payload["countBack"], faults)
            case "price/symbols/getList":
                return lambda: answers.vci_board(self.market, payload["symbols"], faults)
            case "price/symbols/getAll":
                return lambda: answers.vci_companies(self.market)
            case "iq-insight-service/v2/company/search-bar":
                return lambda: answers.vci_industries(self.market)
            case "price/symbols/getByGroup":
                group = _VCI_GROUPS.get(query["group"], query["group"])
                return lambda: [{"symbol": symbol} for symbol in self.market.groups.get(group, [])]
        return None


_PAGE = b"<!DOCTYPE html><html><body>Maintenance</body></html>"
_BROKEN: dict[Fault, tuple[int, str, bytes, dict[str, str]]] = {
    Fault.FORBIDDEN: (403, "application/json", b'{"message": "forbidden"}', {}),
    Fault.BLOCKED: (403, "text/html", b"<html>Attention Required! Error code: 1020</html>", {"Server": "cloudflare"}),
    Fault.TOO_MANY: (429, "application/json", b"{}", {}),
    Fault.TOO_MANY_WAIT: (429, "application/json", b"{}", {"Retry-After": "45"}),
    Fault.HTML: (200, "text/html", _PAGE, {}),
}


def _send(
    handler: BaseHTTPRequestHandler, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None
) -> None:
    try:
        handler.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
    except (BrokenPipeError, ConnectionResetError):
        pass  # who asked is gone
