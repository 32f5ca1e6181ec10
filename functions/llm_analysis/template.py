"""The text without a language model: put together by rule, equal for equal facts."""

from __future__ import annotations

from typing import Final

from functions.llm_analysis import phrases
from functions.llm_analysis.draft import Draft, DraftLevel, Statement
from functions.llm_analysis.facts import Fact, FactSheet
from functions.llm_analysis.readings import readings
from functions.llm_analysis.reasons import reason
from stock_ai.models.analysis import Signal, WithheldReason
from stock_ai.models.llm import Horizon, Language, LevelKind, Stance, StanceConfidence

_STANCES: Final = {Signal.BUY: Stance.BULLISH, Signal.HOLD: Stance.NEUTRAL, Signal.SELL: Stance.BEARISH}
_REASONS_FOR, _REASONS_AGAINST = 3, 2
_MOST = 6
_LEVELS_EACH_SIDE = 2
_MEDIUM, _HIGH = 45.0, 60.0
"""Calibrated probabilities in percent; one of three classes by chance alone would have about 33."""


def write(sheet: FactSheet, language: Language) -> Draft:
    """A draft that cites only facts of `sheet`, which has at least the close."""
    stance = _stance(sheet)
    drivers, risks = _reasons(sheet, language)
    for reading in readings(sheet, language):
        opposed = {stance, reading.stance} == {Stance.BULLISH, Stance.BEARISH}
        (risks if reading.stance is None or opposed else drivers).append(reading.statement)
    first, last = _standing_risks(sheet, language)
    return Draft(
        summary=_summary(sheet, language),
        drivers=drivers[:_MOST],
        risks=[*[*first, *risks][: _MOST - 1], last],
        levels=_levels(sheet),
        stance=stance,
        stance_confidence=_confidence(sheet),
        horizon=Horizon.DAYS,
    )


def _stance(sheet: FactSheet) -> Stance:
    signal = sheet.get("signal")
    return Stance.NEUTRAL if signal is None else _STANCES[Signal(str(signal.value))]


def _confidence(sheet: FactSheet) -> StanceConfidence:
    """By the calibrated probability of the signal; low without one, of an unproven model, and on simulated data."""
    confidence, proven = sheet.get("confidence"), sheet.get("model.proven")
    if confidence is None or proven is None or proven.value != "yes" or sheet.simulated:
        return StanceConfidence.LOW
    value = float(confidence.value)
    if value >= _HIGH:
        return StanceConfidence.HIGH
    return StanceConfidence.MEDIUM if value >= _MEDIUM else StanceConfidence.LOW


def _summary(sheet: FactSheet, language: Language) -> list[Statement]:
    said = [_simulated(sheet, language), _opening(sheet, language), _signal(sheet, language), _trend(sheet, language)]
    return [statement for statement in said if statement is not None]


def _simulated(sheet: FactSheet, language: Language) -> Statement | None:
    fact = sheet.get("simulated")
    return None if fact is None else Statement(text=phrases.SIMULATED[language], facts=[fact.id])


def _opening(sheet: FactSheet, language: Language) -> Statement | None:
    close, change, running = sheet.get("close"), sheet.get("return_1"), sheet.get("provisional")
    if close is None:
        return None
    move = "" if change is None else phrases.MOVES[_sign(change)][language].format(move=phrases.show(change, language))
    text = (phrases.CLOSED if running is None else phrases.RUNNING)[language].format(
        symbol=sheet.symbol,
        close=phrases.show(close, language),
        date=phrases.show_date(close.date, language),
        move=move,
    )
    return _stated(text, close, change, running)


def _signal(sheet: FactSheet, language: Language) -> Statement | None:
    signal, confidence, withheld = sheet.get("signal"), sheet.get("confidence"), sheet.get("withheld")
    if signal is not None and confidence is not None:
        text = phrases.SIGNALLED[Signal(str(signal.value))][language]
        return _stated(text.format(confidence=phrases.show(confidence, language)), signal, confidence)
    if withheld is None:
        return None
    text, bars = phrases.WITHHELD[WithheldReason(str(withheld.value))][language], sheet.get("bars")
    if "{bars}" not in text:
        return _stated(text, withheld)
    return _stated(text.format(bars=phrases.show(bars, language)), withheld, bars) if bars else None


def _trend(sheet: FactSheet, language: Language) -> Statement | None:
    change, excess = sheet.get("return_20"), sheet.get("excess_20")
    if change is None:
        return None
    text = phrases.TRENDS[_sign(change)][language].format(change=phrases.show(change, language))
    if excess is not None:
        text += phrases.COMPARED[_sign(excess)][language].format(excess=phrases.show(excess, language))
    return _stated(f"{text}.", change, excess)


def _reasons(sheet: FactSheet, language: Language) -> tuple[list[Statement], list[Statement]]:
    """The strongest reasons for the signal, and those against it."""
    facts = sheet.starting("reason.")
    speaking = [fact for fact in facts if fact.direction == 1][:_REASONS_FOR]
    opposing = [fact for fact in facts if fact.direction == -1][:_REASONS_AGAINST]
    return [reason(fact, language) for fact in speaking], [reason(fact, language) for fact in opposing]


def _standing_risks(sheet: FactSheet, language: Language) -> tuple[list[Statement], Statement]:
    """What casts doubt on all the rest, to be said first; and the one risk that every text ends with."""
    first: list[Statement] = []
    proven, adjusted, odd = sheet.get("model.proven"), sheet.get("adjusted"), sheet.starting("quality.warning.")
    if proven is not None and proven.value != "yes":
        first.append(_stated(phrases.UNPROVEN[language], proven))
    if odd:
        first.append(_stated(phrases.ODD_BARS[language], *odd))
    if adjusted is not None and adjusted.value != "yes":
        first.append(_stated(phrases.NOT_ADJUSTED[language], adjusted))
    confidence = sheet.get("confidence")
    if confidence is None:
        return first, _stated(phrases.NO_SIGNAL_RISK[language], sheet.get("withheld"))
    return first, _stated(phrases.UNCERTAIN[language], confidence)


def _levels(sheet: FactSheet) -> list[DraftLevel]:
    """The levels nearest to the close: supports below it, resistances above it. Of equal ones the first is named."""
    close = float(sheet.close)
    away = {float(fact.value): fact for fact in reversed(sheet.starting("level."))}
    below = sorted((price for price in away if price < close), reverse=True)[:_LEVELS_EACH_SIDE]
    above = sorted(price for price in away if price > close)[:_LEVELS_EACH_SIDE]
    return [
        *(DraftLevel(kind=LevelKind.SUPPORT, fact=away[price].id) for price in below),
        *(DraftLevel(kind=LevelKind.RESISTANCE, fact=away[price].id) for price in above),
    ]


def _stated(text: str, *facts: Fact | None) -> Statement:
    return Statement(text=text, facts=[fact.id for fact in facts if fact is not None])


def _sign(fact: Fact) -> int:
    value = float(fact.value)
    return (value > 0) - (value < 0)
