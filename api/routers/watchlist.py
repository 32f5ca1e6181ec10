"""The current insights of the symbols that somebody follows."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.batches import insights
from api.caching import answer
from api.dependencies import MOST_SYMBOLS, ServicesDep, SymbolText
from api.schemas import Insights, Question

router = APIRouter(tags=["analysis"])
_MAX_AGE = 15


class WatchlistQuery(Question):
    """Whose insights."""

    symbols: SymbolText = Field(
        description=f"At most {MOST_SYMBOLS} symbols, separated by commas; case does not matter.", examples=["FPT,ACB"]
    )


@router.get("/watchlist", operation_id="getWatchlist", summary="Insights of some symbols", response_model=Insights)
def get_watchlist(request: Request, services: ServicesDep, query: Annotated[WatchlistQuery, Query()]) -> Response:
    """The current insights of these symbols, and those of which there is none."""
    return answer(request, insights(services, query.symbols.split(",")), _MAX_AGE)
