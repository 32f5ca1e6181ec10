"""Listings out of a CSV file of one's own: `symbol`, and any of `name`, `name_en`, `exchange`, `sector`."""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from stock_ai.errors import InvalidInputError
from stock_ai.market.search import plain_words
from stock_ai.market.sessions import Exchange
from stock_ai.market.symbols import is_symbol
from stock_ai.models.listing import Listing, Sector
from stock_ai.sources.csv_formats import parse_symbol

FILE_NAME: Final = "listings.csv"
"""In a folder of prices: it is no file of prices."""
COLUMNS: Final = ("symbol", "name", "name_en", "exchange", "sector")
_LONGEST_NAME: Final = 200
_SECTORS: Final = {
    plain_words(name.replace("_", " ")): sector for sector in Sector for name in (sector, sector.label, sector.label_vi)
}


def read_listings(path: Path, on: dt.date, source: str) -> list[Listing]:
    """The listings of a file, by symbol. An empty cell is not known; a sector is its key, or its name in either
    language in any case, with or without accents.

    Raises:
        InvalidInputError: the file cannot be read or has no rows, a column is unknown or missing, a symbol comes twice,
            or a cell is wrong: "FILE line N column C: 'VALUE' is not ...".
    """
    rows = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    found: dict[str, Listing] = {}
    header: list[str] | None = None
    line = 1
    try:
        for row in rows:
            if header is None:
                header = _checked_header(path, row)
            elif row:
                if len(row) != len(header):
                    raise InvalidInputError(f"{path} line {line}: {len(row)} columns, expected {len(header)}")
                listing = Listing(as_of=on, source=source, **_cells(path, line, header, row))
                if listing.symbol in found:
                    raise InvalidInputError(f"{path} line {line} column symbol: {listing.symbol!r} comes twice")
                found[listing.symbol] = listing
            line = rows.line_num + 1
    except csv.Error as error:
        raise InvalidInputError(f"{path} line {line}: {error}") from error
    if not found:
        raise InvalidInputError(f"{path}: there is no listing in it; expected columns {', '.join(COLUMNS)}")
    return [found[symbol] for symbol in sorted(found)]


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{path}: {error.strerror}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(f"{path} line {line}: byte {content[error.start]:#04x} is not UTF-8") from None


def _checked_header(path: Path, header: list[str]) -> list[str]:
    for name in header:
        if name not in COLUMNS:
            raise InvalidInputError(f"{path} line 1: column {name!r} is unknown; known are {', '.join(COLUMNS)}")
        if header.count(name) > 1:
            raise InvalidInputError(f"{path} line 1: column {name!r} comes twice")
    if "symbol" not in header:
        raise InvalidInputError(f"{path} line 1: column 'symbol' is missing")
    return header


def _cells(path: Path, line: int, header: list[str], row: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, cell in zip(header, row, strict=True):
        try:
            values[name] = _PARSERS[name](cell) if cell.strip() or name == "symbol" else None
        except ValueError as error:
            raise InvalidInputError(f"{path} line {line} column {name}: {cell[:60]!r} {error}") from None
    return values


def _symbol(cell: str) -> str:
    symbol = parse_symbol(cell)
    if not is_symbol(symbol):
        raise ValueError("is not a symbol (expected e.g. FPT)")
    return symbol


def _name(cell: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", cell).split())
    if len(name) > _LONGEST_NAME:
        raise ValueError(f"is not a name (expected at most {_LONGEST_NAME} characters)")
    if not name.isprintable():
        raise ValueError("is not a name (it has characters that cannot be shown)")
    return name


def _exchange(cell: str) -> Exchange:
    try:
        return Exchange(cell.strip().upper())
    except ValueError:
        raise ValueError(f"is not an exchange (expected {', '.join(Exchange)})") from None


def _sector(cell: str) -> Sector:
    sector = _SECTORS.get(plain_words(cell.replace("_", " ")))
    if sector is None:
        near = difflib.get_close_matches(cell.strip().lower(), list(Sector), n=1)
        expected = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(Sector)}"
        raise ValueError(f"is not a sector ({expected})")
    return sector


_PARSERS: Final[dict[str, Callable[[str], object]]] = {
    "symbol": _symbol,
    "name": _name,
    "name_en": _name,
    "exchange": _exchange,
    "sector": _sector,
}
