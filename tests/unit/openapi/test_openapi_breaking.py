"""Which changes of an API's document are refused, each kind put into a small document once."""

from __future__ import annotations

import copy
import datetime as dt

import pytest

from infra.openapi_breaking import breaking_changes
from tests.openapi import document as openapi

BASE = {
    "paths": {
        "/bars": {
            "get": {
                "operationId": "getBars",
                "parameters": [
                    {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 500, "default": 50}},
                    {"in": "query", "name": "side", "schema": {"enum": ["BUY", "SELL"], "type": "string"}},
                    {"in": "query", "name": "day", "schema": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
                ],
                "responses": {
                    "200": {
                        "description": "Bars.",
                        "headers": {"ETag": {}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Bars"}}},
                    },
                    "404": {"description": "None."},
                },
            },
            "post": {
                "operationId": "askBars",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Wish"}}}},
                "responses": {"200": {"description": "Done."}},
            },
        },
        "/health": {"get": {"operationId": "getHealth", "responses": {"200": {"description": "Up."}}}},
    },
    "components": {
        "schemas": {
            "Bars": {
                "type": "object",
                "title": "Bars",
                "required": ["symbol", "bars"],
                "properties": {
                    "symbol": {"type": "string"},
                    "side": {"enum": ["BUY", "SELL"], "type": "string"},
                    "bars": {"type": "array", "items": {"$ref": "#/components/schemas/Bar"}},
                    "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
                    "parent": {"anyOf": [{"$ref": "#/components/schemas/Bars"}, {"type": "null"}]},
                },
            },
            "Bar": {
                "type": "object",
                "title": "Bar",
                "required": ["close"],
                "properties": {"close": {"anyOf": [{"type": "number"}, {"type": "null"}]}},
            },
            "Wish": {
                "type": "object",
                "title": "Wish",
                "properties": {"language": {"type": "string"}, "symbols": {"type": "array", "maxItems": 100}},
            },
        }
    },
}
GET = ("paths", "/bars", "get")
LIMIT, SIDE, DAY = ((*GET, "parameters", place) for place in range(3))
OK = (*GET, "responses", "200")
SCHEMAS = ("components", "schemas")
BARS = (*SCHEMAS, "Bars", "properties")
BAR = (*SCHEMAS, "Bar", "properties")
WISH = (*SCHEMAS, "Wish")
BODY = ("paths", "/bars", "post", "requestBody")
GONE = object()
TODAY = dt.date(2027, 5, 25)


def changed(path, value):
    document = copy.deepcopy(BASE)
    *parents, last = path
    place = document
    for parent in parents:
        place = place[parent]
    if value is GONE:
        del place[last]
    elif last == "+":
        place.append(value)
    else:
        place[last] = value
    return document


BREAKING = {
    "path removed": (("paths", "/health"), GONE, "GET /health: removed, and it was not deprecated"),
    "operation removed": (("paths", "/bars", "post"), GONE, "POST /bars: removed, and it was not deprecated"),
    "operation renamed": ((*GET, "operationId"), "bars", "GET /bars: operationId changed from getBars to bars"),
    "parameter removed": (LIMIT, GONE, "GET /bars: query parameter limit removed"),
    "new required parameter": (
        (*GET, "parameters", "+"),
        {"in": "header", "name": "Key", "required": True, "schema": {"type": "string"}},
        "GET /bars: header parameter Key is required now",
    ),
    "parameter required": ((*LIMIT, "required"), True, "GET /bars: query parameter limit is required now"),
    "default changed": ((*LIMIT, "schema", "default"), 10, "query parameter limit: default changed from 50 to 10"),
    "bound lowered": ((*LIMIT, "schema", "maximum"), 100, "query parameter limit: maximum is 100 now"),
    "new bound": ((*LIMIT, "schema", "minimum"), 1, "query parameter limit: minimum is 1 now"),
    "new pattern": ((*DAY, "schema", "anyOf", 0, "pattern"), "^x$", "query parameter day: pattern is ^x$ now"),
    "asked enum narrowed": ((*SIDE, "schema", "enum"), ["BUY"], "query parameter side: 'SELL' is refused now"),
    "asked type narrowed": ((*DAY, "schema"), {"type": "string"}, "query parameter day: null is refused now"),
    "asked type changed": ((*DAY, "schema"), {"type": "integer"}, "query parameter day: string is refused now"),
    "values only": ((*DAY, "schema", "anyOf", 0, "enum"), ["a"], "query parameter day: any other value is refused now"),
    "body required": ((*BODY, "required"), True, "POST /bars: a body is required now"),
    "body field required": ((*WISH, "required"), ["language"], "POST /bars: body.language is required now"),
    "body field removed": ((*WISH, "properties", "language"), GONE, "POST /bars: body.language removed"),
    "body list shortened": ((*WISH, "properties", "symbols", "maxItems"), 9, "body.symbols: maxItems is 9 now"),
    "body media type removed": ((*BODY, "content", "application/json"), GONE, "body of application/json removed"),
    "status removed": ((*GET, "responses", "404"), GONE, "GET /bars: response 404 removed"),
    "header removed": ((*OK, "headers"), {}, "GET /bars 200: header ETag removed"),
    "media type removed": ((*OK, "content", "application/json"), GONE, "GET /bars 200: application/json removed"),
    "field removed": ((*BARS, "symbol"), GONE, "GET /bars 200.symbol removed"),
    "nested field removed": ((*BAR, "close"), GONE, "GET /bars 200.bars[].close removed"),
    "field may be missing": ((*SCHEMAS, "Bars", "required"), ["bars"], "GET /bars 200.symbol may be missing now"),
    "field may be null": ((*BARS, "symbol"), {"type": ["string", "null"]}, "GET /bars 200.symbol: may be null now"),
    "field of another type": ((*BARS, "symbol"), {"type": "integer"}, "GET /bars 200.symbol: may be integer now"),
    "values of another type": (
        (*BARS, "counts", "additionalProperties"),
        {"type": "string"},
        "GET /bars 200.counts.*: may be string now",
    ),
    "answered enum narrowed": ((*BARS, "side", "enum"), ["BUY"], "GET /bars 200.side: 'SELL' removed"),
}
PASSING = {
    "same": (("paths", "/health"), BASE["paths"]["/health"]),
    "new path": (("paths", "/new"), {"get": {"operationId": "new", "responses": {}}}),
    "new operation": (("paths", "/health", "post"), {"operationId": "heal", "responses": {}}),
    "new optional parameter": ((*GET, "parameters", "+"), {"in": "query", "name": "q", "schema": {"type": "string"}}),
    "bound raised": ((*LIMIT, "schema", "maximum"), 1000),
    "bound dropped": ((*LIMIT, "schema", "maximum"), GONE),
    "asked enum widened": ((*SIDE, "schema", "enum"), ["BUY", "SELL", "HOLD"]),
    "asked type widened": ((*LIMIT, "schema", "type"), ["integer", "string"]),
    "integer to number": ((*LIMIT, "schema", "type"), "number"),
    "new optional body field": ((*WISH, "properties", "provider"), {"type": "string"}),
    "new answered field": ((*BARS, "name"), {"type": "string"}),
    "new answered value": ((*BARS, "side", "enum"), ["BUY", "SELL", "HOLD"]),
    "never null any more": ((*BAR, "close"), {"type": "number"}),
    "always there": ((*SCHEMAS, "Bars", "required"), ["symbol", "bars", "side"]),
    "new status": ((*GET, "responses", "429"), {"description": "Too many."}),
    "described": ((*BARS, "symbol", "description"), "Upper case."),
}


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_a_client_is_refused(name):
    path, value, told = BREAKING[name]
    changes = breaking_changes(BASE, changed(path, value), TODAY)
    assert any(change.endswith(told) for change in changes), changes


@pytest.mark.parametrize("name", PASSING)
def test_additions_pass(name):
    path, value = PASSING[name]
    assert breaking_changes(BASE, changed(path, value), TODAY) == []


def deprecated(**marks):
    before = copy.deepcopy(BASE)
    operation = before["paths"]["/health"]["get"]
    operation |= marks
    operation["responses"]["200"]["headers"] = {"Sunset": {}}
    return before


@pytest.mark.parametrize(
    ("marks", "told"),
    [
        ({"deprecated": True, "x-sunset": "2027-05-24T23:59:59+00:00"}, []),
        ({"deprecated": True, "x-sunset": "2027-05-25T00:00:00+00:00"}, ["removed, and its sunset is 2027-05-25"]),
        ({"deprecated": True, "x-sunset": "2027-05-25T06:00:00+07:00"}, []),
        ({"deprecated": True, "x-sunset": "2028-01-01T00:00:00+00:00"}, ["removed, and its sunset is 2028-01-01"]),
        ({"deprecated": True}, ["removed, and its sunset is not told"]),
        ({"x-sunset": "2020-01-01T00:00:00+00:00"}, ["removed, and it was not deprecated"]),
    ],
)
def test_what_is_deprecated_may_go_when_the_day_of_its_sunset_is_over(marks, told):
    before = deprecated(**marks)
    for now in (changed(("paths", "/health"), GONE), changed(("paths", "/health", "get"), GONE)):
        assert breaking_changes(before, now, TODAY) == [f"GET /health: {each}" for each in told]


def test_to_deprecate_breaks_nobody_and_may_be_taken_back():
    marked = deprecated(deprecated=True, **{"x-sunset": "2028-01-01T00:00:00+00:00"})
    assert breaking_changes(BASE, marked, TODAY) == breaking_changes(marked, BASE, TODAY) == []


def test_a_shared_schema_is_told_of_once():
    before = copy.deepcopy(BASE)
    before["paths"]["/again"] = copy.deepcopy(before["paths"]["/bars"])
    now = copy.deepcopy(before)
    del now["components"]["schemas"]["Bar"]["properties"]["close"]
    assert breaking_changes(before, now, TODAY) == ["GET /bars 200.bars[].close removed"]


def test_every_operation_of_the_api_is_compared():
    """A checker that overlooks a part of the real document would pass whatever happens there."""
    document = openapi.document()
    for path, verbs in document["paths"].items():
        for verb in verbs:
            now = copy.deepcopy(document)
            content = now["paths"][path][verb]["responses"]["200"].pop("content")
            assert len(breaking_changes(document, now, TODAY)) == len(content), (verb, path)
