"""Symbols, prices and indicators."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, model_validator

from api import adjustment, charts, cursors
from api.caching import answer
from api.dependencies import ServicesDep, Symbol, current_analysis, known
from api.freshness import Gauge
from api.schemas import ChartInterval, Indicators, PriceBars, Question, StockDetail, StockItem, StockList
from stock_ai.market.symbols import is_index
from stock_ai.models import Insight, Interval, PriceBasis

if TYPE_CHECKING:
    from stock_ai.ports import SymbolInfo

router = APIRouter(prefix="/stocks", tags=["stocks"])
_MAX_AGE = 30


class StockQuery(Question):
    """Which page of which symbols."""

    q: str = Field(default="", max_length=12, description="Part of a symbol; case does not matter.", examples=["FP"])
    limit: int = Field(default=100, ge=1, le=500)
    offset: int = Field(default=0, ge=0)


TradingDate = Annotated[dt.date, Field(ge=cursors.EARLIEST, le=cursors.LATEST, examples=["2025-08-22"])]


class PriceQuery(Question):
    """Which bars."""

    interval: ChartInterval = Field(default=ChartInterval.DAY, description="`1m` is a minute, `1M` a month.")
    start: TradingDate | None = Field(
        default=None, description="First trading date; a week or month it falls into is given whole."
    )
    end: TradingDate | None = Field(
        default=None, description="Last trading date; a week or month it cuts is built from its days until then."
    )
    adjusted: bool = Field(default=False, description="Prices adjusted for dividends and splits in place of raw ones.")
    limit: int = Field(default=250, ge=1, le=5000, description="The newest so many.")
    cursor: str | None = Field(
        default=None, max_length=cursors.MAX_LENGTH, description="`next_cursor` of the page after the one wanted."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start and self.end and self.start > self.end:
            raise ValueError(f"start {self.start} is after end {self.end}")
        return self


def _item(info: SymbolInfo, insight: Insight | None, gauge: Gauge) -> StockItem:
    return StockItem(
        symbol=info.symbol,
        first=info.first,
        last=info.last,
        close=insight.close if insight else None,
        signal=insight.signal if insight else None,
        confidence=insight.confidence if insight else None,
        freshness=gauge.of_insight(insight) if insight else gauge.of(info.last),
    )


@router.get("", operation_id="listStocks", summary="List symbols", response_model=StockList)
def list_stocks(request: Request, services: ServicesDep, query: Annotated[StockQuery, Query()]) -> Response:
    """Every symbol with daily bars, sorted, with its current signal: one read of each store."""
    wanted = query.q.strip().upper()
    matching = [info for info in services.prices.symbols() if wanted in info.symbol]
    page = matching[query.offset : query.offset + query.limit]
    insights = services.insights.get_many([info.symbol for info in page]) if page else {}
    gauge = Gauge(services)
    stocks = [_item(info, insights.get(info.symbol), gauge) for info in page]
    after = query.offset + query.limit
    listing = StockList(
        total=len(matching),
        offset=query.offset,
        next_offset=after if after < len(matching) else None,
        stocks=stocks,
        freshness=gauge.combined(stock.freshness for stock in stocks),
    )
    return answer(request, listing, _MAX_AGE)


@router.get(
    "/{symbol}",
    operation_id="getStock",
    summary="One symbol",
    response_model=StockDetail,
    responses={404: {"description": "The symbol is unknown."}},
)
def get_stock(request: Request, services: ServicesDep, symbol: Symbol) -> Response:
    """Span of bars, last close and current signal of one symbol."""
    info = known(services, symbol)
    bars = services.prices.bars(symbol, Interval.DAY, info.last, info.last, 1)
    insight = services.insights.get(symbol)
    gauge = Gauge(services)
    detail = StockDetail(
        symbol=symbol,
        index=is_index(symbol),
        first=info.first,
        last=info.last,
        close=bars[0].close if bars else None,
        adjusted_close=bars[0].adjusted_close if bars else None,
        signal=insight.signal if insight else None,
        confidence=insight.confidence if insight else None,
        withheld=insight.withheld if insight else None,
        analysis_as_of=insight.as_of if insight else None,
        freshness=gauge.of_bar(bars[0]) if bars else gauge.of(info.last),
    )
    return answer(request, detail, _MAX_AGE)


@router.get(
    "/{symbol}/prices",
    operation_id="getPrices",
    summary="Bars of one symbol",
    response_model=PriceBars,
    responses={404: {"description": "The symbol is unknown."}},
)
def get_prices(
    request: Request, services: ServicesDep, symbol: Symbol, query: Annotated[PriceQuery, Query()]
) -> Response:
    """The newest bars within the given dates, oldest first; `next_cursor` leads to the ones before them."""
    before = None if query.cursor is None else cursors.decode(query.cursor, symbol, query.interval)
    gauge = Gauge(services)
    asked = charts.Asked(symbol, query.interval, query.start, query.end, before, query.limit, query.adjusted)
    page = charts.read(services, asked, gauge.now)
    if page.newest is None:
        known(services, symbol)
    bars = PriceBars(
        symbol=symbol,
        interval=query.interval,
        prices=PriceBasis.ADJUSTED if query.adjusted else PriceBasis.RAW,
        bars=[adjustment.answered(bar) for bar in page.bars],
        next_cursor=cursors.encode(symbol, query.interval, page.bars[0].time) if page.earlier else None,
        freshness=gauge.of_bar(page.newest) if page.newest else gauge.of(None),
    )
    return answer(request, bars, _MAX_AGE)


@router.get(
    "/{symbol}/indicators",
    operation_id="getIndicators",
    summary="Newest indicators",
    response_model=Indicators,
    responses={404: {"description": "The symbol is unknown, or its analysis is pending."}},
)
def get_indicators(request: Request, services: ServicesDep, symbol: Symbol) -> Response:
    """The indicators of the current analysis, on adjusted prices where the source gives them."""
    insight, analysis = current_analysis(services, symbol)
    indicators = Indicators(
        symbol=symbol,
        bars=analysis.bars,
        adjusted=analysis.adjusted,
        indicators=analysis.indicators,
        nulls=analysis.nulls,
        freshness=Gauge(services).of_insight(insight),
    )
    return answer(request, indicators, _MAX_AGE)
