"""How analyses become one insight: the newest of each kind, brought together by the rule in `opinions`."""

from __future__ import annotations

from stock_ai.merging.instants import milliseconds
from stock_ai.merging.opinions import weigh
from stock_ai.models.analysis import AiAnalysis
from stock_ai.models.base import digest
from stock_ai.models.insight import Insight
from stock_ai.models.llm import LlmAnalysis


def merge(current: Insight | None, analysis: AiAnalysis | LlmAnalysis) -> Insight:
    """`current` with `analysis` in its part, if that is newer by `version`; else `current` itself."""
    ai, llm = (current.ai, current.llm) if current else (None, None)
    part = ai if isinstance(analysis, AiAnalysis) else llm
    if current is not None and part is not None and not _is_newer(analysis, part):
        return current
    return _insight(analysis, llm) if isinstance(analysis, AiAnalysis) else _insight(ai, analysis)


def restated(insight: Insight) -> Insight:
    """An insight of an earlier release, which tells no parts, in the form of this one; any other one itself."""
    return insight if insight.parts else _insight(insight.ai, insight.llm)


def version(insight: Insight) -> str:
    """What orders the insights of one symbol: of any two that follow from each other the later one is the greater.

    Compare it byte by byte. It is made of the versions of both parts; a part that is not there is the lowest.
    """
    return " ".join("0" * 16 if part is None else _version(part) for part in (insight.ai, insight.llm))


def _is_newer(one: AiAnalysis | LlmAnalysis, other: AiAnalysis | LlmAnalysis) -> bool:
    """By event time, then by id; the content decides between two texts that share both."""
    order, other_order = (one.event_time, one.analysis_id), (other.event_time, other.analysis_id)
    return order > other_order or (order == other_order and one != other and _version(one) > _version(other))


def _version(analysis: AiAnalysis | LlmAnalysis) -> str:
    named = f"{milliseconds(analysis.event_time):016d} {analysis.analysis_id}"
    # The id of an AI analysis names its content, that of a text names what it was asked from.
    return named if isinstance(analysis, AiAnalysis) else f"{named} {digest(analysis.model_dump_json())}"


def _insight(ai: AiAnalysis | None, llm: LlmAnalysis | None) -> Insight:
    parts = [part for part in (ai, llm) if part is not None]
    opinion = weigh(ai, llm)
    return Insight(
        symbol=parts[0].symbol,
        event_time=max(part.event_time for part in parts),
        as_of=parts[0].as_of,
        close=ai.close if ai else None,
        signal=ai.signal if ai else None,
        confidence=opinion.confidence,
        calibrated=opinion.calibrated,
        agreement=opinion.agreement,
        proven_skill=ai.model.proven_skill if ai and ai.model else None,
        withheld=ai.withheld if ai else None,
        # One simulated part makes the whole simulated.
        simulated=any(part.simulated for part in parts),
        provisional=ai.provisional if ai else False,
        parts=opinion.parts,
        ai=ai,
        llm=llm,
    )
