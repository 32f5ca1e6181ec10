"""The market as a whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import overview
from api.caching import answer
from api.dependencies import ServicesDep
from api.freshness import Gauge
from api.quality import DataQuality, data_quality
from api.schemas import MarketOverview
from stock_ai.models import Interval

router = APIRouter(prefix="/market", tags=["market"])
_MAX_AGE = 60
_TOP = 10


@router.get(
    "/overview", operation_id="getMarketOverview", summary="The market at a glance", response_model=MarketOverview
)
def get_overview(request: Request, services: ServicesDep) -> Response:
    """Signals, breadth and the most confident calls, in three reads whatever the number of symbols."""
    listed = services.prices.symbols()
    symbols = [info.symbol for info in listed]
    found = services.insights.get_many(symbols) if symbols else {}
    insights = [found[symbol] for symbol in symbols if symbol in found]
    gauge = Gauge(services)
    market = MarketOverview(
        symbols=len(symbols),
        signals=overview.signals(insights),
        withheld=overview.withheld(insights),
        pending=len(symbols) - len(insights),
        breadth=overview.breadth(symbols, found),
        top=overview.top(insights, _TOP),
        vnindex=overview.index_move(services.prices.bars("VNINDEX", Interval.DAY, None, None, 2)),
        freshness=gauge.combined(map(gauge.of_insight, insights)),
    )
    return answer(request, market, _MAX_AGE)


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
