"""Symbols, prices and indicators."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, model_validator

from api import adjustment, charts, cursors, indicators, listing
from api.caching import answer
from api.dependencies import Day, ServicesDep, Symbol, current_analysis, known
from api.freshness import Gauge
from api.refusals import refused
from api.schemas import ChartInterval, IndicatorHistory, Indicators, PriceBars, Question, StockDetail, StockList
from stock_ai.market.sessions import Exchange
from stock_ai.models.base import PriceBasis
from stock_ai.models.listing import Sector

router = APIRouter(prefix="/stocks", tags=["stocks"])
_MAX_AGE = 30


class StockQuery(Question):
    """Which page of which symbols."""

    q: str = Field(
        default="",
        max_length=100,
        description="Part of a symbol or of a name, Vietnamese or English; case and accents do not matter.",
        examples=["hoa phat"],
    )
    exchange: Exchange | None = Field(default=None, description="Only symbols that are listed there.")
    sector: Sector | None = Field(default=None, description="Only companies of this sector.")
    limit: int = Field(default=100, ge=1, le=500, description="Symbols of one page.")
    cursor: cursors.CursorText = None


TradingDate = Annotated[Day, Field(ge=cursors.EARLIEST, le=cursors.LATEST, examples=["2025-08-22"])]


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
    cursor: cursors.CursorText = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start and self.end and self.start > self.end:
            raise ValueError(f"start {self.start} is after end {self.end}")
        return self


class IndicatorQuery(Question):
    """Which indicators."""

    names: str | None = Field(
        default=None, max_length=500, description="Only these, separated by commas.", examples=["rsi_14,sma_20"]
    )


class IndicatorHistoryQuery(Question):
    """Which indicators of which sessions."""

    names: str = Field(
        max_length=500,
        description=f"At most {indicators.MOST_NAMES}, separated by commas, some with parameters of one's own.",
        examples=["sma_20,rsi:7,macd:12:26:9"],
    )
    start: TradingDate | None = Field(
        default=None, description=f"First trading date, at most {indicators.MOST_DAYS} days before the last."
    )
    end: TradingDate | None = Field(default=None, description="Last trading date.")
    limit: int = Field(default=250, ge=1, le=indicators.MOST_SESSIONS, description="The newest so many.")


@router.get("", operation_id="listStocks", summary="Find symbols", response_model=StockList)
def list_stocks(request: Request, services: ServicesDep, query: Annotated[StockQuery, Query()]) -> Response:
    """Every symbol with daily bars that fits, with its name and its current signal: one read of each store."""
    asked = listing.Asked(query.q.strip(), query.exchange, query.sector)
    return answer(request, listing.page(services, asked, query.limit, query.cursor), _MAX_AGE)


@router.get(
    "/{symbol}",
    operation_id="getStock",
    summary="One symbol",
    response_model=StockDetail,
    responses={404: {"description": "The symbol is unknown."}},
)
def get_stock(request: Request, services: ServicesDep, symbol: Symbol) -> Response:
    """Names, span of bars, last close and current signal of one symbol."""
    return answer(request, listing.detail(services, symbol), _MAX_AGE)


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
    before = None if query.cursor is None else charts.before(query.cursor, symbol, query.interval)
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
        next_cursor=charts.cursor(symbol, query.interval, page.bars[0].time) if page.earlier else None,
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
def get_indicators(
    request: Request, services: ServicesDep, symbol: Symbol, query: Annotated[IndicatorQuery, Query()]
) -> Response:
    """The indicators of the current analysis, on adjusted prices where the source gives them."""
    insight, analysis = current_analysis(services, symbol)
    figures = analysis.indicators
    chosen = figures if query.names is None else dict.fromkeys(indicators.names_of(query.names))
    if foreign := [name for name in chosen if name not in figures]:
        raise refused(("query", "names"), f"there is no indicator {foreign[0][:40]!r} in the analysis", foreign[0])
    content = Indicators(
        symbol=symbol,
        bars=analysis.bars,
        adjusted=analysis.adjusted,
        indicators={name: figures[name] for name in chosen},
        nulls={name: why for name, why in analysis.nulls.items() if name in chosen},
        freshness=Gauge(services).of_insight(insight),
    )
    return answer(request, content, _MAX_AGE)


@router.get(
    "/{symbol}/indicators/history",
    operation_id="getIndicatorHistory",
    summary="Indicators over time",
    response_model=IndicatorHistory,
    responses={404: {"description": "The symbol is unknown."}},
)
def get_indicator_history(
    request: Request, services: ServicesDep, symbol: Symbol, query: Annotated[IndicatorHistoryQuery, Query()]
) -> Response:
    """Computed on adjusted daily prices of the whole history until `end`: the newest sessions, oldest first."""
    asked = indicators.Asked(symbol, query.names, query.start, query.end, query.limit)
    return answer(request, indicators.history(services, asked), _MAX_AGE)
