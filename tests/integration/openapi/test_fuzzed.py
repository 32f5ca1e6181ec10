"""Schemathesis against the API: whatever is asked, it answers as its document says.

Its tests are made of the document when this module is imported, so the API over memory is made then.
"""

from __future__ import annotations

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from tests.fakes.api_world import PENDING, SYMBOLS, TEXT_ID, api_world

CONFIG = {
    "seed": 20250823,
    # A stream has no end: its first events are looked at.
    "max-stream-events": 3,
    "request-timeout": 10,
    "generation": {"max-examples": 25, "deterministic": True, "no-shrink": True},
    "checks": {"negative_data_rejection": {"expected-statuses": [400, 404, 405, 406, 413, 414, 415, 422, 431]}},
    # Nearly all random symbols are unknown.
    "dictionaries": {
        "symbols": {"values": ["FPT", "fpt", "VNINDEX", PENDING, "ZZZ", *SYMBOLS[:3]]},
        "texts": {"values": [TEXT_ID]},
        "lists": {"values": ["FPT", "fpt,ACB,ZZZ", f"{PENDING},FPT"]},
        "indicators": {"values": ["sma_20", "rsi:14,macd:12:26:9", "sma:0", "nothing"]},
    },
    "parameters": {
        "path.symbol": {"dictionary": "symbols", "probability": 0.7},
        "path.text_id": {"dictionary": "texts", "probability": 0.7},
        "query.symbols": {"dictionary": "lists", "probability": 0.7},
        "query.names": {"dictionary": "indicators", "probability": 0.7},
    },
}
UNSAID = {"cursor", "names", "symbols", "start", "end"}
"""Parameters that can be wrong in a way that no schema can tell: as a place, as a list, as a date too early."""

schema = schemathesis.openapi.from_asgi(
    "/openapi.json", create_app(api_world()), config=SchemathesisConfig.from_dict(CONFIG)
)


def problem_is_of_a_documented_type(_context, response, case):
    """The document names every type of problem that an operation has."""
    if response.status_code < 400 or response.headers["content-type"] != ["application/problem+json"]:
        return
    responses = case.operation.definition.raw["responses"]
    status = str(response.status_code)
    if status == "405":
        return  # Of a method that is no operation.
    told = responses[status]
    if "$ref" in told:
        told = schema.raw_schema["components"]["responses"][told["$ref"].rpartition("/")[2]]
    kind = response.json()["type"].rpartition(":")[2]
    assert kind in told["content"]["application/problem+json"]["examples"], f"{case.operation.label}: {status} {kind}"


@schema.parametrize()
def test_answers_conform_to_the_document(case):
    unsaid = UNSAID & set(case.query or ())
    case.call_and_validate(
        additional_checks=[problem_is_of_a_documented_type],
        excluded_checks=[positive_data_acceptance] if unsaid else [],
    )
