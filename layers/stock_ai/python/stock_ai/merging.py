"""How analyses become one insight, as pure functions: the same set of analyses gives the same bytes in any order."""

from __future__ import annotations

import datetime as dt

from stock_ai import clock
from stock_ai.models import AiAnalysis, HistoryEntry, HistoryKind, Insight, LlmAnalysis


def to_millisecond(analysis: AiAnalysis | LlmAnalysis) -> AiAnalysis | LlmAnalysis:
    """The analysis with its event time cut to the millisecond.

    MongoDB dates and the scores in Redis hold no more, so nothing may be decided or shown by what is finer.
    """
    cut = clock.to_millisecond(analysis.event_time)
    return analysis if cut == analysis.event_time else analysis.model_copy(update={"event_time": cut})


def merge(current: Insight | None, analysis: AiAnalysis | LlmAnalysis) -> Insight:
    """`current` with `analysis` in its part, if that is newer by (event time, analysis id); else `current` itself."""
    ai, llm = (current.ai, current.llm) if current else (None, None)
    part = ai if isinstance(analysis, AiAnalysis) else llm
    if current is not None and part is not None and not _version(part) < _version(analysis):
        return current
    return _insight(analysis, llm) if isinstance(analysis, AiAnalysis) else _insight(ai, analysis)


def history_entry(analysis: AiAnalysis | LlmAnalysis) -> HistoryEntry:
    """What the history keeps of an analysis; equal for equal analyses, whenever they were made."""
    if isinstance(analysis, AiAnalysis):
        return HistoryEntry(
            kind=HistoryKind.AI,
            analysis_id=analysis.analysis_id,
            as_of=analysis.as_of,
            close=analysis.close,
            signal=analysis.signal,
            confidence=analysis.confidence,
            model_version=analysis.model.version if analysis.model else None,
            simulated=analysis.simulated,
        )
    return HistoryEntry(
        kind=HistoryKind.LLM,
        analysis_id=analysis.analysis_id,
        as_of=analysis.as_of,
        summary=analysis.summary,
        simulated=analysis.simulated,
    )


def _version(analysis: AiAnalysis | LlmAnalysis) -> tuple[dt.datetime, str]:
    return analysis.event_time, analysis.analysis_id


def _insight(ai: AiAnalysis | None, llm: LlmAnalysis | None) -> Insight:
    parts = [part for part in (ai, llm) if part is not None]
    return Insight(
        symbol=parts[0].symbol,
        event_time=max(part.event_time for part in parts),
        as_of=parts[0].as_of,
        close=ai.close if ai else None,
        signal=ai.signal if ai else None,
        confidence=ai.confidence if ai else None,
        withheld=ai.withheld if ai else None,
        # One simulated part makes the whole simulated.
        simulated=any(part.simulated for part in parts),
        provisional=ai.provisional if ai else False,
        ai=ai,
        llm=llm,
    )
