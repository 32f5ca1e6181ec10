"""What the history keeps of analyses, and its pages."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from stock_ai.merging.instants import from_milliseconds, milliseconds
from stock_ai.models.analysis import AiAnalysis
from stock_ai.models.base import digest
from stock_ai.models.insight import HistoryEntry, HistoryKind, HistoryPage, HistoryPosition
from stock_ai.models.llm import LlmAnalysis

HISTORY_LENGTH = 500
"""Entries kept per symbol, the newest."""


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


def history_members(analyses: Iterable[AiAnalysis | LlmAnalysis]) -> dict[bytes, int]:
    """The entries of analyses of one symbol as JSON, with the milliseconds at which each was first made."""
    members: dict[bytes, int] = {}
    for analysis in analyses:
        member, score = history_entry(analysis).wire(), milliseconds(analysis.event_time)
        members[member] = min(score, members.get(member, score))
    return members


def newest(members: dict[bytes, int]) -> dict[bytes, int]:
    """The `HISTORY_LENGTH` newest of `history_members`; of those of one millisecond the greater bytes, as in Redis."""
    ranked = sorted(members.items(), key=lambda each: (each[1], each[0]), reverse=True)
    return dict(ranked[:HISTORY_LENGTH])


def history_page(members: dict[bytes, int], limit: int, before: HistoryPosition | None) -> HistoryPage:
    """The newest `limit` entries below `before`, newest first.

    Entries of one millisecond go by the digest of their bytes. So an order is total, and no entry is left out or told
    twice wherever a page ends, also when others are added or removed between two pages.
    """
    ranked: list[tuple[int, bytes]] = []
    for score, same in itertools.groupby(sorted(members, key=members.__getitem__, reverse=True), members.__getitem__):
        group = list(same)
        if before is not None and score > milliseconds(before.event_time):
            continue
        if before is not None and score == milliseconds(before.event_time):
            group = [member for member in group if _name(member) < before.member]
        # Most milliseconds have one entry, and names take time.
        ranked += [(score, member) for member in (sorted(group, key=_name, reverse=True) if group[1:] else group)]
    chosen = ranked[: max(limit, 0)]
    more = bool(chosen) and len(ranked) > len(chosen)
    return HistoryPage(
        entries=tuple((from_milliseconds(score), HistoryEntry.model_validate_json(member)) for score, member in chosen),
        next=HistoryPosition(from_milliseconds(chosen[-1][0]), _name(chosen[-1][1])) if more else None,
    )


def _name(member: bytes) -> str:
    """The name of an entry in a position."""
    return digest(member.decode())
