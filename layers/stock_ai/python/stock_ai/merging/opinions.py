"""How much a text may change the confidence of a signal, and why so little.

The AI part states a calibrated probability `p` of its signal. A text is written from the facts of that same part and is
no second witness: a text about the current analysis is even refused while its stance contradicts the signal. So it gets
a weight that cannot mean much, and wherever it has moved the confidence, that is no calibrated probability any more.

    confidence = (w_ai * p + w_text * q) / (w_ai + w_text)      q = 1 where the text agrees, 0 where it conflicts

* `w_ai` is the reliability of the AI part: 1 where its model has beaten the base rate on unseen sessions
  (`proven_skill`), else 0.5.
* `w_text` is 0.01, since nobody has measured how right texts are, times how sure its author is (low 1/3, medium 2/3,
  high 1), times its freshness: 1 where it is about the current analysis, else (5 - age) / 6 with the age in sessions,
  so 5/6 for another analysis of the same session and nothing from five sessions on, the horizon of a signal.
* Agreement is the same view (BUY and bullish, HOLD and neutral, SELL and bearish), conflict is bullish against bearish.
  Where only one of the two is neutral the text neither supports nor contradicts, and counts nothing.
* A text by rule (`template`) has no view of its own and counts nothing; nor does one about a later session than the AI
  part, which tells of facts that `p` has not seen.

So a text moves the confidence by less than 0.01 / 0.51 of the way to 1 or to 0: less than 2 percentage points.
Only the two analyses and the trading calendar decide, never the present time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from stock_ai.models.analysis import AiAnalysis, Signal
from stock_ai.models.insight import Agreement, InsightPart, PartReason, PartSource
from stock_ai.models.llm import LlmAnalysis, Stance, StanceConfidence

PROVEN: Final = 1.0
UNPROVEN: Final = 0.5
TEXT: Final = 0.01
HORIZON_SESSIONS: Final = 5
TEMPLATE_PROVIDER: Final = "template"
_SURENESS: Final = {StanceConfidence.LOW: 1 / 3, StanceConfidence.MEDIUM: 2 / 3, StanceConfidence.HIGH: 1.0}
_VIEWS: Final = {Signal.BUY: Stance.BULLISH, Signal.HOLD: Stance.NEUTRAL, Signal.SELL: Stance.BEARISH}
_AGREEMENTS: Final = {PartReason.AGREES: Agreement.AGREE, PartReason.CONFLICTS: Agreement.CONFLICT}
_DECIMALS = 6
"""Of weights and of a confidence that a text has moved: more would only be noise of floating point."""
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the parts say together."""

    confidence: float | None
    calibrated: bool
    agreement: Agreement
    parts: list[InsightPart]


def weigh(ai: AiAnalysis | None, llm: LlmAnalysis | None) -> Opinion:
    """The opinion of both parts, of which one may be missing."""
    probability = ai.confidence if ai else None
    newest = max(part.as_of for part in (ai, llm) if part is not None)
    reason = _text_reason(ai, llm) if llm else None
    ai_weight = _ai_reliability(ai) if ai else 0.0
    text_weight = _text_weight(ai, llm) if llm and reason in _AGREEMENTS else 0.0
    share = text_weight / (ai_weight + text_weight) if text_weight else 0.0
    parts: list[InsightPart] = []
    if ai:
        parts.append(
            InsightPart(
                source=PartSource.AI,
                view=_VIEWS[ai.signal] if ai.signal else None,
                confidence=probability,
                weight=round(1 - share, _DECIMALS) if ai.signal else 0.0,
                reliability=ai_weight,
                as_of=ai.as_of,
                age_sessions=_sessions(ai.as_of, newest),
                used=ai.signal is not None,
                reason=PartReason.STATES if ai.signal else PartReason.WITHHELD,
            )
        )
    if llm and reason:
        parts.append(
            InsightPart(
                source=PartSource.LLM,
                view=None if _is_template(llm) else llm.stance,
                confidence=None,
                weight=round(share, _DECIMALS),
                reliability=0.0 if _is_template(llm) else TEXT,
                as_of=llm.as_of,
                age_sessions=_sessions(llm.as_of, newest),
                used=share > 0,
                reason=reason,
            )
        )
    if probability is None or not share:
        return Opinion(probability, probability is not None, Agreement.NONE, parts)
    agreement = _AGREEMENTS[reason] if reason else Agreement.NONE
    wanted = 1.0 if agreement is Agreement.AGREE else 0.0
    moved = round(probability + share * (wanted - probability), _DECIMALS)
    return Opinion(moved, False, agreement, parts)


def _text_reason(ai: AiAnalysis | None, llm: LlmAnalysis) -> PartReason:
    if _is_template(llm):
        return PartReason.TEMPLATE
    if ai is None or ai.signal is None:
        return PartReason.NO_SIGNAL
    if llm.as_of > ai.as_of:
        return PartReason.NEWER_THAN_AI
    if not _freshness(ai, llm):
        return PartReason.TOO_OLD
    view = _VIEWS[ai.signal]
    if llm.stance is view:
        return PartReason.AGREES
    return PartReason.UNDECIDED if Stance.NEUTRAL in (view, llm.stance) else PartReason.CONFLICTS


def _is_template(llm: LlmAnalysis) -> bool:
    return llm.provider == TEMPLATE_PROVIDER


def _ai_reliability(ai: AiAnalysis) -> float:
    if ai.signal is None:
        return 0.0
    return PROVEN if ai.model and ai.model.proven_skill else UNPROVEN


def _text_weight(ai: AiAnalysis | None, llm: LlmAnalysis) -> float:
    return TEXT * _SURENESS[llm.stance_confidence] * _freshness(ai, llm) if ai else 0.0


def _freshness(ai: AiAnalysis, llm: LlmAnalysis) -> float:
    if llm.ai_analysis_id == ai.analysis_id:
        return 1.0
    return max(HORIZON_SESSIONS - _sessions(llm.as_of, ai.as_of), 0) / (HORIZON_SESSIONS + 1)


def _sessions(earlier: dt.date, later: dt.date) -> int:
    """Sessions after `earlier` until `later`."""
    if earlier == later:
        return 0
    # Loading the calendar takes 20 ms, and mostly both parts are of one session.
    from stock_ai.market.trading_calendar import default_calendar

    return default_calendar().count(earlier + _DAY, later)
