"""Prices from one's own files: a folder of CSV files, one CSV file or one parquet file."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from stock_ai.clock import Clock
from stock_ai.errors import InvalidInputError
from stock_ai.market.calendar import exchange_date, is_final
from stock_ai.market.symbols import is_index
from stock_ai.models.base import Price
from stock_ai.models.listing import Listing
from stock_ai.ports.sources import SourceBar
from stock_ai.sources.csv_formats import DATE, PRICES, VOLUME, recognise
from stock_ai.sources.csv_spill import Spill
from stock_ai.sources.csv_tables import read_csv, read_parquet, symbols_in
from stock_ai.sources.listing_files import FILE_NAME, read_listings

_EPOCH_ORDINAL = dt.date(1970, 1, 1).toordinal()


class CsvSource:
    """Reads the layouts of `csv_formats`; a file is parsed once and its rows are kept in a temporary file.

    Stocks come in whole VND: what has a fraction of a VND after conversion (20.8068384 thousand VND) is rounded
    half-even, traded prices too. Indices stay points. An empty price or volume is None. Bars come as the files have
    them, wrong, future or twice: what is stored is decided later.
    """

    name = "csv"

    def __init__(self, path: Path, clock: Clock) -> None:
        """Look at what is there, parsing no prices yet.

        Raises:
            InvalidInputError: nothing is at `path`, or nothing that can be read.
        """
        self._path = path
        self._clock = clock
        self._rows = Spill()
        self._thousand_vnd: dict[Path, bool] = {}
        self._files: dict[str, list[Path]] = {}
        for file in _files(path):
            if _is_parquet(file):
                self._parse(file)
                names = self._rows.symbols(file)
            else:
                names = symbols_in(file)
            for symbol in names:
                self._files.setdefault(symbol, []).append(file)

    def symbols(self) -> Sequence[str]:
        """See `stock_ai.ports.PriceSource`."""
        return sorted(self._files)

    def check(self, symbols: Sequence[str]) -> None:
        """See `stock_ai.ports.PriceSource`: parse every file that has one of `symbols`, and all in it.

        Raises:
            InvalidInputError: a symbol is in no file, or a file has a wrong cell.
        """
        for symbol in symbols:
            for file in self._files_of(symbol):
                self._parse(file)

    def descriptions(self) -> Sequence[Listing]:
        """See `stock_ai.ports.PriceSource`: those of `listings.csv` in the folder, none where there is no such file.

        Raises:
            InvalidInputError: the file has a wrong cell; the message names line, column and value.
        """
        file = _listing_file(self._path)
        return [] if file is None else read_listings(file, exchange_date(self._clock()), self.name)

    def bars(self, symbol: str, since: dt.date | None, until: dt.date | None) -> Sequence[SourceBar]:
        """See `stock_ai.ports.PriceSource`. Bars of one date keep the order of their file.

        Raises:
            InvalidInputError: the symbol is in no file, or a file has a wrong cell anywhere.
        """
        now = self._clock()
        files = self._files_of(symbol)
        bars: list[SourceBar] = []
        for file in files:
            self._parse(file)
            table = self._rows.rows(file, symbol)
            # A file named after its symbol may be a header and nothing else.
            if table is not None:
                bars += _Bars(symbol, table, self._thousand_vnd[file]).between(since, until, now)
        return bars if len(files) < 2 else sorted(bars, key=lambda bar: bar.time)

    def _files_of(self, symbol: str) -> list[Path]:
        try:
            return self._files[symbol]
        except KeyError:
            near = difflib.get_close_matches(symbol, self._files, n=3, cutoff=0.5)
            hint = f"; near names: {', '.join(near)}" if near else ""
            raise InvalidInputError(f"symbol {symbol!r} is not in {self._path}{hint}") from None

    def _parse(self, file: Path) -> None:
        if file in self._thousand_vnd:
            return
        if _is_parquet(file):
            for part in read_parquet(file):
                self._rows.add(file, part)
            self._thousand_vnd[file] = False
        else:
            self._rows.add(file, read_csv(file))
            self._thousand_vnd[file] = recognise(file)[0].thousand_vnd


class _Bars:
    """The rows of one symbol of one file, by date, in the file's unit."""

    def __init__(self, symbol: str, table: pa.Table, thousand_vnd: bool) -> None:
        self._symbol = symbol
        self._table = table
        self._factor = 1000 if thousand_vnd and not is_index(symbol) else 1

    def between(self, since: dt.date | None, until: dt.date | None, now: dt.datetime) -> list[SourceBar]:
        table = self._table
        if since is not None:
            table = table.filter(pc.greater_equal(table[DATE], since))
        if until is not None:
            table = table.filter(pc.less_equal(table[DATE], until))
        # Six times faster than Arrow's own way from dates to Python.
        days = pc.add(table[DATE].cast(pa.int32()), _EPOCH_ORDINAL)
        dates = [dt.date.fromordinal(day) for day in days.to_pylist()]
        prices = [self._prices(table, name) for name in PRICES]
        today = exchange_date(now)
        # Only today and later can be unfinished; asking the calendar for each bar would cost more than reading it.
        provisional = [date >= today and not is_final(date, now) for date in dates]
        columns = zip(dates, *prices, table[VOLUME].to_pylist(), provisional, strict=True)
        symbol = self._symbol
        return [SourceBar(symbol, *row) for row in columns]

    def _prices(self, table: pa.Table, name: str) -> list[Price | None]:
        if name not in table.column_names:
            return [None] * table.num_rows
        column: Any = table[name]
        if is_index(self._symbol):
            return [None if value is None else _points(Decimal(value)) for value in column.to_pylist()]
        if not pa.types.is_integer(column.type):
            vnd = pc.multiply(column, pa.scalar(self._factor, pa.decimal128(4, 0)))
            column = pc.round(vnd, 0, "half_to_even").cast(pa.int64())
        return list(column.to_pylist())


def _points(value: Decimal) -> Decimal:
    """The same number written in one way only, since a bar's `event_id` depends on how it is written."""
    return Decimal(f"{value.normalize():f}")


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _listing_file(path: Path) -> Path | None:
    if not path.is_dir():
        return None
    return next((file for file in sorted(path.iterdir()) if file.name.lower() == FILE_NAME and file.is_file()), None)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = (file for file in path.iterdir() if file.suffix.lower() == ".csv" and file.is_file())
        files = sorted(file for file in found if file.name.lower() != FILE_NAME)
        if not files:
            raise InvalidInputError(f"PRICE_DATA {path}: the folder has no .csv file")
        return files
    if not path.exists():
        raise InvalidInputError(f"PRICE_DATA {path}: no such file or folder")
    if not _is_parquet(path) and path.suffix.lower() != ".csv":
        raise InvalidInputError(f"PRICE_DATA {path}: expected a folder, a .csv file or a .parquet file")
    return [path]
