"""From a provider's rows to bars: units, dates, duplicates, and answers too strange to be used."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from stock_ai.errors import RetryableError
from stock_ai.market.calendar import EXCHANGE_ZONE, exchange_date, is_final
from stock_ai.market.symbols import is_index
from stock_ai.models.base import Interval, Price, PriceBasis
from stock_ai.ports.sources import SourceBar

_PRICES = ("open", "high", "low", "close")
_COLUMNS = ("time", *_PRICES, "volume")

_LOWEST_CLOSE = 20
_DOUBTFUL_CLOSE = 100
_HIGHEST_CLOSE = 3_000_000
"""VND, of the median. No stock has closed above 1.4 million. None trades below one tick of 100, but the back-adjusted
bars of two penny stocks (DKC, VLP) stand at 30 and 80, as do those of a share of 30,000 VND in the wrong unit."""
_LARGEST_STEP = 200
"""Between two bars, as a factor. An error of unit is 1000; no session, halt or split comes near."""

SPANS = {
    Interval.HOUR: dt.timedelta(hours=1),
    Interval.MINUTES_15: dt.timedelta(minutes=15),
    Interval.MINUTES_5: dt.timedelta(minutes=5),
    Interval.MINUTE: dt.timedelta(minutes=1),
}


def daily(
    symbol: str,
    rows: Sequence[Mapping[str, object]],
    unit: int,
    since: dt.date | None,
    until: dt.date | None,
    now: dt.datetime,
) -> list[SourceBar]:
    """Daily bars by trading date, oldest first, within `since` and `until`; prices are in `unit` VND, or points.

    Whatever hour a row is stamped with, its date is the trading date. Bars in the future are kept: the consumer sets
    them aside and says so. A date that comes twice with the same content counts once.

    Raises:
        RetryableError: a column is missing, a cell is no number or time, or a date has two contents.
    """
    _require(symbol, rows, _COLUMNS)
    bars = []
    for row in rows:
        date = _local(symbol, row["time"]).date()
        if (since is None or since <= date) and (until is None or date <= until):
            bars.append(_bar(symbol, date, row, unit, provisional=not is_final(date, now)))
    return _ordered(symbol, bars)


def intraday(
    symbol: str,
    interval: Interval,
    rows: Sequence[Mapping[str, object]],
    unit: int,
    since: dt.date,
    until: dt.date,
    now: dt.datetime,
) -> list[SourceBar]:
    """Bars within a day by the UTC instant they open, within the trading dates `since` to `until`, oldest first.

    Rows without prices and without volume fill hours in which nothing traded, lunch among them; they are dropped.

    Raises:
        RetryableError: as `daily`.
    """
    _require(symbol, rows, _COLUMNS)
    bars = []
    for row in rows:
        opens = _local(symbol, row["time"])
        if since <= opens.date() <= until:
            bar = _bar(symbol, opens.astimezone(dt.UTC), row, unit, provisional=now < opens + SPANS[interval])
            if bar.volume or any(price is not None for price in bar[2:6]):
                bars.append(bar)
    return _ordered(symbol, bars)


def board(rows: Sequence[Mapping[str, object]], now: dt.datetime) -> list[SourceBar]:
    """Today's bars as traded, one for each symbol of a price board that has traded today, sorted by symbol.

    Raises:
        RetryableError: as `daily`.
    """
    _require("price board", rows, ("symbol", *_COLUMNS))
    today = exchange_date(now)
    bars: dict[str, SourceBar] = {}
    for row in rows:
        symbol = str(row["symbol"])
        volume = _volume(symbol, row["volume"])
        if not volume or _absent(row["time"]) or _local(symbol, row["time"]).date() != today:
            continue
        # A board shows 0 for a price that there is not.
        open_, high, low, close = (_price(symbol, row[name], 1) or None for name in _PRICES)
        bar = SourceBar(symbol, today, open_, high, low, close, None, volume, not is_final(today, now), PriceBasis.RAW)
        if bars.setdefault(symbol, bar) != bar:
            raise RetryableError(f"{symbol}: the price board has two rows that differ")
    closes = [bar.close for bar in bars.values() if bar.close and not _is_warrant(bar.symbol)]
    if closes and not _DOUBTFUL_CLOSE <= _middle(closes) <= _HIGHEST_CLOSE:
        raise RetryableError(f"price board: a median of {_middle(closes)} VND cannot be; is the unit another?")
    return [bars[symbol] for symbol in sorted(bars)]


def doubtful_close(symbol: str, bars: Sequence[SourceBar]) -> int | None:
    """The median close in VND where it may be that of a penny stock or of another unit; None where it is plausible.

    Which of two scales is right cannot be told from an answer itself.

    Raises:
        RetryableError: the unit is wrong.
    """
    closes = [bar.close for bar in bars if bar.close]
    if is_index(symbol) or not closes:
        return None
    median = _middle(closes)
    # A covered warrant may well trade at 10 VND.
    if median > _HIGHEST_CLOSE or (median < _LOWEST_CLOSE and not _is_warrant(symbol)):
        raise RetryableError(f"{symbol}: a median close of {median} VND cannot be; is the unit another?")
    for before, after in itertools.pairwise(closes):
        if min(before, after) > 0 and max(before, after) / min(before, after) > _LARGEST_STEP:
            raise RetryableError(f"{symbol}: closes of {before} and {after} VND follow each other; two units?")
    return int(median) if median < _DOUBTFUL_CLOSE and not _is_warrant(symbol) else None


def _middle(closes: Sequence[Price]) -> Price:
    return sorted(closes)[len(closes) // 2]


def _require(what: str, rows: Sequence[Mapping[str, object]], columns: Iterable[str]) -> None:
    missing = [name for name in columns if rows and not any(name in row for row in rows)]
    if missing:
        raise RetryableError(f"{what}: the answer has no {', '.join(missing)}")


def _bar(symbol: str, time: dt.date, row: Mapping[str, object], unit: int, provisional: bool) -> SourceBar:
    factor = 1 if is_index(symbol) else unit
    open_, high, low, close = (_price(symbol, row.get(name), factor) for name in _PRICES)
    basis = PriceBasis.RAW if is_index(symbol) else PriceBasis.ADJUSTED
    volume = _volume(symbol, row.get("volume"))
    return SourceBar(symbol, time, open_, high, low, close, close, volume, provisional, basis)


def _ordered(symbol: str, bars: list[SourceBar]) -> list[SourceBar]:
    by_time: dict[dt.date, SourceBar] = {}
    for bar in bars:
        if by_time.setdefault(bar.time, bar) != bar:
            raise RetryableError(f"{symbol}: {bar.time.isoformat()} comes twice, with different prices or volumes")
    return [by_time[time] for time in sorted(by_time)]


def _is_warrant(symbol: str) -> bool:
    return len(symbol) == 8 and symbol.startswith("C")


def _absent(value: object) -> bool:
    # Not equal to itself: NaN and NaT.
    return value is None or value == "" or value != value


def _number(symbol: str, value: object) -> Decimal | None:
    if _absent(value):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise RetryableError(f"{symbol}: {value!r} is no number") from None
    if not number.is_finite():
        return None
    return number


def _price(symbol: str, value: object, factor: int) -> Price | None:
    number = _number(symbol, value)
    if number is None:
        return None
    if is_index(symbol):
        # Written in one way only, since a bar's `event_id` depends on how it is written.
        return Decimal(f"{number.normalize():f}")
    vnd = round(number * factor)
    if number and not vnd:
        raise RetryableError(f"{symbol}: a price of {number * factor} VND cannot be; is the unit another?")
    return vnd


def _volume(symbol: str, value: object) -> int | None:
    number = _number(symbol, value)
    return None if number is None else int(number)


def _local(symbol: str, value: object) -> dt.datetime:
    """The exchange's wall clock at a row's stamp: text or naive times are that already, numbers are ms since 1970."""
    try:
        if isinstance(value, dt.datetime):
            stamp = value
        elif isinstance(value, int | float | Decimal):
            stamp = dt.datetime.fromtimestamp(float(value) / 1000, dt.UTC)
        else:
            stamp = dt.datetime.fromisoformat(str(value))
        return stamp.replace(tzinfo=EXCHANGE_ZONE) if stamp.tzinfo is None else stamp.astimezone(EXCHANGE_ZONE)
    except (ValueError, OverflowError):
        raise RetryableError(f"{symbol}: {value!r} is no time") from None


def newest_first(first: dt.date, last: dt.date, longest: dt.timedelta) -> Iterator[tuple[dt.date, dt.date]]:
    """`first` to `last` (inclusive) in spans of at most `longest`, from the newest on."""
    end = last
    while end >= first:
        start = max(first, end - longest + dt.timedelta(days=1))
        yield start, end
        end = start - dt.timedelta(days=1)
