"""The market as a whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api import overview, rows
from api.caching import answer
from api.dependencies import ServicesDep
from api.freshness import Gauge
from api.quality import DataQuality, data_quality
from api.schemas import MarketBreadth, MarketOverview, Movers, Question, Sectors
from stock_ai.market.sessions import Exchange
from stock_ai.market_view import MoverKind, movers

router = APIRouter(prefix="/market", tags=["market"])
_MAX_AGE = 60


class MoverQuery(Question):
    """Which movers."""

    by: MoverKind = Field(
        default=MoverKind.GAINERS,
        description="`active` goes by the mean traded value of 20 sessions, `unusual_volume` by volume over its mean.",
    )
    exchange: Exchange | None = Field(default=None, description="Only stocks that are listed there.")
    limit: int = Field(default=20, ge=1, le=100, description="So many of them.")


@router.get(
    "/overview", operation_id="getMarketOverview", summary="The market at a glance", response_model=MarketOverview
)
def get_overview(request: Request, services: ServicesDep) -> Response:
    """Signals, breadth and the most confident calls."""
    return answer(request, overview.overview(services), _MAX_AGE)


@router.get("/movers", operation_id="getMarketMovers", summary="What moved or traded most", response_model=Movers)
def get_movers(request: Request, services: ServicesDep, query: Annotated[MoverQuery, Query()]) -> Response:
    """The stocks that stand out in the market's newest session."""
    market = services.market.rows().rows
    listings = rows.names(services, needed=query.exchange is not None)
    found = movers(market, listings, query.by, query.exchange, query.limit)
    content = Movers(
        by=query.by, movers=rows.answered(found, listings), freshness=rows.freshness(Gauge(services), market)
    )
    return answer(request, content, _MAX_AGE)


@router.get("/sectors", operation_id="getMarketSectors", summary="The market by sectors", response_model=Sectors)
def get_sectors(request: Request, services: ServicesDep) -> Response:
    """Moves, traded value and signals of each sector that has a stock; the last is of stocks without a known sector."""
    return answer(request, overview.sectors(services), _MAX_AGE)


@router.get("/breadth", operation_id="getMarketBreadth", summary="How many take part", response_model=MarketBreadth)
def get_breadth(request: Request, services: ServicesDep) -> Response:
    """Advancers, decliners, shares above averages, new highs and lows of the newest session; indices do not count."""
    return answer(request, overview.breadth(services), _MAX_AGE)


@router.get(
    "/quality",
    operation_id="getMarketQuality",
    summary="How right the stored prices are",
    response_model=DataQuality,
    responses={404: {"description": "The symbol is unknown, or no report has been made yet."}},
)
def get_quality(
    request: Request,
    services: ServicesDep,
    symbol: Annotated[str | None, Query(description="Only this symbol, e.g. FPT; case does not matter.")] = None,
) -> Response:
    """Completeness, gaps, quarantined records, warnings and freshness of the daily prices, from the newest report."""
    return answer(request, data_quality(services, symbol), _MAX_AGE)
