"""The screen of signals."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api import cursors, rows
from api.caching import answer
from api.dependencies import ServicesDep
from api.freshness import Gauge
from api.schemas import Question, SignalScreen
from stock_ai.market.sessions import Exchange
from stock_ai.market_view import Filters, ScreenPosition, Sort, screen
from stock_ai.models.analysis import Signal
from stock_ai.models.listing import Sector

router = APIRouter(prefix="/signals", tags=["market"])
_MAX_AGE = 60


class ScreenQuery(Question):
    """Which signals, in which order."""

    signal: Signal | None = Field(default=None, description="Only this one.")
    min_confidence: float | None = Field(default=None, ge=0, le=1, description="Only signals at least so probable.")
    sector: Sector | None = Field(default=None, description="Only companies of this sector.")
    exchange: Exchange | None = Field(default=None, description="Only symbols that are listed there.")
    min_traded_value: float | None = Field(default=None, ge=0, le=1e15, description="VND, mean of 20 sessions.")
    sort: Sort = Field(
        default=Sort.CONFIDENCE_DOWN,
        description="`-` is descending. Stocks without the figure come last, equals by symbol.",
    )
    limit: int = Field(default=50, ge=1, le=500, description="Signals of one page.")
    cursor: cursors.CursorText = None


@router.get("", operation_id="listSignals", summary="Signals, filtered and sorted", response_model=SignalScreen)
def list_signals(request: Request, services: ServicesDep, query: Annotated[ScreenQuery, Query()]) -> Response:
    """Every current signal that comes through the filters; what is not known of a stock comes through none."""
    asked = query.model_dump(mode="json", exclude={"limit", "cursor"})
    question = cursors.question("signals", *asked.values())
    after = None if query.cursor is None else cursors.decode(query.cursor, question, ScreenPosition)
    filters = Filters(**query.model_dump(exclude={"sort", "limit", "cursor"}))
    market = services.market.rows().rows
    listings = rows.names(services, needed=query.sector is not None or query.exchange is not None)
    page = screen(market, listings, filters, query.sort, query.limit, after)
    content = SignalScreen(
        total=page.total,
        signals=rows.answered(page.rows, listings),
        next_cursor=None if page.next is None else cursors.encode(question, page.next),
        freshness=rows.freshness(Gauge(services), market),
    )
    return answer(request, content, _MAX_AGE)
