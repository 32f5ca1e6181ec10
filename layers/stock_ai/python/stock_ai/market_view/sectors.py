"""The market by sectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stock_ai.market_view.breadth import directions, newest_session, stocks
from stock_ai.models.analysis import Signal
from stock_ai.models.listing import Listing, Sector
from stock_ai.models.market_view import MarketRow


@dataclass(frozen=True, slots=True)
class SectorView:
    """The stocks of one sector; moves and changes are those of the market's newest session."""

    sector: Sector | None
    """None: of stocks whose sector is not known."""
    stocks: int
    advancers: int
    decliners: int
    unchanged: int
    change_percent: float | None
    """Mean of the stocks' changes, each with the same weight; None where none is known."""
    traded_value: float
    """VND, sum of the stocks' means of 20 sessions."""
    buy: int
    sell: int
    hold: int


def sectors(rows: Iterable[MarketRow], listings: Mapping[str, Listing]) -> list[SectorView]:
    """Every sector that has a stock, in the order of their ICB numbers, the unknown one last."""
    every = stocks(rows)
    session = newest_session(every)
    members: dict[Sector | None, list[MarketRow]] = {}
    for row in every:
        listing = listings.get(row.symbol)
        members.setdefault(listing.sector if listing else None, []).append(row)
    order = [*Sector, None]
    views = []
    for sector in sorted(members, key=order.index):
        mine = members[sector]
        current = [row for row in mine if row.as_of == session]
        moves = directions(current)
        changes = [row.change_percent for row in current if row.change_percent is not None]
        signals = Counter(row.signal for row in mine)
        views.append(
            SectorView(
                sector=sector,
                stocks=len(mine),
                advancers=moves[1],
                decliners=moves[-1],
                unchanged=moves[0],
                change_percent=round(sum(changes) / len(changes), 4) if changes else None,
                traded_value=sum(row.traded_value for row in mine if row.traded_value is not None),
                buy=signals[Signal.BUY],
                sell=signals[Signal.SELL],
                hold=signals[Signal.HOLD],
            )
        )
    return views
