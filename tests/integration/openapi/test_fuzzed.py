"""Schemathesis against the API in memory: statuses, media types, schemas and headers are those of the document."""

from __future__ import annotations

import schemathesis
from schemathesis.config import SchemathesisConfig

from api.app import create_app
from tests.fakes.api_world import PENDING, api_world

CONFIG = {
    "seed": 20250823,
    "max-stream-events": 3,
    "generation": {"max-examples": 12, "deterministic": True},
    # Random symbols are nearly all unknown: every other one is of the small market.
    "dictionaries": {"symbols": {"values": ["FPT", "fpt", "VNINDEX", PENDING, "ZZZ"]}},
    "parameters": {"path.symbol": {"dictionary": "symbols", "probability": 0.5}},
}


schema = schemathesis.openapi.from_asgi(
    "/openapi.json", create_app(api_world()), config=SchemathesisConfig.from_dict(CONFIG)
)


@schema.parametrize()
def test_answers_conform_to_the_document(case):
    case.call_and_validate()
