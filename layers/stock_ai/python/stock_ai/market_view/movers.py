"""The stocks that stand out in the newest session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from stock_ai.market_view.breadth import newest_session, stocks
from stock_ai.models.listing import Listing
from stock_ai.models.market_view import MarketRow


class MoverKind(StrEnum):
    """What a stock stands out by."""

    GAINERS = "gainers"
    """The greatest rises."""
    LOSERS = "losers"
    """The greatest falls."""
    ACTIVE = "active"
    """The greatest traded value, mean of 20 sessions."""
    UNUSUAL_VOLUME = "unusual_volume"
    """The greatest volume against its own mean of 20 sessions."""


_Figure = Callable[[MarketRow], float | None]
_FIGURES: dict[MoverKind, _Figure] = {
    MoverKind.GAINERS: lambda row: row.change_percent if (row.change_percent or 0) > 0 else None,
    MoverKind.LOSERS: lambda row: -row.change_percent if row.change_percent and row.change_percent < 0 else None,
    MoverKind.ACTIVE: lambda row: row.traded_value,
    MoverKind.UNUSUAL_VOLUME: lambda row: row.volume_ratio,
}


def movers(
    rows: Iterable[MarketRow],
    listings: Mapping[str, Listing],
    by: MoverKind,
    exchange: str | None = None,
    limit: int = 20,
) -> list[MarketRow]:
    """The first `limit` stocks of the newest session, of equals the first in the alphabet.

    `exchange` leaves only stocks that are known to be listed there. The session is that of the whole market.
    """
    every = stocks(rows)
    session = newest_session(every)
    figure = _FIGURES[by]
    found = [
        (value, row)
        for row in every
        if row.as_of == session
        and (exchange is None or ((listing := listings.get(row.symbol)) and listing.exchange == exchange))
        and (value := figure(row)) is not None
    ]
    found.sort(key=lambda each: (-each[0], each[1].symbol))
    return [row for _, row in found[: max(limit, 0)]]
