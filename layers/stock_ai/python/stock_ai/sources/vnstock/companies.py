"""From a provider's lists of companies and of industries to listings."""

from __future__ import annotations

import datetime as dt
import logging
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from stock_ai.errors import RetryableError
from stock_ai.market.sessions import Exchange
from stock_ai.market.symbols import is_index, is_symbol
from stock_ai.models.listing import Listing, Sector

logger = logging.getLogger(__name__)

_EXCHANGES: Final = {**{str(exchange): exchange for exchange in Exchange}, "HSX": Exchange.HOSE}
_SECTORS: Final = {sector.icb: sector for sector in Sector}
_KINDS: Final = ("stock", "etf", "fund")
"""Bonds, covered warrants and futures are listed too, under names of which some have the form of a symbol."""
_SUPERSECTOR: Final = 2
"""The level of the ICB that `Sector` has."""
_LONGEST_NAME: Final = 200


def listings(companies: Sequence[Mapping[str, object]], on: dt.date, source: str) -> list[Listing]:
    """Stocks and funds by symbol, without their sectors; what else is listed is left out.

    Raises:
        RetryableError: no row is of a stock.
    """
    found: dict[str, Listing] = {}
    for row in companies:
        symbol, kind = _text(row.get("symbol")), _text(row.get("kind"))
        if symbol is None or not is_symbol(symbol) or is_index(symbol) or (kind or "").lower() not in _KINDS:
            continue
        found[symbol] = Listing(
            symbol=symbol,
            exchange=_EXCHANGES.get(_text(row.get("exchange")) or ""),
            name=_text(row.get("name")),
            name_en=_text(row.get("name_en")),
            as_of=on,
            source=source,
        )
    if not found:
        raise RetryableError(f"the list of companies has no stock in {len(companies)} rows")
    return [found[symbol] for symbol in sorted(found)]


def sectors(industries: Sequence[Mapping[str, object]]) -> dict[str, Sector]:
    """The sector of each symbol, out of rows with every level of the ICB.

    Raises:
        RetryableError: there is none.
    """
    found: dict[str, Sector] = {}
    unknown: set[str] = set()
    for row in industries:
        symbol, code = _text(row.get("symbol")), _text(row.get("code"))
        if symbol is None or code is None or row.get("level") != _SUPERSECTOR:
            continue
        # As a number 0500 has lost its zero.
        sector = _SECTORS.get(code.zfill(4))
        if sector is None:
            unknown.add(code)
        else:
            found[symbol] = sector
    if unknown:
        logger.warning("sectors left out, unknown ICB codes: %s", ", ".join(sorted(unknown)))
    if not found:
        raise RetryableError(f"the list of industries has no sector in {len(industries)} rows")
    return found


def _text(value: object) -> str | None:
    """One line that can be shown, None where there is none. Missing cells come as None, "" or NaN."""
    if not isinstance(value, str | int):
        return None
    letters = unicodedata.normalize("NFC", str(value))
    words = "".join(letter if letter.isprintable() else " " for letter in letters).split()
    return " ".join(words)[:_LONGEST_NAME] or None
