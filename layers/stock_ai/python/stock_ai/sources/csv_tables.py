"""Files to Arrow tables: `symbol`, `date`, `open`, `high`, `low`, `close`, [`adjusted_close`], `volume`.

Prices are in the file's own unit. A CSV file is read by Arrow; where Arrow refuses, `read_csv_exactly` reads it again
cell by cell. That reader is the reference: it accepts all that Arrow accepts, with equal values, and only it says what
is wrong and where.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from stock_ai.errors import InvalidInputError
from stock_ai.sources.csv_formats import (
    DATE,
    PRICE_DECIMALS,
    PRICE_DIGITS,
    PRICES,
    SYMBOL,
    TIDY,
    VIETNAMESE,
    VOLUME,
    CsvFormat,
    parse_date,
    parse_price,
    parse_symbol,
    parse_volume,
    recognise,
    symbol_of,
    unknown_columns,
)

PRICE: Final = pa.decimal128(PRICE_DIGITS + PRICE_DECIMALS, PRICE_DECIMALS)
PART_ROWS: Final = 16_384
READ_BYTES: Final = 1024 * 1024
_WRITTEN_PRICE: Final = pa.decimal128(38, 18)
_WRITTEN_VOLUME: Final = pa.decimal128(18, 0)
_BEFORE_YEAR_ONE: Final = dt.date.min.toordinal() - dt.date(1970, 1, 1).toordinal()
_TYPES: Final = {
    SYMBOL: pa.string(),
    DATE: pa.date32(),
    **dict.fromkeys(PRICES, PRICE),
    VOLUME: pa.int64(),
}


def read_csv(path: Path) -> pa.Table:
    """A whole CSV file of either layout.

    Raises:
        InvalidInputError: the header is unknown, or a cell is wrong: "FILE line N column C: 'VALUE' is not ...".
    """
    form, header = recognise(path)
    try:
        return read_csv_fast(path, form, header)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return read_csv_exactly(path, form, header)


def read_csv_fast(path: Path, form: CsvFormat, header: list[str]) -> pa.Table:
    """A whole CSV file through Arrow.

    Raises:
        pyarrow.ArrowInvalid: something in it is not as Arrow wants it; the message is not for users.
    """
    present = form.present(header)
    written = {SYMBOL: pa.string(), DATE: pa.string(), VOLUME: _WRITTEN_VOLUME}
    raw = _arrow_read(path, {theirs: written.get(ours, _WRITTEN_PRICE) for ours, theirs in present.items()})
    columns = {ours: raw[theirs] for ours, theirs in present.items()}
    columns[DATE] = _dates(columns[DATE], form)
    columns[VOLUME] = columns[VOLUME].cast(pa.int64())
    for name in PRICES:
        if name in columns:
            columns[name] = pc.round(columns[name], PRICE_DECIMALS, "half_to_even").cast(PRICE)
    columns[SYMBOL] = _symbols(columns[SYMBOL]) if SYMBOL in columns else _repeated(symbol_of(path), raw.num_rows)
    return _table(columns)


def read_csv_exactly(path: Path, form: CsvFormat, header: list[str]) -> pa.Table:
    """A whole CSV file, cell by cell; lines are counted as an editor counts them.

    Raises:
        InvalidInputError: a cell is wrong, or a line has too few or too many columns.
    """
    present = form.present(header)
    parsers: dict[str, Callable[[str], Any]] = {
        SYMBOL: parse_symbol,
        DATE: lambda text: parse_date(text, form),
        VOLUME: parse_volume,
    }
    cells = [(header.index(theirs), theirs, parsers.get(ours, parse_price), ours) for ours, theirs in present.items()]
    values: dict[str, list[Any]] = {ours: [] for ours in present}
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        while True:
            line = rows.line_num + 1
            try:
                row = next(rows, None)
            except csv.Error as error:
                raise InvalidInputError(f"{path} line {line}: {error}") from error
            if row is None:
                break
            if not row:
                continue
            if len(row) != len(header):
                raise InvalidInputError(f"{path} line {line}: {len(row)} columns, expected {len(header)}")
            for position, theirs, parse, ours in cells:
                try:
                    values[ours].append(parse(row[position]))
                except ValueError as error:
                    raise InvalidInputError(f"{path} line {line} column {theirs}: {row[position]!r} {error}") from None
    columns = {ours: pa.array(column, _TYPES[ours]) for ours, column in values.items()}
    columns.setdefault(SYMBOL, _repeated(symbol_of(path), len(values[DATE])))
    return _table(columns)


def read_parquet(path: Path) -> Iterator[pa.Table]:
    """A parquet file with the tidy columns, `PART_ROWS` rows at a time; whole prices stay integers, NaN is missing.

    Raises:
        InvalidInputError: it is not parquet, or a column is missing, of another type or has a wrong value.
    """
    try:
        # Not buffered: a file may be one group of rows, whose columns would be held as a whole.
        with pq.ParquetFile(path, buffer_size=READ_BYTES, pre_buffer=False) as file:
            header = file.schema_arrow.names
            present = TIDY.present(header) if TIDY.fits(header) else None
            if present is None:
                raise InvalidInputError(unknown_columns(path, header, [TIDY]))
            first = 1
            for rows in file.iter_batches(PART_ROWS, columns=list(present)):
                yield _table({name: _parquet_column(path, name, rows.column(name), first) for name in present})
                first += rows.num_rows
    except pa.ArrowInvalid as error:
        raise InvalidInputError(f"{path} is not a parquet file that can be read: {error}") from error


def symbols_in(path: Path) -> list[str]:
    """The symbols of a CSV file, reading no other column.

    Raises:
        InvalidInputError: the header is unknown, or the lines cannot be told apart.
    """
    form, header = recognise(path)
    if form is VIETNAMESE:
        return [symbol_of(path)]
    try:
        names = _symbols(_arrow_read(path, {SYMBOL: pa.string()})[SYMBOL])
    except pa.ArrowInvalid:
        names = read_csv_exactly(path, form, header)[SYMBOL]
    return [str(name) for name in pc.unique(names).to_pylist()]


def _arrow_read(path: Path, types: dict[str, pa.DataType]) -> pa.Table:
    return arrow_csv.read_csv(
        path,
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types=types, include_columns=list(types), null_values=[""], strings_can_be_null=False
        ),
    )


def _table(columns: dict[str, Any]) -> pa.Table:
    names = [name for name in _TYPES if name in columns]
    return pa.table({name: columns[name] for name in names})


def _repeated(symbol: str, count: int) -> pa.Array:
    return pa.repeat(symbol, count)


def _symbols(column: Any) -> Any:
    names = pc.ascii_upper(pc.ascii_trim_whitespace(column.cast(pa.string())))
    if names.null_count or pc.any(pc.equal(names, "")).as_py():
        raise pa.ArrowInvalid("a symbol is missing")
    return names


def _dates(column: Any, form: CsvFormat) -> Any:
    text = pc.utf8_trim(column, " \t")
    if form is VIETNAMESE:
        if not pc.all(pc.match_substring_regex(text, r"^\d\d/\d\d/\d{4}$")).as_py():
            raise pa.ArrowInvalid("a date has another form")
        day, month, year = (pc.utf8_slice_codeunits(text, *span) for span in ((0, 2), (3, 5), (6, 10)))
        text = pc.binary_join_element_wise(year, month, day, "-")
    dates = text.cast(pa.date32())
    if dates.null_count or pc.any(pc.less(dates.cast(pa.int32()), _BEFORE_YEAR_ONE)).as_py():
        raise pa.ArrowInvalid("a date is missing or before year one")
    return dates


def _parquet_column(path: Path, name: str, column: Any, first_row: int) -> Any:
    """One column in our type. Where the cast of all fails, each value is cast alone to find the one that is wrong."""
    try:
        return _parquet_cast(name, column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        for row, value in enumerate(column, start=first_row):
            try:
                _parquet_cast(name, pa.chunked_array([pa.array([value.as_py()], column.type)]))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                shown = value.as_py()
                raise InvalidInputError(
                    f"{path} row {row} column {name}: {shown!r} ({column.type}) is not a {_WORDS.get(name, 'price')}"
                ) from None
        raise InvalidInputError(f"{path} column {name}: {error}") from error


_WORDS: Final = {SYMBOL: "symbol", DATE: "date (expected yyyy-mm-dd)", VOLUME: "whole number of shares"}


def _parquet_cast(name: str, column: Any) -> Any:
    kind = column.type
    if name == SYMBOL:
        return _symbols(column)
    if name == DATE:
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return _dates(column, TIDY)
        if not pa.types.is_date(kind) and not pa.types.is_timestamp(kind):
            raise pa.ArrowInvalid(f"a date cannot be {kind}")
        dates = column.cast(pa.date32())
        if dates.null_count:
            raise pa.ArrowInvalid("a date is missing")
        return dates
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
    elif not pa.types.is_integer(kind) and not pa.types.is_decimal(kind):
        raise pa.ArrowInvalid(f"a number cannot be {kind}")
    if name == VOLUME:
        return column.cast(pa.int64())
    return column.cast(pa.int64()) if pa.types.is_integer(kind) else column.cast(PRICE)
