"""Insights and their history."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api import batches, cursors
from api.caching import answer
from api.dependencies import MOST_SYMBOLS, ServicesDep, Symbol, Symbols, current_insight
from api.freshness import Gauge
from api.schemas import History, HistoryItem, InsightAnswer, Insights, Question
from stock_ai.models.insight import HistoryPosition

router = APIRouter(
    prefix="/analysis",
    tags=["analysis"],
    responses={404: {"description": "The symbol is unknown, or its analysis is pending."}},
)
_MAX_AGE = 15


class HistoryQuery(Question):
    """How far back."""

    limit: int = Field(default=50, ge=1, le=500, description="The newest so many.")
    cursor: cursors.CursorText = None


class BatchQuery(Question):
    """Whose insights."""

    symbols: Symbols = Field(
        min_length=1, max_length=MOST_SYMBOLS, description="Case does not matter.", examples=[["FPT", "ACB"]]
    )


@router.post(
    "/insights", operation_id="getInsights", summary="Current insights of some symbols", response_model=Insights
)
def get_insights(services: ServicesDep, query: BatchQuery) -> Response:
    """The current insights of these symbols, and those of which there is none."""
    content = batches.insights(services, query.symbols).model_dump_json()
    return Response(content, media_type="application/json", headers={"Cache-Control": "no-store"})


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
    question = cursors.question("history", symbol)
    before = None if query.cursor is None else cursors.decode(query.cursor, question, HistoryPosition)
    insight = current_insight(services, symbol)
    page = services.insights.history(symbol, query.limit, before)
    history = History(
        symbol=symbol,
        entries=[HistoryItem.model_construct(**dict(entry), event_time=instant) for instant, entry in page.entries],
        next_cursor=None if page.next is None else cursors.encode(question, page.next),
        freshness=Gauge(services).of_insight(insight),
    )
    return answer(request, history, _MAX_AGE)
