"""The real files: counts, known bars, and the two layouts against each other."""

from __future__ import annotations

import datetime as dt

import pytest

from stock_ai.sources.csv_files import CsvSource
from stock_ai.sources.csv_formats import recognise
from stock_ai.sources.csv_tables import read_csv_exactly, read_csv_fast
from tests.fakes.clock import FixedClock

CLOCK = FixedClock(dt.datetime(2025, 9, 1, tzinfo=dt.UTC))


def test_the_published_files_give_vnd(shared_data):
    source = CsvSource(shared_data / "vn_raw", CLOCK)
    day = dt.date(2025, 8, 22)
    (bar,) = source.bars("FPT", day, day)
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == (101600, 101600, 98800, 99000, 7212000)
    assert len(source.symbols()) == 10
    for symbol in source.symbols():
        times = [bar.time for bar in source.bars(symbol, None, None)]
        assert times == sorted(times)


@pytest.mark.parametrize(
    ("path", "symbols", "rows"), [("vn_daily", 120, 266_599), ("vn_market_500.parquet", 1_577, 766_324)]
)
def test_every_row_is_read(shared_data, path, symbols, rows):
    source = CsvSource(shared_data / path, CLOCK)
    names = source.symbols()
    source.check(names)
    assert len(names) == symbols
    assert sum(len(source.bars(name, None, None)) for name in names) == rows


def test_both_layouts_agree_where_they_overlap(shared_data):
    tidy = {bar.time: bar for bar in CsvSource(shared_data / "vn_daily", CLOCK).bars("FPT", None, None)}
    published = {bar.time: bar for bar in CsvSource(shared_data / "vn_raw", CLOCK).bars("FPT", None, None)}
    common = tidy.keys() & published.keys()
    assert len(common) > 2_500
    assert [day for day in sorted(common) if tidy[day] != published[day]] == []


@pytest.mark.parametrize("file", ["vn_daily/VNINDEX.csv", "vn_raw/ACB.csv"])
def test_the_fast_reader_manages_real_files_alone(shared_data, file):
    path = shared_data / file
    form, header = recognise(path)
    assert read_csv_fast(path, form, header).equals(read_csv_exactly(path, form, header))
