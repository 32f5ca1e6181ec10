"""The OpenAPI document: what FastAPI derives from the routes, and what holds for all of them.

Problems, headers and examples are added here and not in the routes: FastAPI would make a field of each at every cold
start, and nothing but this document needs them. It is built when it is first asked for.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from api import problems
from api.deprecations import Deprecated
from stock_ai.market.symbols import INDICES

EXAMPLES = Path(__file__).with_name("openapi_examples.json")
"""Operation id -> an answer it gives, recorded from the routes by `python -m tests.openapi.document`."""

WORDS = Path(__file__).with_name("openapi_words.json")
"""Field, or schema and field -> what it says, where its model does not: most mean the same wherever they are."""

PROBLEMS: dict[str, tuple[int, str, str]] = {
    "malformed-path": (400, "Malformed path", "A slash, a backslash or a null byte is hidden in this path."),
    "malformed-request": (400, "Bad request", "There was an error parsing the body"),
    "cross-origin-refused": (
        400,
        "Cross-origin refused",
        "Disallowed CORS method: a page asked for PUT from https://app.example.",
    ),
    "unknown-symbol": (404, "Unknown symbol", "symbol FPTT is not known here: no price of it is stored"),
    "analysis-pending": (404, "Analysis pending", "symbol VCB has prices until 2025-08-22 and no analysis yet"),
    "no-text": (404, "No text", "there is no such text about FPT"),
    "unknown-route": (404, "Not found", "There is nothing at /api/v1/stonks."),
    "method-not-allowed": (405, "Method not allowed", "PUT is not possible on /api/v1/stocks."),
    "not-acceptable": (406, "Not acceptable", "This API answers in application/json."),
    "request-too-large": (413, "Request too large", "The body of the request is larger than this API reads."),
    "query-too-long": (414, "Query too long", "The parameters of this request are longer than 8192 bytes."),
    "unsupported-media-type": (415, "Unsupported media type", "A body has to be application/json."),
    "invalid-request": (422, "Invalid request", "query.limit: Input should be greater than or equal to 1 (got '0')"),
    "rate-limited": (429, "Too many requests", "At most 600 requests a minute are answered to one client."),
    "llm-budget-spent": (429, "Budget spent", "the language model's budget of 1.00 USD for 2025-08-23 is spent"),
    "headers-too-large": (431, "Headers too large", "The headers of this request are longer than 16384 bytes."),
    "internal-error": (500, "Internal error", "The request failed unexpectedly. Please give its request_id."),
    "streaming-unavailable": (501, "No streaming here", "this API cannot stream: ask again with If-None-Match instead"),
    "temporarily-unavailable": (
        503,
        "Temporarily unavailable",
        "A service this answer needs is away or busy. The same request may succeed later.",
    ),
    "llm-misconfigured": (503, "Language model misconfigured", "ANTHROPIC_API_KEY is refused"),
    "http-error": (400, "Bad request", "What HTTP itself refuses, where no other type says more."),
}
"""Name of each type of problem -> its status, title and an example of a detail."""

_URN = "urn:stock-ai:problem:"
_USUAL = {
    "404": ("unknown-symbol",),
    "422": ("invalid-request",),
    "429": ("rate-limited",),
    "500": ("internal-error",),
    "501": ("streaming-unavailable",),
    "503": ("temporarily-unavailable",),
}
_SHARED: dict[str, tuple[str, tuple[str, ...]]] = {
    "400": ("What was sent is malformed.", ("malformed-path", "malformed-request")),
    "406": ("The client accepts nothing that this API answers in.", ("not-acceptable",)),
    "413": ("The body is too large.", ("request-too-large",)),
    "414": ("The parameters are too long.", ("query-too-long",)),
    "415": ("The body is not JSON.", ("unsupported-media-type",)),
    "429": ("This client asks too often; the header Retry-After says when to ask again.", ("rate-limited",)),
    "431": ("The headers are too large.", ("headers-too-large",)),
}
"""Refusals that no route decides: described once, and named by every operation that can meet them."""
_OF_A_BODY = frozenset({"413", "415"})
_PENDING = ("unknown-symbol", "analysis-pending")
_WRITING = {
    "404": (*_PENDING, "no-text"),
    "429": ("rate-limited", "llm-budget-spent"),
    "503": ("temporarily-unavailable", "llm-misconfigured"),
}
_OWN: dict[str, dict[str, tuple[str, ...]]] = {
    "getIndicators": {"404": _PENDING},
    "getInsight": {"404": _PENDING},
    "getHistory": {"404": _PENDING},
    "getTrackRecord": {"404": _PENDING},
    "getMarketQuality": {"404": _PENDING},
    "explain": _WRITING,
    "streamExplanation": _WRITING,
    "pollExplanation": _WRITING,
    "getExplanation": {"404": (*_PENDING, "no-text")},
}
"""Where an operation has other types of problems than usual, by status."""

_HEADERS: dict[str, tuple[str, dict[str, Any], bool]] = {
    "X-Request-Id": ("Name of this request in the logs.", {"type": "string"}, True),
    "ETag": ("Tag of this content, for If-None-Match.", {"type": "string"}, True),
    "Cache-Control": ("How long the answer may be used again.", {"type": "string"}, True),
    "Retry-After": ("Seconds after which to ask again.", {"type": "integer", "minimum": 1}, False),
    "Location": ("Where to ask for it.", {"type": "string"}, True),
    "RateLimit": ("What this client has left: `r` requests in the next `t` seconds.", {"type": "string"}, False),
    "RateLimit-Policy": ("How many requests `q` it may make in `w` seconds.", {"type": "string"}, False),
    "X-Degraded": ("Stores that the answer had to be made without.", {"type": "string"}, False),
}
_OF_DEPRECATED: dict[str, tuple[str, dict[str, Any], bool]] = {
    "Deprecation": ("Since when this operation is deprecated: `@` and seconds since 1970.", {"type": "string"}, False),
    "Sunset": ("From when on it may be refused.", {"type": "string"}, False),
    "Link": ("Where it says what to use instead, `rel` being `deprecation`.", {"type": "string"}, False),
}
_WITH_GAPS = frozenset({"FieldFault", "Freshness", "LlmAnswer", "Problem"})
"""Schemas of answers that may lack a field: a problem says what it knows, `degraded` is rare, a kept text is old."""
_LIMITED = ("RateLimit", "RateLimit-Policy")
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of an answer that the client has kept.",
    "schema": {"type": "string"},
    "example": '"0b8c42e6ff2f1b8e3f6f7a1d5c9b2e40"',
}
_STREAM = "text/event-stream"
_EVENT = {
    "title": "ServerSentEvent",
    "description": "One event of a stream.",
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "id": {"type": "string", "description": "To be sent as Last-Event-ID, to go on after this event."},
        "event": {"type": "string", "description": "What kind of event it is."},
        "data": {"type": "string", "contentMediaType": "application/json", "description": "What it tells, as JSON."},
        "retry": {"type": "integer", "description": "Milliseconds to wait before connecting again."},
    },
}
_NOT_CACHED = frozenset({"getHealth", "getIndex", "pollExplanation", "streamExplanation", "streamInsights"})
"""Operations that read and have no ETag."""


_SYMBOL_PATTERN = "|".join(
    ["^[A-Za-z0-9]{3}$", "^[A-Za-z0-9]{8}$"]
    + [f"^{''.join(c if c.isdigit() else f'[{c}{c.lower()}]' for c in index)}$" for index in sorted(INDICES)]
)
"""What `is_symbol` accepts once it is upper-cased, as JSON Schema says it: without flags."""


def document(app: FastAPI, deprecated: Mapping[str, Deprecated]) -> dict[str, Any]:
    """The OpenAPI document of `app`: the one that it serves and that docs/openapi.json is a copy of.

    `deprecated` is by operation id.
    """
    built = FastAPI.openapi(app)
    components = built["components"]
    if "headers" in components:  # FastAPI keeps what it has built.
        return built
    schema = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schema["properties"]["type"]["enum"] = [_URN + kind for kind in sorted(PROBLEMS)]
    components["schemas"].update(schema.pop("$defs"), Problem=schema)
    _require_what_is_answered(built)
    for schema in components["schemas"].values():
        if "symbols" in (properties := schema.get("properties", {})) and "items" in properties["symbols"]:
            properties["symbols"]["items"]["pattern"] = _SYMBOL_PATTERN
    components["schemas"]["ServerSentEvent"] = _EVENT
    _describe(components["schemas"])
    components["headers"] = {
        name: {"description": description, "schema": schema, "required": required}
        for name, (description, schema, required) in (_HEADERS | (_OF_DEPRECATED if deprecated else {})).items()
    }
    components["responses"] = {
        f"Refused{status}": {
            "description": description,
            "headers": _headers("X-Request-Id", *(["Retry-After", *_LIMITED] if status == "429" else [])),
            "content": _problems(kinds, "/api/v1/stocks"),
        }
        for status, (description, kinds) in _SHARED.items()
    }
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    for path, operations in built["paths"].items():
        for verb, operation in operations.items():
            _complete(operation, verb, path, examples.get(operation["operationId"]))
            if (going := deprecated.get(operation["operationId"])) is not None:
                _deprecate(operation, going)
    return built


def problem_example(kind: str, path: str) -> dict[str, Any]:
    """A problem document of the type `kind` as `path` answers it."""
    status, title, detail = PROBLEMS[kind]
    faults = None
    if kind == "invalid-request":
        field, _, message = detail.removesuffix(" (got '0')").partition(": ")
        faults = [problems.FieldFault(field=field, message=message, value="0")]
    example = problems.Problem(
        type=_URN + kind,
        title=title,
        status=status,
        detail=detail,
        instance=path.replace("{symbol}", "FPT"),
        request_id="4bf92f3577b34da6a3ce929d0e0e4736",
        errors=faults,
        suggestions=["FPT"] if kind == "unknown-symbol" else None,
    )
    return example.model_dump(mode="json", exclude_none=True)


def _require_what_is_answered(document: dict[str, Any]) -> None:
    """Say of the fields with a default that they are there: an answer leaves none out."""
    asked = json.dumps([one.get("requestBody") for verbs in document["paths"].values() for one in verbs.values()])
    for name, schema in document["components"]["schemas"].items():
        if name not in _WITH_GAPS and f'"#/components/schemas/{name}"' not in asked and "properties" in schema:
            schema["required"] = list(schema["properties"])


def _describe(schemas: dict[str, Any]) -> None:
    words = json.loads(WORDS.read_text(encoding="utf-8"))
    for schema_name, schema in schemas.items():
        for name, field in schema.get("properties", {}).items():
            if "description" not in field and (said := words.get(f"{schema_name}.{name}", words.get(name))):
                field["description"] = said


def _complete(operation: dict[str, Any], verb: str, path: str, example: Any) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["name"] == "symbol":
            schema = parameter["schema"]
            schema.get("anyOf", [schema])[0]["pattern"] = _SYMBOL_PATTERN
    responses = operation["responses"]
    if _STREAM in responses["200"]["content"]:
        responses["200"]["content"] = {_STREAM: {"schema": {"$ref": "#/components/schemas/ServerSentEvent"}}}
    cached = verb == "get" and operation["operationId"] not in _NOT_CACHED
    if cached:
        operation.setdefault("parameters", []).append(_IF_NONE_MATCH)
        responses["304"] = {"description": "Nothing has changed since the answer that If-None-Match names."}
    for status, response in responses.items():
        headers = ["X-Request-Id"]
        if cached and status in ("200", "304"):
            headers += ["ETag", "Cache-Control"]
        if status in ("202", "429", "503"):
            headers.append("Retry-After")
        if status == "202":
            headers.append("Location")
        if status == "200" and _is_limited(path):
            headers += [*_LIMITED, "X-Degraded"]
        response["headers"] = _headers(*headers)
        if status >= "400":
            kinds = _OWN.get(operation["operationId"], {}).get(status, _USUAL[status])
            response.setdefault("content", _problems(kinds, path))
    if example is not None:
        responses["200"]["content"]["application/json"]["example"] = example
    for status in _SHARED:
        if (status not in _OF_A_BODY or verb == "post") and (status != "429" or _is_limited(path)):
            responses.setdefault(status, {"$ref": f"#/components/responses/Refused{status}"})
    operation["responses"] = dict(sorted(responses.items()))


def _deprecate(operation: dict[str, Any], going: Deprecated) -> None:
    """Say that it goes, in words for people and in `x-sunset`, an instant, for `infra.openapi_breaking`."""
    sunset = going.sunset.astimezone(dt.UTC)
    operation["deprecated"] = True
    operation["x-sunset"] = sunset.isoformat()
    operation["description"] += (
        f"\n\nDeprecated: it may be refused from {sunset:%Y-%m-%d %H:%M} UTC on. What to use instead: {going.instead}"
    )
    for response in operation["responses"].values():
        if "headers" in response:  # The others come before any operation is known.
            response["headers"] |= _headers(*_OF_DEPRECATED)


def _is_limited(path: str) -> bool:
    return path.startswith("/api/") and not path.endswith("/health")


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _problems(kinds: tuple[str, ...], path: str) -> dict[str, Any]:
    return {
        problems.MEDIA_TYPE: {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "examples": {kind: {"summary": PROBLEMS[kind][1], "value": problem_example(kind, path)} for kind in kinds},
        }
    }
