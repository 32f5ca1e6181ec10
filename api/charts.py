"""One page of the bars of a series: daily and intraday bars as stored, weeks and months built from days."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from api import adjustment, cursors
from api.schemas import ChartInterval
from stock_ai.market.adjusting import Candle
from stock_ai.market.calendar import EXCHANGE_ZONE, exchange_date
from stock_ai.market.resampling import Period, resampled
from stock_ai.models.base import Interval
from stock_ai.models.price import BarTime, StockPrice

if TYPE_CHECKING:
    from api.services import Services
    from stock_ai.ports.prices import PriceStore

_ONE_DAY = dt.timedelta(days=1)
_LENGTHS = {
    Interval.HOUR: dt.timedelta(hours=1),
    Interval.MINUTES_15: dt.timedelta(minutes=15),
    Interval.MINUTES_5: dt.timedelta(minutes=5),
    Interval.MINUTE: dt.timedelta(minutes=1),
}


class Place(NamedTuple):
    """Where a page ends: its bars lie before `before`, a date or the instant of an intraday bar."""

    before: BarTime


class Asked(NamedTuple):
    """Which bars are wanted: of trading dates `start` to `end`, before `before` where a cursor says so."""

    symbol: str
    interval: ChartInterval
    start: dt.date | None
    end: dt.date | None
    before: dt.date | None
    limit: int
    adjusted: bool


class Page(NamedTuple):
    """The newest `limit` bars of what is wanted, oldest first."""

    bars: Sequence[Candle]
    newest: StockPrice | None
    """The last stored bar that went into them."""
    earlier: bool
    """Whether there are wanted bars before these."""


def cursor(symbol: str, interval: ChartInterval, before: dt.date) -> str:
    """Cursor of the bars of a series before the one at `before`. Newer bars that arrive do not move it."""
    return cursors.encode(_question(symbol, interval), (before,))


def before(text: str, symbol: str, interval: ChartInterval) -> dt.date:
    """Where the page of a cursor ends.

    Raises:
        RequestValidationError: it is no cursor of ours, or one of another symbol or interval; names `cursor`.
    """
    end = cursors.decode(text, _question(symbol, interval), Place).before
    date = end.date() if isinstance(end, dt.datetime) else end
    intraday = interval not in (ChartInterval.DAY, ChartInterval.WEEK, ChartInterval.MONTH)
    if isinstance(end, dt.datetime) is not intraday or not cursors.EARLIEST < date < cursors.LATEST:
        raise cursors.unknown(text)
    return end


def read(services: Services, asked: Asked, now: dt.datetime) -> Page:
    """Read the page in one question to the store of prices; `now` (aware) tells which weeks and months are over.

    Raises:
        RetryableError: the store is away.
    """
    if asked.interval in (ChartInterval.WEEK, ChartInterval.MONTH):
        return _periods(services, asked, Period(asked.interval), now)
    bars = _stored(services.prices, asked, Interval(asked.interval))
    shown = bars[-asked.limit :]
    return Page(_candles(shown, asked), shown[-1] if shown else None, earlier=len(bars) > asked.limit)


def _question(symbol: str, interval: ChartInterval) -> str:
    return cursors.question("prices", symbol, interval)


def _stored(prices: PriceStore, asked: Asked, interval: Interval) -> Sequence[StockPrice]:
    """The newest bars, one more than wanted where there is one: it tells that there are earlier ones."""
    count = asked.limit + 1
    before = asked.before
    if not isinstance(before, dt.datetime):
        return prices.bars(asked.symbol, interval, asked.start, _earlier(asked.end, before), count)
    # The store is asked by trading date, so the rest of that day is read too and left out here.
    date = exchange_date(before)
    midnight = dt.datetime.combine(date + _ONE_DAY, dt.time.min, EXCHANGE_ZONE)
    until = date if asked.end is None else min(asked.end, date)
    rest = math.ceil((midnight - before) / _LENGTHS[interval])
    bars = prices.bars(asked.symbol, interval, asked.start, until, count + rest)
    return [bar for bar in bars if bar.time < before][-count:]


def _periods(services: Services, asked: Asked, period: Period, now: dt.datetime) -> Page:
    """Whole periods from the one of `start` on. A period that `end` cuts is built from its days until then."""
    since = None if asked.start is None else period.first_day(asked.start)
    # So many days are of more than `limit` periods, so the earliest, which may be cut here, is not shown.
    count = asked.limit * period.most_sessions + 1
    days = services.prices.bars(asked.symbol, Interval.DAY, since, _earlier(asked.end, asked.before), count)
    bars = list(resampled(_candles(days, asked), period, services.calendar, asked.end, now))
    return Page(bars[-asked.limit :], days[-1] if days else None, earlier=len(bars) > asked.limit)


def _candles(bars: Sequence[StockPrice], asked: Asked) -> list[Candle]:
    return [adjustment.candle(bar, on_adjusted=asked.adjusted) for bar in bars]


def _earlier(end: dt.date | None, before: dt.date | None) -> dt.date | None:
    """The last date that is within `end` and before `before`."""
    dates = [date for date in (end, None if before is None else before - _ONE_DAY) if date is not None]
    return min(dates, default=None)
