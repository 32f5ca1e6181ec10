"""The market's rows in an answer: with names, and how fresh they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from api import marks
from api.freshness import Gauge
from api.schemas import Freshness, Row
from api.services import Services
from stock_ai.errors import RetryableError

if TYPE_CHECKING:
    from stock_ai.models.listing import Listing
    from stock_ai.models.market_view import MarketRow

_NOBODY: Mapping[str, Listing] = MappingProxyType({})


def names(services: Services, *, needed: bool = False) -> Mapping[str, Listing]:
    """All listings by symbol; none while their store is away, unless they are `needed` to answer rightly.

    Raises:
        RetryableError: the store is away, and they are needed.
    """
    try:
        return services.listings.all()
    except RetryableError:
        if needed:
            raise
        marks.mark("mongodb")
        return _NOBODY


def answered(rows: Sequence[MarketRow], listings: Mapping[str, Listing]) -> list[Row]:
    """The rows as an answer has them."""
    return [_answered(row, listings.get(row.symbol)) for row in rows]


def freshness(gauge: Gauge, rows: Sequence[MarketRow]) -> Freshness:
    """Freshness of an answer made of rows: newest date, the only source, a flag if any has it."""
    sources = {row.source for row in rows if row.source is not None}
    return gauge.of(
        max((row.as_of for row in rows), default=None),
        sources.pop() if len(sources) == 1 else None,
        provisional=any(row.provisional for row in rows) if rows else None,
        simulated=any(row.simulated for row in rows) if rows else None,
    )


def _answered(row: MarketRow, listing: Listing | None) -> Row:
    # What a row holds was checked when its insight was read.
    return Row.model_construct(
        symbol=row.symbol,
        name=listing.name if listing else None,
        name_en=listing.name_en if listing else None,
        exchange=listing.exchange if listing else None,
        sector=listing.sector if listing else None,
        signal=row.signal,
        confidence=row.confidence,
        calibrated=row.calibrated,
        proven_skill=row.proven_skill,
        close=row.close,
        change_percent=row.change_percent,
        traded_value=row.traded_value,
        volume_ratio=row.volume_ratio,
        as_of=row.as_of,
        provisional=row.provisional,
        simulated=row.simulated,
    )
