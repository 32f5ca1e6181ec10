"""Providers from settings."""

import pytest

from functions.llm_analysis.wiring import providers
from stock_ai.errors import InvalidInputError
from stock_ai.settings import LlmSettings

KEYS = {"ANTHROPIC_API_KEY": "sk-ant-1", "OPENAI_API_KEY": "sk-2"}


@pytest.fixture
def settings(monkeypatch):
    for name in ("LLM_PROVIDER", "LLM_FALLBACK", *KEYS):
        monkeypatch.delenv(name, raising=False)

    def make(**values):
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        return LlmSettings.load()

    return make


def test_every_key_makes_its_provider(settings):
    assert providers(settings()) == {}
    assert list(providers(settings(ANTHROPIC_API_KEY="sk-ant-1"))) == ["anthropic"]
    both = providers(settings(**KEYS, OPENAI_MODEL="gpt-5", LLM_PROVIDER="template"))
    assert {name: (each.name, each.model) for name, each in both.items()} == {
        "anthropic": ("anthropic", "claude-sonnet-5-5"),
        "openai": ("openai", "gpt-5"),
    }


@pytest.mark.parametrize("setting", ["LLM_PROVIDER", "LLM_FALLBACK"])
@pytest.mark.parametrize(("chosen", "key"), [("anthropic", "ANTHROPIC_API_KEY"), ("openai", "OPENAI_API_KEY")])
def test_a_chosen_provider_needs_its_key(settings, setting, chosen, key):
    with pytest.raises(InvalidInputError, match=f"{setting} is {chosen}, but {key} is not set"):
        providers(settings(**{setting: chosen}))
    assert providers(settings(**{setting: chosen, key: "sk-3"}))


def test_the_template_needs_none(settings):
    assert providers(settings(LLM_PROVIDER="template")) == {}
