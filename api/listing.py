"""Symbols: the list, found by name and symbol, filtered, a page at a time; and one of them.

While prices are away both tell what the current analyses know.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from api import cursors, marks, rows
from api.dependencies import known
from api.freshness import Gauge
from api.schemas import StockDetail, StockItem, StockList
from api.services import Services
from stock_ai import market_view
from stock_ai.errors import RetryableError
from stock_ai.market.symbols import is_index
from stock_ai.models.base import Interval
from stock_ai.models.price import StockPrice

if TYPE_CHECKING:
    from stock_ai.market.sessions import Exchange
    from stock_ai.models.listing import Listing, Sector
    from stock_ai.models.market_view import MarketRow


class Asked(NamedTuple):
    """Which symbols are wanted."""

    text: str
    exchange: Exchange | None
    sector: Sector | None


class Place(NamedTuple):
    """Where a page ends."""

    rank: int
    """How well its last symbol fits the text."""
    symbol: str


class _Stock(NamedTuple):
    """A symbol with what is known of it; can be searched for."""

    symbol: str
    name: str | None
    name_en: str | None
    listing: Listing | None
    first: dt.date | None
    last: dt.date


def page(services: Services, asked: Asked, limit: int, cursor: str | None) -> StockList:
    """The first `limit` symbols behind the cursor, in one read of each store.

    Raises:
        RequestValidationError: the cursor is not one of this question.
        RetryableError: a store is away without which the answer would be wrong.
    """
    question = cursors.question("stocks", *asked)
    after = None if cursor is None else cursors.decode(cursor, question, Place)
    filtered = asked.exchange is not None or asked.sector is not None
    listings = rows.names(services, needed=filtered)
    current = {row.symbol: row for row in services.market.rows().rows}
    wanted = [stock for stock in _stocks(services, current, listings) if not filtered or _fits(stock.listing, asked)]
    found = _found(wanted, asked.text)
    rest = [each for each in found if after is None or each[:2] > after]
    shown = rest[:limit]
    gauge = Gauge(services)
    items = [_item(stock, current.get(stock.symbol), gauge) for _, _, stock in shown]
    return StockList(
        total=len(found),
        stocks=items,
        next_cursor=cursors.encode(question, shown[-1][:2]) if len(rest) > limit else None,
        freshness=gauge.combined(item.freshness for item in items),
    )


def detail(services: Services, symbol: str) -> StockDetail:
    """Names, span of bars, last close and current signal of one symbol.

    Raises:
        NotFoundError: the symbol is unknown.
        RetryableError: prices are away, and there is no analysis of it.
    """
    insight = services.insights.get(symbol)
    first: dt.date | None = None
    bar: StockPrice | None = None
    try:
        info = known(services, symbol)
        first, last = info.first, info.last
        bar = next(iter(services.prices.bars(symbol, Interval.DAY, last, last, 1)), None)
    except RetryableError:
        if insight is None:
            raise
        marks.mark("mongodb")
        last = insight.as_of
    listing = rows.names(services).get(symbol)
    gauge = Gauge(services)
    if bar is not None:
        close, freshness = bar.close, gauge.of_bar(bar)
    else:
        close = insight.close if insight else None
        freshness = gauge.of_insight(insight) if insight else gauge.of(last)
    return StockDetail(
        symbol=symbol,
        name=listing.name if listing else None,
        name_en=listing.name_en if listing else None,
        exchange=listing.exchange if listing else None,
        sector=listing.sector if listing else None,
        index=is_index(symbol),
        first=first,
        last=last,
        close=close,
        adjusted_close=bar.adjusted_close if bar else None,
        # An analysis of an earlier session knows the change of that one.
        change_percent=market_view.row(insight).change_percent if insight and insight.as_of == last else None,
        signal=insight.signal if insight else None,
        confidence=insight.confidence if insight else None,
        calibrated=insight.calibrated if insight else False,
        proven_skill=insight.proven_skill if insight else None,
        withheld=insight.withheld if insight else None,
        analysis_as_of=insight.as_of if insight else None,
        freshness=freshness,
    )


def _stocks(services: Services, current: Mapping[str, MarketRow], listings: Mapping[str, Listing]) -> Sequence[_Stock]:
    try:
        return [_stock(info.symbol, info.first, info.last, listings) for info in services.prices.symbols()]
    except RetryableError:
        marks.mark("mongodb")
        return [_stock(symbol, None, row.as_of, listings) for symbol, row in current.items()]


def _stock(symbol: str, first: dt.date | None, last: dt.date, listings: Mapping[str, Listing]) -> _Stock:
    listing = listings.get(symbol)
    if listing is None:
        return _Stock(symbol, None, None, None, first, last)
    return _Stock(symbol, listing.name, listing.name_en, listing, first, last)


def _fits(listing: Listing | None, asked: Asked) -> bool:
    return (
        listing is not None
        and (asked.exchange is None or listing.exchange == asked.exchange)
        and (asked.sector is None or listing.sector is asked.sector)
    )


def _found(stocks: Sequence[_Stock], text: str) -> Sequence[tuple[int, str, _Stock]]:
    if not text:
        return [(0, stock.symbol, stock) for stock in stocks]
    # Most lists are asked for without a text, and a cold start does without the search.
    from stock_ai.market.search import ranked

    return ranked(stocks, text)


def _item(stock: _Stock, row: MarketRow | None, gauge: Gauge) -> StockItem:
    listing = stock.listing
    return StockItem.model_construct(
        symbol=stock.symbol,
        name=stock.name,
        name_en=stock.name_en,
        exchange=listing.exchange if listing else None,
        sector=listing.sector if listing else None,
        first=stock.first,
        last=stock.last,
        close=row.close if row else None,
        change_percent=row.change_percent if row else None,
        signal=row.signal if row else None,
        confidence=row.confidence if row else None,
        calibrated=row.calibrated if row else False,
        proven_skill=row.proven_skill if row else None,
        freshness=rows.freshness(gauge, [row]) if row else gauge.of(stock.last),
    )
