"""What symbols are called and where they trade, as the source says: beside the prices, which never wait for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from functions.data_collector.ports import Ports
from functions.data_collector.service import RESERVE_MS
from stock_ai.errors import InvalidInputError, RetryableError
from stock_ai.market.calendar import exchange_date
from stock_ai.market.sessions import Exchange
from stock_ai.models.listing import Listing
from stock_ai.observability import logger
from stock_ai.ports.prices import Listings, Move
from stock_ai.ports.sources import PriceSource
from stock_ai.sources.registry import is_live


def describe(source: PriceSource, ports: Ports, remaining_ms: Callable[[], int]) -> None:
    """Keep what the source knows of its symbols; of a live one once a day, while there is time.

    A failure is logged and no more.
    """
    try:
        if not is_live(source):
            changed, moves = keep(source.descriptions(), ports.listings)
            for move in moves:
                logger.warning("moved to another exchange", symbol=move.symbol, before=move.before, after=move.after)
        elif remaining_ms() < RESERVE_MS or _described_today(source, ports):
            return
        else:
            # A live market says with each exchange what it lists, and that is when moves are noticed.
            changed = ports.listings.describe(source.descriptions())
    except (InvalidInputError, RetryableError) as error:
        logger.warning("names and sectors not renewed", source=source.name, reason=str(error))
        return
    logger.info("names and sectors renewed", source=source.name, changed=changed)


def keep(listings: Sequence[Listing], store: Listings) -> tuple[int, Sequence[Move]]:
    """Keep listings whose exchanges count as well, such as those of a file; as `Listings.describe`, and the moves.

    Raises:
        RetryableError: the store is away; keeping them again is safe.
    """
    if not listings:
        return 0, []
    known, on = store.exchanges(), max(listing.as_of for listing in listings)
    moves: list[Move] = []
    for exchange in Exchange:
        moved = [one.symbol for one in listings if one.exchange == exchange != known.get(one.symbol, exchange)]
        moves += store.record(exchange, moved, on)
    return store.describe(listings), moves


def _described_today(source: PriceSource, ports: Ports) -> bool:
    today = exchange_date(ports.clock())
    return any(one.source == source.name and one.as_of >= today for one in ports.listings.all().values())
