"""A client of the Stock AI API: pages, ETags, waiting, streaming and problems. Needs httpx (`pip install httpx`)."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx

BASE_URL = os.environ.get("STOCK_AI_URL", "http://127.0.0.1:8000")
PROBLEM = "urn:stock-ai:problem:"


class ProblemError(Exception):
    """A problem document; `kind` is the end of its type, which programs may compare."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(f"{document['title']}: {document['detail']} (request {document['request_id']})")
        self.kind = document["type"].removeprefix(PROBLEM)
        self.fields = [fault["field"] for fault in document.get("errors") or ()]


class StockAi:
    """Asks the API and keeps what has an ETag."""

    def __init__(self, base_url: str = BASE_URL) -> None:
        self._http = httpx.Client(base_url=f"{base_url}/api/v1", timeout=30)
        self._kept: dict[str, tuple[str, Any]] = {}
        self.unchanged = 0

    def ask(self, method: str, path: str, tries: int = 3, **request: Any) -> httpx.Response:
        """An answer; asked again where the API says when (429, 503).

        Raises:
            ProblemError: it is a problem and no more tries are left.
        """
        answer = self._http.request(method, path, **request)
        if answer.status_code in (429, 503) and tries > 1 and "retry-after" in answer.headers:
            time.sleep(int(answer.headers["retry-after"]))
            return self.ask(method, path, tries - 1, **request)
        if answer.status_code >= 400:
            raise ProblemError(answer.json())
        return answer

    def get(self, path: str, **query: Any) -> Any:
        """JSON of `path`; where nothing has changed since the last time, what was answered then."""
        key = str(httpx.URL(path, params=query))
        tag, kept = self._kept.get(key, (None, None))
        answer = self.ask("GET", path, params=query, headers={"If-None-Match": tag} if tag else {})
        if answer.status_code == 304:
            self.unchanged += 1
            return kept
        if "etag" in answer.headers:
            self._kept[key] = answer.headers["etag"], answer.json()
        return answer.json()

    def pages(self, path: str, name: str, **query: Any) -> Iterator[Any]:
        """Every item of a list, page by page."""
        while True:
            page = self.get(path, **query)
            yield from page[name]
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    def explain(self, symbol: str, language: str = "en") -> Any:
        """A text about `symbol`; while it is being written (202), asked for where the API says."""
        answer = self.ask("POST", f"/analysis/{symbol}/llm", json={"language": language})
        while answer.status_code == 202:
            time.sleep(int(answer.headers["retry-after"]))
            answer = self.ask("GET", str(self._http.base_url.join(answer.headers["location"])))
        return answer.json()

    def watch(self, symbols: str) -> Iterator[Any]:
        """Insights as they change, for as long as one listens; cut off, it goes on after the last one that came."""
        last_id = None
        while True:
            try:
                for _, event_id, insight in self.events("/stream", last_id, symbols=symbols):
                    last_id = event_id
                    yield insight
            except httpx.TransportError as error:
                print(f"cut off: {error}", file=sys.stderr)
            time.sleep(2)

    def events(self, path: str, last_id: str | None = None, **query: Any) -> Iterator[tuple[str, str | None, Any]]:
        """Name, id and data of each server-sent event; `last_id` goes on after an event that was seen."""
        headers = {"Last-Event-ID": last_id} if last_id else {}
        with self._http.stream("GET", path, params=query, headers=headers) as answer:
            if answer.status_code >= 400:
                answer.read()
                raise ProblemError(answer.json())
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if line:
                    fields[name] = value
                    continue
                if "event" in fields:
                    yield fields["event"], fields.get("id"), json.loads(fields["data"])
                fields = {}


def watch(symbols: str) -> None:
    """Print the insights of `symbols` as they change."""
    for insight in StockAi().watch(symbols):
        print(insight["event_time"], insight["symbol"], insight["signal"], insight["confidence"])


def tour() -> None:
    """What the API can be asked."""
    api = StockAi()
    stocks = list(api.pages("/stocks", "stocks", limit=5))
    print(f"{len(stocks)} symbols, first {stocks[0]['symbol']}, as of {stocks[0]['freshness']['as_of']}")
    insight = api.get("/analysis/FPT/insight")
    print(f"FPT: {insight['signal']} with confidence {insight['confidence']}")
    api.get("/analysis/FPT/insight")
    print(f"asked again: {'nothing has changed' if api.unchanged else 'it has changed'}")
    bars = api.get("/stocks/FPT/prices", interval="1W", limit=2)["bars"]
    print(f"weekly closes: {', '.join(str(bar['close']) for bar in bars)}")
    print(f"explained: {api.explain('FPT')['summary']}")
    try:
        for event, _, _ in api.events("/analysis/FPT/llm/stream"):
            print(f"event: {event}")
    except ProblemError as problem:  # Behind API Gateway nothing can be streamed.
        print(f"{problem.kind}: {problem}")
    try:
        api.get("/stocks/ZZZ")
    except ProblemError as problem:
        print(f"{problem.kind}: {problem}")
    try:
        api.get("/stocks/FPT/prices", limit=0)
    except ProblemError as problem:
        print(f"{problem.kind}: {', '.join(problem.fields)}")


if __name__ == "__main__":
    watch(sys.argv[2]) if sys.argv[1:2] == ["watch"] else tour()
