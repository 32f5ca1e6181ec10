"""From a checked draft to an `LlmAnalysis`."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple

from functions.llm_analysis import fact_names, phrases
from functions.llm_analysis.draft import Draft
from functions.llm_analysis.facts import FactSheet
from stock_ai.llm_engines import PROMPT_VERSION, Engine
from stock_ai.models.llm import CitedFact, Grounding, Language, Level, LlmAnalysis, LlmUsage


class Cleaned(NamedTuple):
    """A draft without its faults."""

    draft: Draft
    removed: tuple[str, ...]


def cleaned(draft: Draft, faulty: Collection[str]) -> Cleaned | None:
    """The draft without the statements and levels at the places in `faulty`, e.g. `risks.0`.

    None when no summary or no risk would be left, or the fault is in what cannot be taken out, such as the stance.
    """
    statements = dict(draft.statements())
    levels = {f"levels.{at}": level for at, level in enumerate(draft.levels)}
    if not set(faulty) <= statements.keys() | levels.keys():
        return None
    kept: dict[str, list[object]] = {"summary": [], "drivers": [], "risks": []}
    for at, statement in statements.items():
        if at not in faulty:
            kept[at.partition(".")[0]].append(statement)
    if not kept["summary"] or not kept["risks"]:
        return None
    kept["levels"] = [level for at, level in levels.items() if at not in faulty]
    removed = tuple(statement.text for at, statement in statements.items() if at in faulty)
    return Cleaned(draft.model_copy(update=kept), removed)


class Finished(NamedTuple):
    """What an author has brought about."""

    draft: Draft
    grounding: Grounding
    usage: LlmUsage


def analysis(
    finished: Finished, engine: Engine, sheet: FactSheet, language: Language, event_time: dt.datetime
) -> LlmAnalysis:
    """The text as it is published, with the facts it rests on."""
    draft = finished.draft
    levels = [(level, fact) for level in draft.levels if (fact := sheet.get(level.fact)) is not None]
    # Said by rule and not left to the author.
    said = [statement.text for statement in draft.summary]
    note = phrases.SIMULATED[language]
    if sheet.simulated and note not in said:
        said.insert(0, note)
    return LlmAnalysis.model_validate(
        {
            "analysis_id": engine.text_id(sheet.symbol, sheet.analysis_id, language),
            "symbol": sheet.symbol,
            "event_time": event_time,
            "as_of": sheet.as_of,
            "ai_analysis_id": sheet.analysis_id,
            "provider": engine.provider.value,
            "model": engine.model,
            "prompt_version": PROMPT_VERSION,
            "language": language,
            "close": sheet.close,
            "summary": " ".join(said),
            "drivers": [statement.text for statement in draft.drivers],
            "risks": [statement.text for statement in draft.risks],
            "levels": [
                Level(kind=level.kind, fact=fact.id, name=fact_names.name(fact, language), price=fact.value)
                for level, fact in levels
            ],
            "stance": draft.stance,
            "stance_confidence": draft.stance_confidence,
            "horizon": draft.horizon,
            "cited": _cited(draft, sheet, language),
            "grounding": finished.grounding,
            "usage": finished.usage,
            "disclaimer": phrases.disclaimer(engine.provider.value, language, sheet.simulated),
            "simulated": sheet.simulated,
        }
    )


def total(usages: Iterable[LlmUsage]) -> LlmUsage:
    """Several usages in one."""
    sums: dict[str, float] = defaultdict(int)
    for usage in usages:
        for name, value in usage:
            sums[name] += value
    return LlmUsage.model_validate(sums)


def _cited(draft: Draft, sheet: FactSheet, language: Language) -> list[CitedFact]:
    places: dict[str, list[str]] = defaultdict(list)
    for at, statement in draft.statements():
        # The sentences of the summary are one text.
        place = "summary" if at.startswith("summary.") else at
        for fact_id in statement.facts:
            if place not in places[fact_id]:
                places[fact_id].append(place)
    for number, level in enumerate(draft.levels):
        places[level.fact].append(f"levels.{number}")
    return [
        CitedFact(
            id=fact.id,
            name=fact_names.name(fact, language),
            value=fact_names.value(fact, language),
            unit=fact.unit,
            date=fact.date,
            cited_in=places[fact.id],
        )
        for fact in sheet.facts
        if fact.id in places
    ]
