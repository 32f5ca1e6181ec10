"""The official SDK against a server on this machine that plays Anthropic's API."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import traceback

import pytest
from pydantic import SecretStr

from functions.llm_analysis.anthropic_provider import AnthropicProvider
from functions.llm_analysis.facts import fact_sheet
from stock_ai.errors import RetryableError, RunAbortedError
from stock_ai.models import Language
from tests.fakes.api_services import make_analysis
from tests.fakes.explaining import explaining

KEY = "sk-ant-never-show-me"
SHEET = fact_sheet(make_analysis())


def error_body(kind, message="no"):
    return {"type": "error", "error": {"type": kind, "message": message}}


@pytest.fixture
def provider(anthropic_server):
    return AnthropicProvider(SecretStr(KEY), "claude-test", anthropic_server.url)


@pytest.mark.parametrize(("language", "named"), [(Language.ENGLISH, "English"), (Language.VIETNAMESE, "Vietnamese")])
def test_facts_go_out_and_a_draft_comes_back(provider, anthropic_server, language, named):
    draft = provider.write(SHEET, language)
    assert (draft.summary, draft.stance) == ("FPT closed at 99000 VND.", "bullish")
    (request,) = anthropic_server.requests
    assert request.path == "/v1/messages"
    # The SDK's first major version sends the key as x-api-key, its second as a bearer token.
    assert KEY in (request.headers.get("x-api-key"), request.headers.get("authorization", "").removeprefix("Bearer "))
    assert (request.body["model"], request.body["tool_choice"]) == ("claude-test", {"type": "tool", "name": "explain"})
    assert f"in {named}." in request.body["system"]
    facts = json.loads(request.body["messages"][0]["content"])
    assert facts == {"symbol": "FPT", "as_of": "2025-08-22", "facts": SHEET.rows()}


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503, 529])
def test_busy_is_retryable_and_not_retried_by_the_sdk(provider, anthropic_server, status):
    anthropic_server.answers = [(status, error_body("overloaded_error"))]
    with pytest.raises(RetryableError, match=str(status)):
        provider.write(SHEET, Language.ENGLISH)
    assert len(anthropic_server.requests) == 1


def test_absent_server_is_retryable():
    with pytest.raises(RetryableError, match="APIConnectionError"):
        AnthropicProvider(SecretStr(KEY), "claude-test", "http://127.0.0.1:1").write(SHEET, Language.ENGLISH)


@pytest.mark.parametrize(
    ("status", "named"),
    [(401, "ANTHROPIC_API_KEY"), (403, "ANTHROPIC_API_KEY"), (404, "ANTHROPIC_MODEL"), (400, "400")],
)
def test_refusal_needs_an_operator_and_never_shows_the_key(provider, anthropic_server, caplog, capfd, status, named):
    caplog.set_level(logging.INFO)
    anthropic_server.answers = [(status, error_body("authentication_error", f"invalid x-api-key {KEY}"))]
    with pytest.raises(RunAbortedError, match=named) as raised:
        provider.write(SHEET, Language.ENGLISH)
    shown = "".join(traceback.format_exception(raised.value)) + repr(provider) + repr(vars(provider)["_api_key"])
    assert KEY not in shown + caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": "I would rather write prose."}],
        [],
        [{"type": "tool_use", "id": "t", "name": "explain", "input": {"summary": "Only this."}}],
        [
            {
                "type": "tool_use",
                "id": "t",
                "name": "explain",
                "input": {"summary": "", "drivers": [], "risks": ["r"], "stance": "buy now"},
            }
        ],
    ],
    ids=["prose", "nothing", "fields missing", "wrong values"],
)
def test_malformed_answer_is_no_draft(provider, anthropic_server, content):
    answer = {"id": "m", "type": "message", "role": "assistant", "model": "claude-test", "content": content}
    rest = {"stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
    anthropic_server.answers = [(200, answer | rest)]
    assert provider.write(SHEET, Language.ENGLISH) is None


def test_malformed_twice_ends_in_the_template(provider, anthropic_server):
    good = anthropic_server.answers[0]
    bad = (200, good[1] | {"content": []})
    anthropic_server.answers = [bad, bad, good]
    house = explaining(provider)
    replaced = house.explain("FPT", Language.ENGLISH)
    assert (replaced.provider, len(anthropic_server.requests)) == ("template", 2)
    # The replacement is not kept in place of the model's own answer: the next question asks the model again.
    written = house.explain("FPT", Language.ENGLISH)
    assert (written.provider, written.model, len(anthropic_server.requests)) == ("anthropic", "claude-test", 3)
    assert house.explain("FPT", Language.ENGLISH) == written
    assert len(anthropic_server.requests) == 3
    assert [json.loads(sent.value)["provider"] for sent in house.publisher.sent] == ["template", "anthropic"]


def test_the_sdk_is_imported_only_when_it_is_asked():
    probe = "import sys, functions.llm_analysis.handler; print('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60)
    assert not {"anthropic", "sklearn", "talib", "pyarrow", "numpy", "boto3"} & set(run.stdout.split())
