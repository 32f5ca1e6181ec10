"""What `stock-ai explain` shows."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from local.cli.explain import rendered
from stock_ai.models.llm import CitedFact, Level, LlmUsage
from tests.fakes.api_services import DAY, make_text


def shown(served="cached", age_seconds=90, **changes):
    answer = make_text(**changes).model_dump(mode="json") | {"served": served, "age_seconds": age_seconds}
    console = Console(file=io.StringIO(), width=160)
    console.print(rendered(answer))
    return console.file.getvalue()


def test_text_sources_and_origin_are_shown():
    text = shown(
        levels=[Level(kind="support", fact="level.low_20", name="Low of 20 sessions", price=98_800)],
        cited=[CitedFact(id="close", name="Close", value=99_000, unit="VND", date=DAY, cited_in=["summary"])],
    )
    for part in ("A text.", "- One.", "- Another.", "98,800", "99,000", "VND", "2025-08-22", "summary", "No advice."):
        assert part in text
    assert "By template (rules, rules-1), kept from before, its facts still hold; 1 min old; free." in text
    assert "SIMULATED" not in text


def test_a_paid_text_says_what_it_has_cost():
    assert "0.0123 USD for 2 calls" in shown(usage=LlmUsage(calls=2, cost_usd=0.0123))


def test_a_simulated_text_is_marked():
    assert "SIMULATED" in shown(simulated=True)


def test_words_of_others_are_no_markup():
    assert "[red]bad[/red]" in shown(summary="[red]bad[/red]", drivers=["[bold"])


@pytest.mark.parametrize(("seconds", "age"), [(5, "5 s"), (7_300, "2 h"), (200_000, "2 d")])
def test_ages_are_in_units_of_their_size(seconds, age):
    assert f"{age} old" in shown(age_seconds=seconds)
