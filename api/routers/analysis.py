"""Insights and their history."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.caching import answer
from api.dependencies import ServicesDep, Symbol, current_insight
from api.freshness import Gauge
from api.schemas import History, HistoryItem, InsightAnswer, Question

router = APIRouter(
    prefix="/analysis",
    tags=["analysis"],
    responses={404: {"description": "The symbol is unknown, or its analysis is pending."}},
)
_MAX_AGE = 15


class HistoryQuery(Question):
    """How far back."""

    limit: int = Field(default=50, ge=1, le=500, description="The newest so many.")


@router.get("/{symbol}/insight", operation_id="getInsight", summary="Current insight", response_model=InsightAnswer)
def get_insight(request: Request, services: ServicesDep, symbol: Symbol) -> Response:
    """Signal with calibrated confidence, indicators, reasons and the newest text, in one read."""
    insight = current_insight(services, symbol)
    # The parts were validated when they were read, so they are put together as they are.
    answered = InsightAnswer.model_construct(**dict(insight), freshness=Gauge(services).of_insight(insight))
    return answer(request, answered, _MAX_AGE)


@router.get("/{symbol}/history", operation_id="getHistory", summary="Past analyses", response_model=History)
def get_history(
    request: Request, services: ServicesDep, symbol: Symbol, query: Annotated[HistoryQuery, Query()]
) -> Response:
    """What was said of the symbol before, newest first. The freshness is that of the current insight."""
    insight = current_insight(services, symbol)
    entries = services.insights.history(symbol, query.limit).entries
    history = History(
        symbol=symbol,
        entries=[HistoryItem.model_construct(**dict(entry), event_time=instant) for instant, entry in entries],
        freshness=Gauge(services).of_insight(insight),
    )
    return answer(request, history, _MAX_AGE)
