"""What both providers do alike, through their official SDKs."""

from __future__ import annotations

import itertools
import json
import re
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from functions.llm_analysis.anthropic_provider import AnthropicProvider
from functions.llm_analysis.draft import Draft
from functions.llm_analysis.openai_provider import OpenAiProvider
from functions.llm_analysis.provider import Brief, Repair
from stock_ai.errors import RetryableError
from tests.contract.llm_analysis.conftest import BRIEF, KEY
from tests.fakes.llm_servers.turns import DRAFT, Ending, Tokens, Turn


def test_facts_go_out_and_a_draft_comes_back(house):
    house.script(Turn(tokens=Tokens(fresh=100, cache_read=900, cache_write=50, output=340)))
    reply = house.write()
    assert reply.draft == Draft.model_validate(DRAFT)
    assert reply.fault is None
    assert reply.usage.model_dump() == {
        "calls": 1,
        "input_tokens": 100,
        "cache_read_tokens": 900,
        "cache_write_tokens": 50,
        "output_tokens": 340,
        "cost_usd": 0.0,
    }
    (asked,) = house.asked
    assert asked.refused is None
    assert KEY in (asked.headers.get("x-api-key"), asked.headers["authorization"].removeprefix("Bearer "))
    assert (asked.body["model"], asked.body["stream"]) == (house.model, True)
    assert BRIEF.facts in json.dumps(asked.body.get("messages") or asked.body["input"]).replace('\\"', '"')


def test_the_system_prompt_is_offered_to_the_cache(house):
    house.write()
    house.write(Brief(BRIEF.system, "{}"))
    house.write(Brief("Another.", "{}"))
    first, again, other = (asked.body for asked in house.asked)
    if house.name == "anthropic":
        block = {"type": "text", "text": BRIEF.system, "cache_control": {"type": "ephemeral"}}
        assert first["system"] == again["system"] == [block]
    else:
        assert first["instructions"] == BRIEF.system
        assert first["prompt_cache_key"] == again["prompt_cache_key"] != other["prompt_cache_key"]


def test_text_is_told_while_it_grows(house):
    whole = json.dumps(DRAFT, ensure_ascii=False)
    house.script(Turn(pieces=20))
    told = []
    house.provider.write(BRIEF, told.append)
    assert len(told) >= 15
    assert told[-1] == whole
    assert all(later.startswith(earlier) and later != earlier for earlier, later in itertools.pairwise(told))


def test_text_is_told_before_the_answer_has_ended(house):
    gate = threading.Event()
    house.script(Turn(ending=Ending.PINGS, gate=gate))
    told = []

    def hear(text):
        told.append(text)
        if len(told) == 3:
            gate.set()  # the server waits for this before it goes on

    assert house.provider.write(BRIEF, hear).draft is not None


def test_a_repair_shows_the_first_answer_and_its_faults(house):
    draft = Draft.model_validate(DRAFT)
    house.write(Brief(BRIEF.system, BRIEF.facts, Repair(draft, ("summary.0: 99,000 is not a fact", "risks.0: no"))))
    (asked,) = house.asked
    turns = asked.body.get("messages") or asked.body["input"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[0]["content"] == BRIEF.facts
    assert Draft.model_validate_json(turns[1]["content"]) == draft
    assert turns[2]["content"].endswith('["summary.0: 99,000 is not a fact","risks.0: no"]')


@pytest.mark.parametrize(
    ("ending", "fault"),
    [(Ending.TRUNCATED, "truncated"), (Ending.REFUSED, "refused"), (Ending.FLAGGED, None)],
)
def test_an_answer_that_is_none_tells_why_and_what_it_has_used(house, ending, fault):
    house.script(Turn(ending=ending, tokens=Tokens(fresh=7, output=9)))
    reply = house.write()
    assert (reply.draft, reply.fault) == (None, fault or "refused")
    assert (reply.usage.calls, reply.usage.input_tokens, reply.usage.output_tokens) == (1, 7, 9)


def without(name):
    return json.dumps({key: value for key, value in DRAFT.items() if key != name})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("I would rather write prose. " * 50, "malformed: the whole: Invalid JSON"),
        ("", "malformed: the whole: Invalid JSON"),
        (without("risks"), "malformed: risks: Field required"),
        (json.dumps(DRAFT | {"stance": "buy now " * 50}), "malformed: stance: Input should be 'bullish'"),
        (json.dumps(DRAFT | {"risks": [{"text": "x" * 501, "facts": []}]}), "malformed: risks.0.text: String should"),
        (json.dumps(DRAFT | {"evil " * 200: 1}), "malformed: (evil ){20}: Extra inputs are not permitted$"),
    ],
    ids=["prose", "nothing", "field missing", "wrong word", "too long", "unknown field"],
)
def test_a_malformed_answer_names_the_field_and_little_else(house, text, fault):
    house.script(Turn(text))
    reply = house.write()
    assert reply.draft is None
    assert re.match(fault, reply.fault)
    assert not re.search("prose|buy now|xxx", reply.fault)
    assert reply.usage.output_tokens == Tokens().output


