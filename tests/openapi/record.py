"""The examples of the OpenAPI document: what every operation answers over the small market of the tests.

`python -m tests.openapi.record` writes api/openapi_examples.json; a test fails when an example breaks its schema.
"""

from __future__ import annotations

import json
from typing import Any

from fastapi.testclient import TestClient

from api.app import create_app
from api.openapi import EXAMPLES
from tests.fakes.api_world import TEXT_ID, api_world

_SHOWN = 2
"""Items of a list that an example shows."""
QUESTIONS: dict[str, dict[str, Any]] = {
    "getPrices": {"params": {"limit": 2}},
    "getHistory": {"params": {"limit": 2}},
    "getSymbolTrackRecord": {"params": {"limit": 2}},
    "getIndicatorHistory": {"params": {"names": "sma_20,rsi_14", "limit": 2}},
    "getInsights": {"json": {"symbols": ["FPT", "ZZZ"]}},
    "getWatchlist": {"params": {"symbols": "FPT,ZZZ"}},
}
"""What an operation is asked where its path alone does not do."""


def shortened(value: Any) -> Any:
    """`value` with the head of each list only."""
    if isinstance(value, list):
        return [shortened(item) for item in value[:_SHOWN]]
    if isinstance(value, dict):
        return {name: shortened(item) for name, item in value.items()}
    return value


def examples() -> dict[str, Any]:
    """Operation id -> an answer, for every operation that answers in JSON."""
    found = {}
    client = TestClient(create_app(api_world()), raise_server_exceptions=False)
    for path, verbs in client.get("/openapi.json").json()["paths"].items():
        for verb, operation in verbs.items():
            if "application/json" not in operation["responses"]["200"].get("content", {}):
                continue
            name = operation["operationId"]
            answer = client.request(verb, path.format(symbol="FPT", text_id=TEXT_ID), **QUESTIONS.get(name, {}))
            if answer.status_code != 200:
                raise SystemExit(f"{name} answered {answer.status_code}: {answer.text}")
            found[name] = shortened(answer.json())
    return found


if __name__ == "__main__":
    EXAMPLES.write_text(json.dumps(examples(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
