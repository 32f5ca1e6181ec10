"""Explanations from a running `up`: without a key, with a wrong one, by either provider, and without money."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.stock_ai_cli import get, once, run, serving, until, write_prices
from tests.fakes.llm_servers.server import LlmServers
from tests.fakes.llm_servers.turns import Turn
from tests.fakes.llm_servers.writing import careless, faithful

KEY = "sk-never-show-me-4711"
SYMBOL = "T03"


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """A home in which twelve symbols are stored and analysed, and the arguments that go on with them."""
    home, data = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("data")
    write_prices(data, 12, 120)
    arguments = ("--source", "csv", "--data", str(data))
    assert once(home, *arguments)["insights"] == 12
    return home, arguments


@pytest.fixture
def servers():
    with LlmServers() as running:
        yield running


def keys(servers, **more):
    return {
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_BASE_URL": servers.anthropic_url,
        "OPENAI_API_KEY": f"{KEY}-too",
        "OPENAI_BASE_URL": servers.openai_url,
        "LLM_REQUESTS_PER_MINUTE": "0",
    } | more


def ask(api, symbol=SYMBOL, **body):
    """Status, headers and content of a question."""
    request = urllib.request.Request(
        f"{api}/api/v1/analysis/{symbol}/llm",
        json.dumps(body).encode(),
        {"content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, dict(response.headers), json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), json.load(error)


def logs(home):
    return "".join(path.read_text(errors="replace") for path in home.rglob("*.log"))


def ready(api):
    """Await that the API answers and knows the symbol."""
    until(lambda: get(f"{api}/api/v1/analysis/{SYMBOL}/insight")[0] == 200, 60)
    return api


def test_without_a_key_the_template_answers_and_says_so(analysed):
    home, arguments = analysed
    with serving(home, *arguments) as (_, api):
        ready(api)
        status, _, text = ask(api, language="vi")
        assert (status, text["provider"], text["served"], text["language"]) == (200, "template", "written", "vi")
        assert "không dùng mô hình ngôn ngữ" in text["disclaimer"]
        assert text["usage"]["cost_usd"] == 0
        close = next(fact for fact in text["cited"] if fact["id"] == "close")
        assert (close["value"], close["date"]) == (text["close"], text["as_of"])
        assert ask(api, language="vi")[2]["served"] == "cached"
        status, newest = get(f"{api}/api/v1/analysis/{SYMBOL}/llm?language=vi")
        assert (status, newest["analysis_id"]) == (200, text["analysis_id"])
        told = run(home, "explain", SYMBOL, "--language", "vi", "--json")
        assert told.returncode == 0, told.stderr
        assert json.loads(told.stdout.splitlines()[-1])["analysis_id"] == text["analysis_id"]
        # Aggregation has it too.
        until(lambda: get(f"{api}/api/v1/analysis/{SYMBOL}/insight")[1]["llm"] is not None, 30)


def test_with_a_wrong_key_the_error_names_the_setting_and_never_the_key(analysed, servers):
    home, arguments = analysed
    servers.script(Turn(status=401))
    env = keys(servers, LLM_PROVIDER="anthropic")
    del env["OPENAI_API_KEY"]
    with serving(home, *arguments, **env) as (process, api):
        ready(api)
        status, _, problem = ask(api)
        assert (status, problem["type"]) == (503, "urn:stock-ai:problem:llm-misconfigured")
        assert "ANTHROPIC_API_KEY" in problem["detail"]
        told = run(home, "explain", SYMBOL, **env)
        assert told.returncode != 0
        assert "ANTHROPIC_API_KEY" in told.stderr
        process.terminate()
        said = "".join(process.communicate(timeout=20))
    assert KEY not in json.dumps(problem) + told.stdout + told.stderr + said + logs(home)
    assert len(servers.asked("anthropic")) >= 1


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
def test_one_setting_chooses_the_provider_and_a_hundred_ask_it_once(analysed, servers, provider):
    home, arguments = analysed
    servers.script(careless)
    with serving(home, *arguments, **keys(servers, LLM_PROVIDER=provider)) as (_, api):
        ready(api)
        with ThreadPoolExecutor(100) as pool:
            answers = list(pool.map(lambda _: ask(api, language="en"), range(100)))
        assert {status for status, _, _ in answers} == {200}
        assert len({text["analysis_id"] for _, _, text in answers}) == 1
        text = answers[0][2]
        assert (text["provider"], text["grounding"]["repaired"], text["grounding"]["removed"]) == (provider, True, [])
        # One answer and its repair; nobody else was asked.
        assert [asked.provider for asked in servers.requests] == [provider, provider]
        usage = get(f"{api}/api/v1/llm/usage")[1]
        assert json.dumps(usage).count(f'"{provider}"') >= 1
        assert text["usage"]["calls"] == 2


def test_without_money_the_answer_is_429_until_tomorrow(analysed, servers):
    home, arguments = analysed
    servers.script(faithful)
    with serving(home, *arguments, **keys(servers, LLM_DAILY_BUDGET_USD="0")) as (_, api):
        ready(api)
        status, headers, problem = ask(api, symbol="T05")
        assert (status, problem["type"]) == (429, "urn:stock-ai:problem:llm-budget-spent")
        assert headers["content-type"] == "application/problem+json"
        assert 0 < int(headers["retry-after"]) <= 24 * 3600
        assert ask(api, symbol="T05", provider="template")[2]["provider"] == "template"
    assert servers.requests == []
