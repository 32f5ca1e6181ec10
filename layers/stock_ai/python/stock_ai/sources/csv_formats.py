"""The two layouts of CSV files, how a header tells them apart, and what a cell may say. No Arrow here.

| layout | symbol | date | prices |
|---|---|---|---|
| tidy | a column | yyyy-mm-dd | VND, or points for an index |
| Vietnamese | the file's name | dd/mm/yyyy | thousand VND, or points for an index |
"""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from stock_ai.errors import InvalidInputError

SYMBOL, DATE, VOLUME = "symbol", "date", "volume"
PRICES: Final = ("open", "high", "low", "close", "adjusted_close")

PRICE_DIGITS, PRICE_DECIMALS = 15, 9
"""A price has at most 15 digits before the point; beyond 9 after it, it is rounded half-even."""

_BLANK = " \t\n\r\x0b\x0c"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_QUANTUM = Decimal(1).scaleb(-PRICE_DECIMALS)
_EXACT = decimal.Context(prec=64, rounding=decimal.ROUND_HALF_EVEN)
_UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """One layout: the file's column for each of ours, and its units."""

    name: str
    columns: Mapping[str, str]
    optional: frozenset[str]
    date_form: str
    date_pattern: re.Pattern[str]
    thousand_vnd: bool

    def present(self, header: Sequence[str]) -> dict[str, str]:
        """Our names to the file's, without the optional columns that `header` does not have."""
        return {ours: theirs for ours, theirs in self.columns.items() if theirs in header}

    def fits(self, header: Sequence[str]) -> bool:
        """Whether `header` has every column that this layout needs."""
        return all(theirs in header for ours, theirs in self.columns.items() if ours not in self.optional)


TIDY = CsvFormat(
    name="tidy",
    columns={name: name for name in (SYMBOL, DATE, *PRICES, VOLUME)},
    optional=frozenset({"adjusted_close"}),
    date_form="yyyy-mm-dd",
    date_pattern=re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", re.ASCII),
    thousand_vnd=False,
)
VIETNAMESE = CsvFormat(
    name="Vietnamese",
    columns={
        DATE: "Ngay",
        "open": "GiaMoCua",
        "high": "GiaCaoNhat",
        "low": "GiaThapNhat",
        "close": "GiaDongCua",
        "adjusted_close": "GiaDieuChinh",
        VOLUME: "KhoiLuongKhopLenh",
    },
    optional=frozenset(),
    date_form="dd/mm/yyyy",
    date_pattern=re.compile(r"(?P<day>\d\d)/(?P<month>\d\d)/(?P<year>\d{4})", re.ASCII),
    thousand_vnd=True,
)
FORMATS: Final = (TIDY, VIETNAMESE)


def recognise(path: Path) -> tuple[CsvFormat, list[str]]:
    """The layout of a CSV file and its header.

    Raises:
        InvalidInputError: the header is of neither layout, or names a needed column twice.
    """
    # A header in another encoding shows up as unknown columns, which is what the message should say.
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            header = next(csv.reader(file), [])
        except csv.Error as error:
            raise InvalidInputError(f"{path} line 1: {error}") from error
    for form in FORMATS:
        if form.fits(header):
            twice = [name for name in form.columns.values() if header.count(name) > 1]
            if twice:
                raise InvalidInputError(f"{path}: column {', '.join(twice)} is in the header twice")
            return form, header
    raise InvalidInputError(unknown_columns(path, header, FORMATS))


def unknown_columns(path: Path, seen: Sequence[str], formats: Sequence[CsvFormat]) -> str:
    """The message for a header that none of `formats` fits."""
    expected = " or ".join(
        f"{form.name}: {', '.join(t + ' (optional)' if o in form.optional else t for o, t in form.columns.items())}"
        for form in formats
    )
    return f"{path}: columns {', '.join(seen) or '(none)'} are not a known layout; expected {expected}"


def symbol_of(path: Path) -> str:
    """The symbol that a file is named after."""
    return path.stem.strip(_BLANK).translate(_UPPER)


def parse_symbol(text: str) -> str:
    """A symbol, upper case; its form is judged later, with the bar.

    Raises:
        ValueError: the cell is empty.
    """
    symbol = text.strip(_BLANK).translate(_UPPER)
    if not symbol:
        raise ValueError("is not a symbol (expected e.g. FPT)")
    return symbol


def parse_date(text: str, form: CsvFormat) -> dt.date:
    """A trading date.

    Raises:
        ValueError: not a date of the calendar in the layout's form.
    """
    match = form.date_pattern.fullmatch(text.strip(" \t"))
    try:
        return dt.date(**{part: int(digits) for part, digits in match.groupdict().items()}) if match else _no_date()
    except ValueError:
        raise ValueError(f"is not a date (expected {form.date_form})") from None


def _no_date() -> dt.date:
    raise ValueError


def parse_price(text: str) -> Decimal | None:
    """A price in the file's unit, None where the cell is empty.

    Raises:
        ValueError: not a number, or one that no price can have.
    """
    value = _number(text, "a price")
    if value is None:
        return None
    bound = 10**PRICE_DIGITS
    if abs(value) < bound and abs(price := value.quantize(_QUANTUM, context=_EXACT)) < bound:
        return price
    raise ValueError(f"is not a price (expected at most {PRICE_DIGITS} digits before the point)")


def parse_volume(text: str) -> int | None:
    """A number of shares, None where the cell is empty.

    Raises:
        ValueError: not a whole number, or one with more than 18 digits.
    """
    value = _number(text, "a volume")
    if value is None:
        return None
    if abs(value) >= 10**18 or value != value.to_integral_value():
        raise ValueError("is not a volume (expected a whole number of at most 18 digits)")
    return int(value)


def _number(text: str, what: str) -> Decimal | None:
    digits = text.strip(" \t")
    if not digits:
        return None
    try:
        if _NUMBER.fullmatch(digits):
            return Decimal(digits)
    except decimal.InvalidOperation:  # An exponent beyond what Decimal can hold.
        pass
    raise ValueError(f"is not {what} (expected a number)")
