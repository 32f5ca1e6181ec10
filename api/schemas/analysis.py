"""Insights and their history."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from api.schemas.base import Answer, Freshness
from stock_ai.models.insight import HistoryEntry, Insight


class InsightAnswer(Insight):
    """The current insight."""

    freshness: Freshness


class Insights(Answer):
    """The current insights of the symbols that were asked for, in that order."""

    insights: list[InsightAnswer]
    unknown: list[str] = Field(description="Symbols of which no price is stored.")
    pending: list[str] = Field(
        description="Symbols that have prices and no analysis yet; while prices are away, unknown ones too."
    )


class HistoryItem(HistoryEntry):
    """One analysis of the past."""

    event_time: dt.datetime = Field(description="When the analysis was made, UTC.")


class History(Answer):
    """Past analyses of one symbol, newest first."""

    symbol: str
    entries: list[HistoryItem]
    next_cursor: str | None = Field(description="`cursor` that asks for the ones before these; null when none are.")
