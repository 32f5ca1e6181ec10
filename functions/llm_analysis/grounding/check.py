"""The check of a draft, and of a single statement as it comes in."""

from __future__ import annotations

from functions.llm_analysis.draft import Draft, Statement
from functions.llm_analysis.facts import Fact, FactSheet
from functions.llm_analysis.grounding.dates import date_claims, find_days
from functions.llm_analysis.grounding.directions import direction_claims
from functions.llm_analysis.grounding.figures import Figures
from functions.llm_analysis.grounding.findings import Fault, FaultKind, Findings
from functions.llm_analysis.grounding.names import find_names, find_parameters
from functions.llm_analysis.grounding.numbers import find_numbers
from functions.llm_analysis.grounding.text import Sentence
from functions.llm_analysis.grounding.tickers import ticker_claims
from functions.llm_analysis.grounding.windows import windows_of
from functions.llm_analysis.grounding.words import find_words
from stock_ai.models.llm import LevelKind, Stance

_STANCES = {"BUY": Stance.BULLISH, "HOLD": Stance.NEUTRAL, "SELL": Stance.BEARISH}


def check(draft: Draft, sheet: FactSheet) -> Findings:
    """Every claim of a draft against the sheet. It works for English and Vietnamese without being told which."""
    claims = 0
    faults: list[Fault] = []
    for at, statement in draft.statements():
        count, found = check_statement(statement, sheet, at)
        claims += count
        faults += found
    for number, level in enumerate(draft.levels):
        claims += 1
        wrong = _level_fault(level.kind, level.fact, sheet)
        if wrong is not None:
            faults.append(Fault(f"levels.{number}", FaultKind.LEVEL, level.fact, wrong))
    signal = sheet.get("signal")
    meant = None if signal is None else _STANCES.get(str(signal.value))
    if signal is not None and meant is not None:
        claims += 1
        if draft.stance is not meant:
            message = f"the signal is {signal.value}, so the stance is {meant.value}"
            faults.append(Fault("stance", FaultKind.DIRECTION, draft.stance.value, message))
    return Findings(claims, tuple(faults))


def check_statement(statement: Statement, sheet: FactSheet, at: str = "") -> tuple[int, tuple[Fault, ...]]:
    """How many claims one statement makes, and the faults among them. `at` is its place, for the faults."""
    sentence = Sentence.of(statement.text)
    cited = [fact for fact_id in statement.facts if (fact := sheet.get(fact_id)) is not None]
    found: list[tuple[FaultKind, str, str | None]] = [
        (FaultKind.CITATION, fact_id, "there is no such fact")
        for fact_id in statement.facts
        if sheet.get(fact_id) is None
    ]
    days = find_days(sentence)
    found += [(FaultKind.DATE, words, wrong) for words, wrong in date_claims(sentence, days, sheet, cited)]
    found += [(FaultKind.TICKER, words, wrong) for words, wrong in ticker_claims(sentence, sheet, cited)]
    figures = _figures(sentence, sheet, cited, [(day.start, day.end) for day in days])
    covered = windows_of(cited)
    for parameter in figures.parameters:
        if not parameter.known:
            found.append((FaultKind.NUMBER, parameter.words, "no fact is about that one"))
        elif parameter.average and parameter.window not in covered:
            found.append((FaultKind.CITATION, parameter.words, "no cited fact is about that one"))
    for figure in figures.figures:
        kind, wrong = figure.fault or (FaultKind.NUMBER, None)
        if not cited and figure.fault is not None:
            kind, wrong = FaultKind.CITATION, "the statement cites no fact that says so"
        found.append((kind, figure.number.text, wrong))
    words = find_words(sentence)
    found += [
        (FaultKind.DIRECTION, text, wrong or None)
        for text, wrong in direction_claims(sentence, sheet, cited, words, figures)
    ]
    faults = tuple(
        Fault(at, kind, text, f"\u201c{text}\u201d: {wrong}") for kind, text, wrong in found if wrong is not None
    )
    return len(found), faults


def _figures(sentence: Sentence, sheet: FactSheet, cited: list[Fact], dated: list[tuple[int, int]]) -> Figures:
    parameters = [
        one for one in find_parameters(sentence, sheet)
        if not any(start < one.end and one.start < end for start, end in dated)
    ]  # fmt: skip
    taken = [*dated, *((one.start, one.end) for one in parameters)]
    numbers = find_numbers(sentence, taken)
    return Figures(sentence, sheet, cited, find_names(sentence), parameters, numbers)


def _level_fault(kind: LevelKind, fact_id: str, sheet: FactSheet) -> str | None:
    fact = sheet.get(fact_id)
    if fact is None:
        return "there is no such fact"
    if not fact_id.startswith("level.") or isinstance(fact.value, str):
        return "it is no price level: ids of levels start with `level.`"
    if kind is LevelKind.SUPPORT and fact.value > sheet.close:
        return f"a support lies below the close of {sheet.close}, and this is {fact.value}"
    if kind is LevelKind.RESISTANCE and fact.value < sheet.close:
        return f"a resistance lies above the close of {sheet.close}, and this is {fact.value}"
    return None
