"""The stub servers are as strict, and speak as exactly, as the SDKs' own types say that the providers do."""

from __future__ import annotations

import copy
import json
import urllib.error
import urllib.request

import pytest
from pydantic import TypeAdapter

from functions.llm_analysis.answer_form import answer_schema
from functions.llm_analysis.draft import Draft
from tests.contract.llm_analysis.conftest import KEY
from tests.fakes.llm_servers import anthropic_api, openai_api
from tests.fakes.llm_servers.turns import Ending, Turn

REMOVED = object()
ENDINGS = [ending for ending in Ending if ending is not Ending.PINGS]


@pytest.fixture
def sent(house):
    """What the real SDK has sent: body and headers."""
    house.write()
    (asked,) = house.asked
    return copy.deepcopy(asked.body), dict(asked.headers)


def post(house, body, headers):
    url = house.servers.anthropic_url + house.asked[0].path
    kept = {name: value for name, value in headers.items() if name not in ("content-length", "accept-encoding", "host")}
    request = urllib.request.Request(url, json.dumps(body).encode(), kept)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_what_the_sdk_sends_is_taken(house, sent):
    status, stream = post(house, *sent)
    assert status == 200
    assert ("message_stop" if house.name == "anthropic" else "response.completed") in stream


def changed(body, path, value):
    *way, last = path.split(".")
    for step in way:
        body = body[int(step) if step.isdigit() else step]
    if value is REMOVED:
        del body[last]
    else:
        body[last] = value


SCHEMA = {"anthropic": "output_config.format.schema", "openai": "text.format.schema"}
BOTH_REFUSE = [
    ("model", REMOVED),
    ("temprature", 1),
    ("stream", "yes"),
    ("{schema}.additionalProperties", REMOVED),
    ("{schema}.properties.risks.items.additionalProperties", True),
    ("{schema}.properties.risks.items.properties.text.maxLength", 500),
    ("{schema}.properties.risks.items.properties.text.minLength", 1),
]
ANTHROPIC_REFUSES = [
    ("max_tokens", REMOVED),
    ("max_tokens", 0),
    ("messages", []),
    ("messages", [{"role": "assistant", "content": "x"}]),
    ("messages", [{"role": "user", "content": "x"}, {"role": "user", "content": "y"}]),
    ("messages", [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]),
    ("messages", [{"role": "user", "content": ""}]),
    ("messages", [{"role": "user", "content": "x", "name": "me"}]),
    ("tool_choice", {"type": "tool", "name": "explain"}),
    ("tool_choice", {"type": "any"}),
    ("system", [{"type": "text", "text": ""}]),
    ("system", [{"type": "text", "text": "x", "cache_control": {"type": "forever"}}]),
    ("system", [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}] * 5),
    ("output_config.effort", "little"),
    ("model", "claude-haiku-4-5"),
    ("{schema}.properties.risks.maxItems", 6),
    ("{schema}.properties.risks.minItems", 2),
]
OPENAI_REFUSES = [
    ("input", REMOVED),
    ("input", []),
    ("input", [{"role": "robot", "content": "x"}]),
    ("input", [{"role": "user", "content": ""}]),
    ("max_output_tokens", 15),
    ("prompt_cache_key", "k" * 65),
    ("reasoning.effort", "little"),
    ("model", "gpt-4.1"),
    ("text.format.name", "an explanation"),
    ("text.format.strict", False),
    ("text.format.type", "json"),
    ("{schema}.required", ["summary"]),
    ("{schema}.properties.stance", {"$ref": "#/$defs/Stance", "description": "x"}),
    ("{schema}", Draft.model_json_schema()),
]


@pytest.mark.parametrize(
    ("house", "path", "value"),
    [("anthropic", *change) for change in BOTH_REFUSE + ANTHROPIC_REFUSES]
    + [("openai", *change) for change in BOTH_REFUSE + OPENAI_REFUSES],
    indirect=["house"],
)
def test_what_the_real_api_refuses_is_refused(house, sent, path, value):
    body, headers = sent
    changed(body, path.format(schema=SCHEMA[house.name]), value)
    status, told = post(house, body, headers)
    assert (status, json.loads(told)["error"]["type"]) == (400, "invalid_request_error")
    assert house.asked[-1].refused


def test_a_request_without_a_key_is_refused(house, sent):
    body, headers = sent
    status, told = post(house, body, {name: value for name, value in headers.items() if value.find(KEY) < 0})
    assert status == 401
    assert "key" in told


def test_a_refused_request_takes_no_turn_of_the_script(house, sent):
    body, headers = sent
    house.script(Turn(status=500), Turn(status=503))
    assert post(house, body | {"odd": 1}, headers)[0] == 400
    assert [post(house, body, headers)[0] for _ in range(3)] == [500, 503, 503]


def test_a_turn_may_depend_on_the_request(house, sent):
    house.script(lambda asked: Turn(status=500, message=asked.body["model"]))
    assert house.model in post(house, *sent)[1]


@pytest.mark.parametrize("ending", ENDINGS)
def test_events_are_as_the_sdks_describe_them(ending):
    from anthropic.types import RawMessageStreamEvent
    from openai.types.responses import ResponseStreamEvent

    turn = Turn(ending=ending, name="server_error")
    body = {"model": "m"}
    known = TypeAdapter(RawMessageStreamEvent)
    for event in anthropic_api.events(turn, body):
        if event["type"] not in ("ping", "error"):  # taken care of before types
            known.validate_python(event)
    known = TypeAdapter(ResponseStreamEvent)
    for event in openai_api.events(turn, body):
        known.validate_python(event)


def test_the_schema_is_that_of_the_draft():
    """What the schema leaves out is said in words; what it holds admits every draft."""
    import jsonschema

    from tests.fakes.llm_servers.turns import DRAFT

    schema = answer_schema()
    jsonschema.validate(DRAFT, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(DRAFT | {"stance": "buy"}, schema)
    said = json.dumps(schema)
    assert "$ref" not in said
    assert "at most 500 characters" in said
    assert "at most 4 items" in said
    assert "in line with the signal" in schema["properties"]["stance"]["description"]
