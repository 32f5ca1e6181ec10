"""The options that say which prices a run brings in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from local.cli.output import parse_date, parse_symbols
from stock_ai.errors import InvalidInputError


class SourceName(StrEnum):
    """What `--source` takes."""

    AUTO = "auto"
    VNSTOCK = "vnstock"
    CSV = "csv"
    SIMULATED = "simulated"


SourceOption = Annotated[SourceName, typer.Option("--source", help="Where prices come from.")]
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder of CSV files or one parquet file, for csv.")]
SymbolsOption = Annotated[
    list[str] | None, typer.Option("--symbols", help="Only these, e.g. FPT,VCB. May be repeated.")
]
SinceOption = Annotated[str | None, typer.Option("--since", help="First trading date, YYYY-MM-DD.")]
UntilOption = Annotated[str | None, typer.Option("--until", help="Last trading date, YYYY-MM-DD.")]


@dataclass(frozen=True, slots=True)
class PriceRequest:
    """Which prices a run brings in."""

    source: SourceName
    data: Path | None
    symbols: tuple[str, ...]
    since: dt.date | None
    until: dt.date | None

    def settings(self) -> dict[str, str]:
        """As the collector's settings: all of them, so that none is left over from the caller's environment."""
        return {
            "PRICE_SOURCE": self.source,
            "PRICE_DATA": str(self.data.absolute()) if self.data else "",
            "PRICE_SYMBOLS": ",".join(self.symbols),
            "PRICE_SINCE": self.since.isoformat() if self.since else "",
            "PRICE_UNTIL": self.until.isoformat() if self.until else "",
        }

    def detail(self) -> dict[str, Any]:
        """As the `detail` of the collector's event: only what was asked for, the rest is the function's own choice."""
        wanted: dict[str, Any] = {
            "source": None if self.source is SourceName.AUTO else str(self.source),
            "symbols": list(self.symbols),
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
        }
        return {name: value for name, value in wanted.items() if value}


def price_request(
    source: SourceName, data: Path | None, symbols: list[str] | None, since: str | None, until: str | None
) -> PriceRequest:
    """The options, checked.

    Raises:
        InvalidInputError: an option is wrong or does not go with another; names it.
    """
    if source is SourceName.CSV and data is None:
        raise InvalidInputError("--data: the csv source needs a folder of CSV files or one parquet file")
    if source is not SourceName.CSV and data is not None:
        raise InvalidInputError(f"--data: {str(data)!r} is for --source csv, not {source}")
    first, last = parse_date("--since", since), parse_date("--until", until)
    if first and last and first > last:
        raise InvalidInputError(f"--since: {first} is after --until {last}")
    return PriceRequest(source, data, tuple(parse_symbols(symbols)), first, last)
