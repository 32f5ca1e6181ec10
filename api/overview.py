"""The market at a glance, from its rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from api import freshness, marks, rows
from api.freshness import Gauge
from api.schemas import Breadth, IndexMove, MarketBreadth, MarketOverview, RankedSignal, SectorItem, Sectors
from api.services import Services
from stock_ai import market_view
from stock_ai.errors import RetryableError
from stock_ai.models.base import Interval, Price
from stock_ai.models.price import StockPrice

if TYPE_CHECKING:
    from stock_ai.models.listing import Listing
    from stock_ai.models.market_view import MarketRow

_INDEX = "VNINDEX"
_TOP = 10


def overview(services: Services) -> MarketOverview:
    """Signals, breadth and the most confident calls, in as many reads whatever the number of symbols."""
    market = services.market.rows().rows
    listings = rows.names(services)
    stored, move = _of_prices(services, market)
    return MarketOverview(
        symbols=len(market) if stored is None else len(stored),
        sectors=sum(view.sector is not None for view in market_view.sectors(market, listings)),
        signals=market_view.signal_counts(market),
        withheld=market_view.withheld_counts(market),
        pending=None if stored is None else len(stored - {row.symbol for row in market}),
        breadth=Breadth(**dataclasses.asdict(market_view.breadth(market))),
        top=_top(market, listings),
        vnindex=move,
        freshness=rows.freshness(Gauge(services), market),
    )


def breadth(services: Services) -> MarketBreadth:
    """The breadth of the newest session."""
    market = services.market.rows().rows
    return MarketBreadth(
        **dataclasses.asdict(market_view.breadth(market)), freshness=rows.freshness(Gauge(services), market)
    )


def sectors(services: Services) -> Sectors:
    """Every sector that has a stock.

    Raises:
        RetryableError: the listings are away: without them no stock has a sector.
    """
    market = services.market.rows().rows
    views = market_view.sectors(market, rows.names(services, needed=True))
    return Sectors(
        sectors=[SectorItem(**dataclasses.asdict(view)) for view in views],
        freshness=rows.freshness(Gauge(services), market),
    )


def index_move(bars: Sequence[StockPrice]) -> IndexMove | None:
    """The move from the last bar but one to the last; None without bars."""
    if not bars:
        return None
    last = bars[-1]
    before: Price | None = bars[-2].close if len(bars) > 1 else None
    change = round(float(last.close / before - 1) * 100, 2) if last.close is not None and before else None
    return IndexMove(
        symbol=last.symbol,
        as_of=freshness.trading_date(last),
        close=last.close,
        previous_close=before,
        change_percent=change,
    )


def _of_prices(services: Services, market: Sequence[MarketRow]) -> tuple[set[str] | None, IndexMove | None]:
    """The symbols with bars, and the move of the index; while prices are away None, and what the analysis saw."""
    try:
        stored = {info.symbol for info in services.prices.symbols()}
        return stored, index_move(services.prices.bars(_INDEX, Interval.DAY, None, None, 2))
    except RetryableError:
        marks.mark("mongodb")
        index = next((row for row in market if row.symbol == _INDEX), None)
        return None, index and IndexMove(
            symbol=_INDEX,
            as_of=index.as_of,
            close=index.close,
            previous_close=None,
            change_percent=None if index.change_percent is None else round(index.change_percent, 2),
        )


def _top(market: Sequence[MarketRow], listings: Mapping[str, Listing]) -> list[RankedSignal]:
    return [
        RankedSignal.model_validate(row, from_attributes=True)
        for row in rows.answered(market_view.top_signals(market, _TOP), listings)
    ]
