"""The OpenAPI document is complete, committed, and understood by the clients of the last release."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from collections import Counter

import jsonschema
import openapi_spec_validator
import pytest

from api.deprecations import DEPRECATED
from api.openapi import EXAMPLES, PROBLEMS, WORDS
from api.problems import MEDIA_TYPE
from infra.openapi_breaking import breaking_changes
from tests.openapi import document as openapi

OF_NO_OPERATION = {"unknown-route", "method-not-allowed", "http-error", "cross-origin-refused"}


@pytest.fixture(scope="module")
def document():
    return openapi.document()


@pytest.fixture(scope="module")
def operations(document):
    """Operations by their ids, with the responses that several of them share put in."""
    found = {op["operationId"]: copy.deepcopy(op) for verbs in document["paths"].values() for op in verbs.values()}
    for operation in found.values():
        for status, response in operation["responses"].items():
            if "$ref" in response:
                name = response["$ref"].removeprefix("#/components/responses/")
                operation["responses"][status] = document["components"]["responses"][name]
    return found


def violations(document, schema, example):
    validator = jsonschema.Draft202012Validator(schema | {"components": document["components"]})
    return [error.message for error in validator.iter_errors(example)]


def test_the_committed_document_is_up_to_date():
    assert openapi.CURRENT.read_text(encoding="utf-8") == openapi.text(), "run: make contracts"


def test_the_committed_examples_are_what_is_answered():
    assert EXAMPLES.read_text(encoding="utf-8") == openapi.examples(), "run: make contracts"


def test_clients_of_the_last_release_still_work(document):
    released = json.loads(openapi.RELEASED.read_text(encoding="utf-8"))
    today = dt.datetime.now(dt.UTC).date()
    assert breaking_changes(released, document, today) == [], (
        "a change that breaks a client belongs under a new /api/v2"
    )


def test_what_is_deprecated_is_an_operation(operations):
    assert set(DEPRECATED) <= set(operations)


def test_it_is_an_openapi_document(document):
    openapi_spec_validator.validate(document)


def test_every_operation_has_a_name_of_its_own_and_is_described(document, operations):
    names = Counter(op["operationId"] for verbs in document["paths"].values() for op in verbs.values())
    assert set(names.values()) == {1}
    tags = {tag["name"] for tag in document["tags"]}
    for name, operation in operations.items():
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name
        assert set(operation["tags"]) <= tags, name


def test_every_parameter_is_described(operations):
    missing = [
        (name, parameter["name"])
        for name, operation in operations.items()
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]
    assert missing == []


def test_every_schema_and_every_response_is_described(document, operations):
    assert [name for name, schema in document["components"]["schemas"].items() if "description" not in schema] == []
    for name, operation in operations.items():
        for status, response in operation["responses"].items():
            assert response["description"] not in ("", "Validation Error"), (name, status)
            assert "X-Request-Id" in response["headers"], (name, status)


def test_every_field_is_described(document):
    missing = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, told in schema.get("properties", {}).items()
        if not told.get("description")
    ]
    assert missing == [], "describe it in its model, or in api/openapi_words.json"


def test_no_words_are_left_over(document):
    """A word that no field needs any more is deleted."""
    fields = {
        name
        for schema_name, schema in document["components"]["schemas"].items()
        for field in schema.get("properties", {})
        for name in (field, f"{schema_name}.{field}")
    }
    words = json.loads(WORDS.read_text(encoding="utf-8"))
    assert [word for word in words if word not in fields] == []


def test_every_answer_has_an_example_that_satisfies_its_schema(document, operations):
    for name, operation in operations.items():
        content = operation["responses"]["200"]["content"].get("application/json")
        if content is not None:
            assert "example" in content, f"{name}: run: make contracts"
            assert violations(document, content["schema"], content["example"]) == [], f"{name}: run: make contracts"


def test_every_problem_has_an_example_of_each_of_its_types(document, operations):
    shown = set()
    for name, operation in operations.items():
        statuses = [status for status in operation["responses"] if status >= "400"]
        assert {"422", "500"} <= set(statuses), name
        for status in statuses:
            content = operation["responses"][status]["content"]
            if name == "getHealth" and status == "503":
                continue  # It tells the state of each dependency there too.
            assert list(content) == [MEDIA_TYPE], (name, status)
            for kind, example in content[MEDIA_TYPE]["examples"].items():
                assert violations(document, content[MEDIA_TYPE]["schema"], example["value"]) == [], (name, kind)
                assert (example["value"]["type"], example["value"]["status"]) == (
                    f"urn:stock-ai:problem:{kind}",
                    int(status),
                )
                shown.add(kind)
    assert shown == set(PROBLEMS) - OF_NO_OPERATION


def test_what_can_be_cached_says_so(operations):
    for name, operation in operations.items():
        cached = "304" in operation["responses"]
        parameters = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert ("If-None-Match" in parameters) is cached, name
        assert ("ETag" in operation["responses"]["200"]["headers"]) is cached, name


def test_the_guide_tells_of_every_type_of_problem():
    rows = re.findall(
        r"^\| `([a-z-]+)` \| (\d+) \|", (openapi.DOCS / "api.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {name: int(status) for name, status in rows} == {
        name: status for name, (status, _, _) in PROBLEMS.items() if name != "http-error"
    }
