"""Reads the answers in corpus/: sheets of facts, and statements and drafts with what is wrong in them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from functions.llm_analysis.draft import Draft, DraftLevel, Statement
from functions.llm_analysis.facts import Fact, FactSheet
from stock_ai.models.llm import Horizon, LevelKind, Stance, StanceConfidence

_CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Answer:
    """One answer; `wrong` names what is wrong with it, None when all of it is right."""

    name: str
    sheet: FactSheet
    draft: Draft
    wrong: str | None

    def __str__(self) -> str:
        return self.name


def _read(name: str) -> Any:
    return yaml.safe_load((_CORPUS / f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def sheets() -> dict[str, FactSheet]:
    """The sheets by name."""
    return {name: _sheet(raw) for name, raw in _read("sheets").items()}


def _sheet(raw: dict[str, Any]) -> FactSheet:
    as_of: dt.date = raw["as_of"]
    facts = [
        Fact(fact_id, name, value, unit, as_of, *direction)
        for fact_id, (value, unit, name, *direction) in raw["facts"].items()
    ]
    close = raw["close"]
    price = close if isinstance(close, int) else Decimal(str(close))
    return FactSheet(raw["symbol"], as_of, "an-analysis", price, "simulated" in raw["facts"], tuple(facts))


def statements(name: str) -> list[Answer]:
    """The pairs of a file as answers of one statement: each right one, then each wrong one."""
    found = []
    for at, raw in enumerate(_read(name)):
        sheet = sheets()[raw["sheet"]]
        for which in ("right", "wrong"):
            statement = Statement(text=raw[which], facts=raw["facts"])
            wrong = raw["kind"] if which == "wrong" else None
            found.append(Answer(f"{name}-{at:02}-{which}", sheet, one_statement(statement, sheet), wrong))
    return found


def drafts() -> list[Answer]:
    """The whole answers."""
    found = []
    for at, raw in enumerate(_read("drafts")):
        sheet = sheets()[raw["sheet"]]
        found.append(Answer(f"drafts-{at}-right", sheet, _draft(raw["draft"]), None))
        for number, change in enumerate(raw["wrong"]):
            part, _, index = change["at"].partition(".")
            changed = {key: list(value) if isinstance(value, list) else value for key, value in raw["draft"].items()}
            if index:
                changed[part][int(index)] = change["is"]
            else:
                changed[part] = change["is"]
            found.append(Answer(f"drafts-{at}-{number}-{change['at']}", sheet, _draft(changed), change["kind"]))
    return found


def one_statement(statement: Statement, sheet: FactSheet) -> Draft:
    """A draft around one statement, which is right but for that."""
    signal = sheet.get("signal")
    stances = {"BUY": Stance.BULLISH, "SELL": Stance.BEARISH}
    return Draft(
        summary=[statement],
        drivers=[],
        risks=[Statement(text="A signal is never a certainty.", facts=[])],
        levels=[],
        stance=stances.get(str(signal.value), Stance.NEUTRAL) if signal else Stance.NEUTRAL,
        stance_confidence=StanceConfidence.LOW,
        horizon=Horizon.DAYS,
    )


def _draft(raw: dict[str, Any]) -> Draft:
    parts = {
        part: [Statement(text=text, facts=facts) for text, *facts in raw[part]]
        for part in ("summary", "drivers", "risks")
    }
    return Draft(
        **parts,
        levels=[DraftLevel(kind=LevelKind(kind), fact=fact) for kind, fact in raw["levels"]],
        stance=Stance(raw["stance"]),
        stance_confidence=StanceConfidence.LOW,
        horizon=Horizon.DAYS,
    )


def right_sentences() -> list[Answer]:
    """The right sentences of right.yaml, one answer each."""
    found = []
    for at, (name, text, *facts) in enumerate(_read("right")):
        sheet = sheets()[name]
        found.append(Answer(f"right-{at:02}", sheet, one_statement(Statement(text=text, facts=facts), sheet), None))
    return found
