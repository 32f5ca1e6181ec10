"""What providers are asked. Data travel as JSON in the message; the instructions never hold any."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Sequence
from importlib import resources
from typing import Final

from functions.llm_analysis.draft import Draft
from functions.llm_analysis.facts import Fact, FactSheet
from functions.llm_analysis.provider import Brief, Repair
from stock_ai.llm_engines import PROMPT_VERSION
from stock_ai.models.llm import Language

_LANGUAGES: Final = {Language.ENGLISH: "English", Language.VIETNAMESE: "Vietnamese"}
_COLUMNS: Final = ("id", "name", "value", "unit", "date")


def brief(sheet: FactSheet, language: Language) -> Brief:
    """The order for one text: instructions equal for all, and the facts as a compact table in JSON."""
    table = {
        "symbol": sheet.symbol,
        "language": _LANGUAGES[language],
        "as_of": sheet.as_of.isoformat(),
        "columns": _COLUMNS,
        "facts": [_row(fact, sheet) for fact in sheet.facts],
    }
    return Brief(system=_text("system"), facts=_json(table))


def repaired(order: Brief, draft: Draft, faults: Sequence[str]) -> Brief:
    """The same order with a first answer and what is wrong in it."""
    return dataclasses.replace(order, repair=Repair(draft, tuple(faults)))


def repair_request(repair: Repair) -> str:
    """The message that follows the first answer: how to mend it, and the faults as JSON."""
    return f"{_text('repair')}\n{_json(repair.faults)}"


def _row(fact: Fact, sheet: FactSheet) -> list[object]:
    row: list[object] = [fact.id, fact.name, fact.value, fact.unit]
    # Most facts are of the same session.
    return row if fact.date == sheet.as_of else [*row, fact.date.isoformat()]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@functools.cache
def _text(name: str) -> str:
    folder = resources.files("functions.llm_analysis") / "prompts" / PROMPT_VERSION
    return (folder / f"{name}.md").read_text(encoding="utf-8").strip()
