"""What calls cost."""

import pytest

from functions.llm_analysis import money
from functions.llm_analysis.asking import MAX_OUTPUT_TOKENS
from functions.llm_analysis.provider import Brief, Repair
from stock_ai.models.llm import LlmUsage
from stock_ai.settings import LlmSettings
from tests.fakes.explaining import make_draft

MILLION = LlmUsage(
    input_tokens=1_000_000, cache_read_tokens=1_000_000, cache_write_tokens=1_000_000, output_tokens=1_000_000
)


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        ("claude-sonnet-4-5", 3 + 0.3 + 3.75 + 15),
        ("claude-sonnet-4-5-20250929", 3 + 0.3 + 3.75 + 15),
        ("claude-opus-4-5-20251101", 5 + 0.5 + 6.25 + 25),
        ("claude-opus-4-1", 15 + 1.5 + 18.75 + 75),
        ("gpt-5-mini-2025-08-07", 0.25 + 0.025 + 0.25 + 2),
        ("gpt-5", 1.25 + 0.125 + 1.25 + 10),
        ("claude-haiku-5-5-latest", 0.1 + 0.01 + 0.125 + 0.5),
        ("gpt-5.2", 1.75 + 0.175 + 1.75 + 14),
    ],
)
def test_a_model_has_the_price_of_the_longest_name_it_begins_with(model, usd):
    assert money.cost(MILLION, model) == pytest.approx(usd)


@pytest.mark.parametrize("model", ["gpt-5-gigantic", "gpt-5.9", "claude", "llama", ""])
def test_an_unknown_model_is_as_dear_as_the_dearest_and_named_once(model, caplog):
    money._price.cache_clear()
    costs = {money.cost(LlmUsage(output_tokens=1_000_000), model) for _ in range(3)}
    assert costs == {max(price.output for price in money.prices().values())}
    assert [record.model for record in caplog.records] == [model]


def test_the_models_of_the_settings_have_prices():
    settings = LlmSettings()
    dearest = max(price.output for price in money.prices().values())
    for model in (settings.anthropic_model, settings.openai_model):
        assert money.cost(LlmUsage(output_tokens=1_000_000), model) < dearest


def test_no_call_costs_more_than_its_upper_bound():
    brief = Brief(system="Viết ngắn gọn. " * 2_000, facts="{}" * 10_000)
    bound = money.upper_bound(brief, "claude-sonnet-4-5", tries=1)
    # Every byte a token, all of them written to the cache, and an answer cut off at its limit.
    size = len(brief.system.encode()) + len(brief.facts.encode())
    worst = LlmUsage(cache_write_tokens=size, output_tokens=MAX_OUTPUT_TOKENS)
    assert money.cost(worst, "claude-sonnet-4-5") < bound < 2 * money.cost(worst, "claude-sonnet-4-5")
    assert money.upper_bound(brief, "claude-sonnet-4-5", tries=3) == pytest.approx(3 * bound)
    repaired = Brief(brief.system, brief.facts, Repair(make_draft(), ("a fault",)))
    assert money.upper_bound(repaired, "claude-sonnet-4-5", tries=1) > bound