def test_a_provider_asks_by_one_client_from_many_threads(house):
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: house.write(), range(16)))
    assert all(reply.draft for reply in replies)
    assert len(house.asked) == 16
    assert house.provider._connected() is house.provider._connected()


def test_a_slow_first_byte_ends_at_the_limit(house):
    gate = threading.Event()
    house.script(Turn(gate=gate))
    began = time.monotonic()
    with pytest.raises(RetryableError, match=r"did not finish within 0\.3 s"):
        house.made(whole_seconds=0.3).write(BRIEF, lambda text: None)
    assert time.monotonic() - began < 3
    gate.set()


def test_a_stream_of_pings_ends_at_the_limit(house):
    gate = threading.Event()
    house.script(Turn(ending=Ending.PINGS, gate=gate))
    told = []
    began = time.monotonic()
    with pytest.raises(RetryableError, match=r"did not finish within 0\.5 s"):
        house.made(whole_seconds=0.5).write(BRIEF, told.append)
    assert time.monotonic() - began < 3
    assert told
    gate.set()


def test_an_absent_server_is_retryable(house):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: nobody else gets this port
        gone = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(RetryableError, match="could not be reached"):
            house.made(base_url=gone).write(BRIEF, lambda text: None)


def test_switching_providers_changes_nothing_but_the_name(servers):
    replies = [
        AnthropicProvider(SecretStr(KEY), "claude-sonnet-5-5", servers.anthropic_url).write(BRIEF, lambda text: None),
        OpenAiProvider(SecretStr(KEY), "gpt-6.1-terra", servers.openai_url).write(BRIEF, lambda text: None),
    ]
    assert replies[0] == replies[1]


@pytest.mark.parametrize(
    ("model", "thinks"),
    [
        ("claude-sonnet-5-5", True),
        ("claude-opus-4-5", True),
        ("claude-sonnet-4-5-20250929", False),
        ("claude-haiku-4-5", False),
        ("gpt-6.1-terra", True),
        ("gpt-5-mini", True),
        ("gpt-10", True),
        ("o4-mini", True),
        ("gpt-4.1", False),
        ("gpt-5.3-chat-latest", False),
    ],
)
@pytest.mark.filterwarnings("ignore:The model:DeprecationWarning")
def test_only_a_model_that_can_be_told_is_told_to_think_little(servers, model, thinks):
    if model.startswith("claude"):
        AnthropicProvider(SecretStr(KEY), model, servers.anthropic_url).write(BRIEF, lambda text: None)
        told = servers.asked("anthropic")[0].body["output_config"]
    else:
        OpenAiProvider(SecretStr(KEY), model, servers.openai_url).write(BRIEF, lambda text: None)
        told = servers.asked("openai")[0].body.get("reasoning", {})
    assert told.get("effort") == ("low" if thinks else None)


def test_the_sdks_are_imported_only_when_they_are_asked():
    probe = "import sys, functions.llm_analysis.handler; print('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60)
    assert not {"anthropic", "openai", "httpx", "httpx2"} & set(run.stdout.split())


@pytest.mark.parametrize("module", ["anthropic_provider", "openai_provider", "guarded"])
def test_the_providers_are_imported_without_the_sdks(module):
    probe = f"import sys, functions.llm_analysis.{module}; print('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60)
    assert not {"anthropic", "openai", "httpx", "httpx2"} & set(run.stdout.split())
