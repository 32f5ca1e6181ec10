"""Which symbols are meant."""

from __future__ import annotations

from collections.abc import Sequence

from stock_ai.market.symbols import GROUPS
from stock_ai.ports.sources import MarketSource

DEFAULT_SYMBOLS = ("VN30",)


def resolved(source: MarketSource, names: Sequence[str]) -> list[str]:
    """Symbols out of symbols and names of groups; a group brings VNINDEX, which analyses compare with.

    Raises:
        InvalidInputError: a name is neither.
        RateLimitedError, RetryableError: a group cannot be listed now.
    """
    symbols: dict[str, None] = {}
    for name in names or DEFAULT_SYMBOLS:
        if name in GROUPS:
            symbols |= dict.fromkeys((*source.listing(name), "VNINDEX"))
        else:
            symbols[name] = None
    source.check(list(symbols))
    return list(symbols)
