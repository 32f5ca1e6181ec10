"""How the stocks of a session moved together."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from stock_ai.market.symbols import is_index
from stock_ai.models.market_view import MarketRow


@dataclass(frozen=True, slots=True)
class MarketBreadth:
    """Counts of the stocks whose row is of `session`, the newest one; indices do not count."""

    session: dt.date | None
    advancers: int
    decliners: int
    unchanged: int
    not_compared: int
    """Stocks with a row of an earlier session, or without two closes."""
    above_sma_50_percent: float | None
    """Of the stocks that have a mean of 50 sessions; None where no stock has one."""
    above_sma_200_percent: float | None
    new_highs: int
    """Stocks that have closed at the highest price of 252 sessions."""
    new_lows: int


def stocks(rows: Iterable[MarketRow]) -> list[MarketRow]:
    """The rows without those of indices."""
    return [row for row in rows if not is_index(row.symbol)]


def newest_session(rows: Iterable[MarketRow]) -> dt.date | None:
    """The newest trading date of any AI analysis; None without one."""
    return max((row.as_of for row in rows if row.close is not None), default=None)


def breadth(rows: Iterable[MarketRow]) -> MarketBreadth:
    """The breadth of the newest session."""
    every = stocks(rows)
    session = newest_session(every)
    current = [row for row in every if row.as_of == session]
    moves = directions(current)
    return MarketBreadth(
        session=session,
        advancers=moves[1],
        decliners=moves[-1],
        unchanged=moves[0],
        not_compared=len(every) - moves.total(),
        above_sma_50_percent=_percent(row.above_sma_50 for row in current),
        above_sma_200_percent=_percent(row.above_sma_200 for row in current),
        new_highs=sum(row.new_high is True for row in current),
        new_lows=sum(row.new_low is True for row in current),
    )


def directions(rows: Iterable[MarketRow]) -> Counter[int]:
    """How many rows rose (1), fell (-1) and stood (0)."""
    changes = (row.change_percent for row in rows)
    return Counter((change > 0) - (change < 0) for change in changes if change is not None)


def _percent(flags: Iterable[bool | None]) -> float | None:
    known = [flag for flag in flags if flag is not None]
    return round(100 * sum(known) / len(known), 2) if known else None
