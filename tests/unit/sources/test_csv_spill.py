"""Rows put by in a temporary file come back as they came, however many parts a file is read in."""

import datetime as dt
import gc
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stock_ai.errors import InvalidInputError
from stock_ai.sources import csv_tables
from stock_ai.sources.csv_files import CsvSource
from stock_ai.sources.csv_spill import Spill
from tests.fakes.clock import FixedClock

CLOCK = FixedClock(dt.datetime(2025, 8, 26, 10, 0, tzinfo=dt.UTC))
FIRST = dt.date(2020, 1, 1)


def table(rows):
    symbols, dates, closes = zip(*rows, strict=True)
    return pa.table({"symbol": symbols, "date": pa.array(dates, pa.date32()), "close": closes})


def test_rows_of_several_parts_come_by_date_and_in_the_order_they_came():
    spill = Spill()
    spill.add(
        "one", table([("B", dt.date(2025, 1, 3), 1), ("A", dt.date(2025, 1, 2), 2), ("B", dt.date(2025, 1, 2), 3)])
    )
    spill.add("one", table([("B", dt.date(2025, 1, 2), 4), ("B", dt.date(2025, 1, 1), 5)]))
    spill.add("other", table([("B", dt.date(2025, 1, 2), 6)]))
    assert spill.symbols("one") == ["A", "B"]
    assert spill.rows("one", "B")["close"].to_pylist() == [5, 3, 4, 1]
    assert spill.rows("other", "B")["close"].to_pylist() == [6]
    assert spill.rows("other", "A") is spill.rows("third", "A") is None


def test_the_temporary_file_goes_with_the_rows():
    spill = Spill()
    file = spill._file
    del spill
    gc.collect()
    assert file.closed


def test_a_parquet_file_of_many_parts_gives_what_was_written(tmp_path):
    days, names = csv_tables.PART_ROWS // 8, [f"S{number:02}" for number in range(20)]
    rows = [
        (name, FIRST + dt.timedelta(days=day % 1500), number)
        for number, name in enumerate(names)
        for day in range(days)
    ]
    random.Random(1).shuffle(rows)
    columns = table(rows)
    close = columns["close"]
    columns = columns.drop_columns(["close"])
    for name in ("open", "high", "low", "close"):
        columns = columns.append_column(name, close)
    columns = columns.append_column("volume", pa.array(range(len(rows))))
    pq.write_table(columns, tmp_path / "all.parquet")
    source = CsvSource(tmp_path / "all.parquet", CLOCK)
    assert source.symbols() == names
    written = sorted(((name, date, volume) for volume, (name, date, _) in enumerate(rows)), key=lambda row: row[:2])
    given = [(bar.symbol, bar.time, bar.volume) for name in names for bar in source.bars(name, None, None)]
    assert given == written


def test_a_wrong_value_in_a_later_part_is_named_by_its_row_in_the_file(tmp_path):
    count = csv_tables.PART_ROWS + 5
    prices = {name: [1.0] * count for name in ("open", "high", "low", "close", "volume")}
    prices["high"][count - 1] = float("inf")
    pq.write_table(
        pa.table({"symbol": ["FPT"] * count, "date": ["2025-01-02"] * count} | prices), tmp_path / "all.parquet"
    )
    with pytest.raises(InvalidInputError, match=f"row {count} column high: inf"):
        CsvSource(tmp_path / "all.parquet", CLOCK)
