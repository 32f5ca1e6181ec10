"""The text without a language model: put together by rule, equal for equal facts, and marked as such."""

from __future__ import annotations

from functions.llm_analysis import phrases
from functions.llm_analysis.facts import Fact, FactSheet
from functions.llm_analysis.provider import Draft
from functions.llm_analysis.readings import readings
from stock_ai.models import Language, Signal, Stance, WithheldReason

_STANCES = {Signal.BUY: Stance.BULLISH, Signal.HOLD: Stance.NEUTRAL, Signal.SELL: Stance.BEARISH}
_REASONS = 3


class TemplateProvider:
    """Implements `Provider`; always answers. `instead_of` names a model whose answer could not be used."""

    name = "template"
    prompt_version = "rules-1"

    def __init__(self, instead_of: str | None = None) -> None:
        self._instead_of = instead_of
        self.model = "rules" if instead_of is None else f"rules instead of {instead_of}"

    def write(self, sheet: FactSheet, language: Language) -> Draft:
        """As `Provider.write`; always a draft."""
        signal = sheet.get("signal")
        stance = Stance.NEUTRAL if signal is None else _STANCES[Signal(str(signal.value))]
        drivers = _reasons(sheet.starting("reason_for.")[:_REASONS], True, language)
        risks = _reasons(sheet.starting("reason_against.")[:_REASONS], False, language)
        for reading in readings(sheet, language):
            opposed = {stance, reading.stance} == {Stance.BULLISH, Stance.BEARISH}
            (risks if reading.stance is None or opposed else drivers).append(reading.text)
        if sheet.get("unproven") is not None:
            risks.append(phrases.UNPROVEN[language])
        risks.append((phrases.NO_SIGNAL_RISK if signal is None else phrases.UNCERTAIN)[language])
        return Draft(summary=self._summary(sheet, language), drivers=drivers[:8], risks=risks[-8:], stance=stance)

    def _summary(self, sheet: FactSheet, language: Language) -> str:
        opening = phrases.CLOSED if sheet.get("provisional") is None else phrases.RUNNING
        sentences = [
            opening[language].format(
                symbol=sheet.symbol,
                close=phrases.show(sheet["close"], language),
                date=phrases.show_date(sheet.as_of, language),
            )
        ]
        signal, confidence, withheld = sheet.get("signal"), sheet.get("confidence"), sheet.get("withheld")
        if signal is not None and confidence is not None:
            text = phrases.SIGNALLED[Signal(str(signal.value))][language]
            sentences.append(text.format(confidence=phrases.show(confidence, language)))
        if withheld is not None:
            text = phrases.WITHHELD[WithheldReason(str(withheld.value))][language]
            sentences.append(text.format(bars=phrases.show(sheet["bars"], language)))
        if self._instead_of is not None:
            sentences.append(phrases.UNUSABLE_ANSWER[language])
        sentences.append(phrases.author(self.name, language))
        return " ".join(sentences)


def _reasons(facts: list[Fact], speaks_for: bool, language: Language) -> list[str]:
    if language is Language.ENGLISH:
        return [f"{str(fact.value).rstrip('.')}." for fact in facts]
    return [phrases.REASON_VI[speaks_for].format(feature=fact.id.partition(".")[2]) for fact in facts]
