"""What the model says, how sure it is, and why; or why it says nothing."""

from __future__ import annotations

import re
from typing import Final

from functions.llm_analysis.facts_of.table import Table, percent
from stock_ai.models.analysis import AiAnalysis, Signal

_DIRECTIONS: Final = {Signal.BUY: 1, Signal.HOLD: 0, Signal.SELL: -1}
_MOVES: Final = {
    Signal.BUY: ("up", "better than the market by more than the band"),
    Signal.HOLD: ("neutral", "within the band"),
    Signal.SELL: ("down", "worse than the market by more than the band"),
}
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_]+")
_LONGEST_NAME: Final = 60


def signal_facts(table: Table, ai: AiAnalysis) -> None:
    """Add signal, probabilities, model and reasons, or why the signal is withheld."""
    if ai.signal is not None:
        table.word(
            "signal",
            "What the model expects of the next 5 sessions against the market",
            ai.signal,
            _DIRECTIONS[ai.signal],
        )
    table.number("confidence", "Calibrated probability of the signal", percent(ai.confidence), "%")
    for signal, (move, words) in _MOVES.items():
        table.number(
            f"probability.{move}",
            f"Calibrated probability: {words}",
            percent((ai.probabilities or {}).get(signal)),
            "%",
            direction=_DIRECTIONS[signal],
        )
    table.number(
        "band", "The band: excess return over 5 sessions beyond which a move counts", percent(ai.band), "%", places=2
    )
    if ai.model is not None:
        table.word("model", "Model", f"{ai.model.name} {ai.model.version}")
        table.word("model.trained_until", "Last date the model has learned from", ai.model.trained_until.isoformat())
        table.word(
            "model.proven",
            "Better than the base rate on unseen sessions, beyond chance",
            "yes" if ai.model.proven_skill else "no",
        )
    if ai.withheld is not None:
        table.word("withheld", "Why there is no signal", ai.withheld.reason)
        table.word("withheld.detail", "Why there is no signal, in figures", ai.withheld.detail)
    for reason in ai.reasons:
        feature = _NO_NAME.sub("_", reason.feature)[:_LONGEST_NAME]
        speaks = "for" if reason.weight > 0 else "against"
        table.word(f"reason.{feature}", f"Speaks {speaks} the signal", reason.text, 1 if reason.weight > 0 else -1)
