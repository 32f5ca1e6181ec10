"""The public track record."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api import cursors
from api.caching import answer
from api.dependencies import ServicesDep, Symbol
from api.schemas import Question
from api.track_record import SymbolTrackRecord, TrackRecordAnswer, market_record, symbol_record

router = APIRouter(prefix="/track-record", tags=["track record"])
_MAX_AGE = 60


class SignalQuery(Question):
    """Which page of the signals."""

    limit: int = Field(default=50, ge=1, le=500, description="The newest so many; those of one date stay together.")
    cursor: cursors.CursorText = None


@router.get(
    "",
    operation_id="getTrackRecord",
    summary="How often signals came true",
    response_model=TrackRecordAnswer,
    responses={404: {"description": "No signal has been scored yet."}},
)
def get_track_record(request: Request, services: ServicesDep) -> Response:
    """Every signal ever issued, scored after 1, 5 and 20 sessions: overall, by model, signal, confidence and month."""
    return answer(request, market_record(services), _MAX_AGE)


@router.get(
    "/{symbol}",
    operation_id="getSymbolTrackRecord",
    summary="Signals of one symbol and what came of them",
    response_model=SymbolTrackRecord,
    responses={404: {"description": "The symbol is unknown."}},
)
def get_symbol_track_record(
    request: Request, services: ServicesDep, symbol: Symbol, query: Annotated[SignalQuery, Query()]
) -> Response:
    """Newest first, each with its outcomes and the ones that were corrected; `next_cursor` leads to those before."""
    return answer(request, symbol_record(services, symbol, query.limit, query.cursor), _MAX_AGE)
