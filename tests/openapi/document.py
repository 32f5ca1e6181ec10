"""The OpenAPI document as a file, with the examples that it shows.

`python -m tests.openapi.document` writes api/openapi_examples.json, what every operation answers over the small market
of the tests, and docs/openapi.json; with `--released` also docs/openapi.released.json, the document that clients of the
last release were made from. Tests fail when a file differs from the routes, when an example breaks its schema, and when
a client of the last release would break.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from fastapi.testclient import TestClient

from api.app import create_app
from api.openapi import EXAMPLES
from api.services import Services
from tests.fakes.api_world import TEXT_ID, api_world

DOCS = Path(__file__).parents[2] / "docs"
CURRENT = DOCS / "openapi.json"
RELEASED = DOCS / "openapi.released.json"
_SHOWN = 2
"""Items of a list that an example shows."""
_QUESTIONS: dict[str, dict[str, Any]] = {
    "getPrices": {"params": {"limit": 2}},
    "getHistory": {"params": {"limit": 2}},
    "getSymbolTrackRecord": {"params": {"limit": 2}},
    "getIndicatorHistory": {"params": {"names": "sma_20,rsi_14", "limit": 2}},
    "getInsights": {"json": {"symbols": ["FPT", "ZZZ"]}},
    "getWatchlist": {"params": {"symbols": "FPT,ZZZ"}},
}
"""What an operation is asked where its path alone does not do."""


def document() -> dict[str, Any]:
    """The document of the API as it is now. It is made of the routes alone, so there are no services behind them."""
    return create_app(cast("Services", None)).openapi()


def text() -> str:
    """The document as it is committed."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def examples() -> str:
    """Operation id -> an answer, for every operation that answers in JSON; as it is committed."""
    found = {}
    client = TestClient(create_app(api_world()), raise_server_exceptions=False)
    for path, verbs in document()["paths"].items():
        for verb, operation in verbs.items():
            if "application/json" not in operation["responses"]["200"].get("content", {}):
                continue
            name = operation["operationId"]
            answer = client.request(verb, path.format(symbol="FPT", text_id=TEXT_ID), **_QUESTIONS.get(name, {}))
            if answer.status_code != 200:
                raise SystemExit(f"{name} answered {answer.status_code}: {answer.text}")
            found[name] = _shortened(answer.json())
    # Measured anew each time, unlike all else.
    for dependency in found["getHealth"]["dependencies"].values():
        dependency["latency_ms"] = 1.2
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _shortened(value: Any) -> Any:
    """`value` with the head of each list only."""
    if isinstance(value, list):
        return [_shortened(item) for item in value[:_SHOWN]]
    if isinstance(value, dict):
        return {name: _shortened(item) for name, item in value.items()}
    return value


if __name__ == "__main__":
    EXAMPLES.write_text(examples(), encoding="utf-8")
    for written in (CURRENT, RELEASED) if "--released" in sys.argv else (CURRENT,):
        written.write_text(text(), encoding="utf-8")
