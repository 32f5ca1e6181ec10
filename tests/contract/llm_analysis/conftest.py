"""Both real SDKs, each in front of the stub server, in the same tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr

from functions.llm_analysis.anthropic_provider import AnthropicProvider
from functions.llm_analysis.openai_provider import OpenAiProvider
from functions.llm_analysis.provider import Brief, Reply
from tests.fakes.llm_servers.server import LlmServers, Scripted
from tests.fakes.llm_servers.turns import Asked

KEY = "sk-never-show-me-0123456789"
BRIEF = Brief(system="You explain one stock, from facts only.", facts='{"symbol": "FPT", "facts": []}')


@dataclass
class House:
    """One provider, its name and what it sends to the stub."""

    name: str
    prefix: str
    servers: LlmServers
    model: str
    provider: Any

    def script(self, *turns: Scripted) -> None:
        self.servers.script(*turns, provider=self.name)

    def write(self, brief: Brief = BRIEF) -> Reply:
        return self.provider.write(brief, lambda text: None)

    @property
    def asked(self) -> list[Asked]:
        return self.servers.asked(self.name)

    def made(self, key: str = KEY, base_url: str | None = None, **options: Any) -> Any:
        """Another provider of the same kind."""
        kind = AnthropicProvider if self.name == "anthropic" else OpenAiProvider
        return kind(SecretStr(key), self.model, base_url or _url(self.servers, self.name), **options)


def _url(servers: LlmServers, name: str) -> str:
    return servers.anthropic_url if name == "anthropic" else servers.openai_url


@pytest.fixture(scope="module")
def _servers():
    with LlmServers() as running:
        yield running


@pytest.fixture
def servers(_servers):
    _servers.reset()
    return _servers


@pytest.fixture(params=["anthropic", "openai"])
def house(request, servers):
    model = {"anthropic": "claude-sonnet-5-5", "openai": "gpt-6.1-terra"}[request.param]
    made = House(request.param, request.param.upper(), servers, model, None)
    made.provider = made.made()
    return made
