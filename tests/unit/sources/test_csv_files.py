"""One's own files: both layouts, every unit, every kind of wrong cell, and the two readers against each other."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stock_ai.errors import InvalidInputError
from stock_ai.ports.sources import SourceBar
from stock_ai.sources.csv_files import CsvSource
from stock_ai.sources.csv_formats import TIDY, VIETNAMESE
from stock_ai.sources.csv_tables import read_csv_exactly, read_csv_fast
from tests.fakes.clock import FixedClock

CLOCK = FixedClock(dt.datetime(2025, 8, 26, 5, tzinfo=dt.UTC))  # 12:00 at the exchange
TIDY_HEADER = "symbol,date,open,high,low,close,adjusted_close,volume\n"
VN_HEADER = (
    "Ngay,GiaDieuChinh,GiaDongCua,ThayDoi,KhoiLuongKhopLenh,GiaTriKhopLenh,KLThoaThuan,GtThoaThuan,"
    "GiaMoCua,GiaCaoNhat,GiaThapNhat\n"
)


def write(folder, name, text):
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def vn_row(
    date="22/08/2025", adjusted="99.0", close="99.0", volume="7212000", opened="101.6", high="101.6", low="98.8"
):
    return f"{date},{adjusted},{close},-2.7(-2.65 %),{volume},718893160000,0,0,{opened},{high},{low}\n"


def test_tidy_file_with_several_symbols_in_any_order_of_columns_and_rows(tmp_path):
    file = write(
        tmp_path,
        "all.csv",
        "volume,note,date,symbol,low,high,open,close\n"
        "5,x,2025-01-03,FPT,1,4,2,3\n"
        "7,y,2025-01-02,vnindex,1.5,4.25,2.50,3\n"
        "6,z,2025-01-02, FPT ,10,40,20,30\n",
    )
    source = CsvSource(file, CLOCK)
    assert source.symbols() == ["FPT", "VNINDEX"]
    assert source.bars("FPT", None, None) == [
        SourceBar("FPT", dt.date(2025, 1, 2), 20, 40, 10, 30, None, 6),
        SourceBar("FPT", dt.date(2025, 1, 3), 2, 4, 1, 3, None, 5),
    ]
    (index,) = source.bars("VNINDEX", None, None)
    assert (str(index.open), str(index.high), str(index.close)) == ("2.5", "4.25", "3")


def test_vietnamese_file_gives_whole_vnd_oldest_first(tmp_path):
    text = VN_HEADER + vn_row() + vn_row("21/08/2025", adjusted="20.8068384", close="101.7")
    write(tmp_path, "fpt.csv", b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    older, newer = CsvSource(tmp_path, CLOCK).bars("FPT", None, None)
    assert newer == SourceBar("FPT", dt.date(2025, 8, 22), 101600, 101600, 98800, 99000, 99000, 7212000)
    assert (older.close, older.adjusted_close) == (101700, 20807)
    assert all(type(price) is int for price in (older.open, older.close, older.adjusted_close))


def test_an_index_in_a_vietnamese_file_stays_points(tmp_path):
    write(tmp_path, "VNINDEX.csv", VN_HEADER + vn_row(close="1645.47"))
    (bar,) = CsvSource(tmp_path, CLOCK).bars("VNINDEX", None, None)
    assert bar.close == Decimal("1645.47")


@pytest.mark.parametrize(("thousand", "vnd"), [("0.0005", 0), ("0.0015", 2), ("0.0025", 2), ("-0.0015", -2)])
def test_a_fraction_of_a_vnd_is_rounded_half_even(tmp_path, thousand, vnd):
    write(tmp_path, "FPT.csv", VN_HEADER + vn_row(close=thousand))
    assert CsvSource(tmp_path, CLOCK).bars("FPT", None, None)[0].close == vnd


def test_empty_cells_are_missing_and_dirt_comes_as_it_is(tmp_path):
    rows = "FPT,2025-01-02,,0,-5,9,,\n" * 2 + "FPT,2999-01-02,1,1,1,1,1,-3\n"
    bars = CsvSource(write(tmp_path, "FPT.csv", TIDY_HEADER + rows), CLOCK).bars("FPT", None, None)
    assert bars[0] == bars[1] == SourceBar("FPT", dt.date(2025, 1, 2), None, 0, -5, 9, None, None)
    assert (bars[2].time, bars[2].volume) == (dt.date(2999, 1, 2), -3)


def test_only_the_running_session_is_provisional_and_the_span_is_cut(tmp_path):
    rows = "".join(f"FPT,2025-08-{day},1,1,1,1,1,1\n" for day in (22, 25, 26))
    source = CsvSource(write(tmp_path, "FPT.csv", TIDY_HEADER + rows), CLOCK)
    assert [bar.provisional for bar in source.bars("FPT", None, None)] == [False, False, True]
    assert [b.time.day for b in source.bars("FPT", dt.date(2025, 8, 23), dt.date(2025, 8, 25))] == [25]
    assert source.bars("FPT", dt.date(2026, 1, 1), None) == []
    closed = FixedClock(dt.datetime(2025, 8, 26, 8, tzinfo=dt.UTC))
    assert not CsvSource(tmp_path, closed).bars("FPT", None, None)[-1].provisional


GOOD = {"date": "2025-01-02", "open": "1", "high": "1", "low": "1", "close": "1", "adjusted_close": "1", "volume": "1"}


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("date", "2025-02-30", "is not a date (expected yyyy-mm-dd)"),
        ("date", "", "is not a date"),
        ("date", "22/08/2025", "is not a date"),
        ("date", "0000-01-01", "is not a date"),
        ("open", "NaN", "is not a price"),
        ("high", "inf", "is not a price"),
        ("low", "abc", "is not a price"),
        ("close", "1_0", "is not a price"),
        ("adjusted_close", "1" * 16, "is not a price"),
        ("close", "1e999999999999999999999", "is not a price"),
        ("volume", "1.5", "is not a volume"),
        ("volume", "0x10", "is not a volume"),
        ("volume", "9" * 19, "is not a volume"),
    ],
)
def test_a_wrong_cell_is_named_with_file_line_column_and_value(tmp_path, column, value, what):
    cells = GOOD | {column: value}
    row = ",".join(("FPT", *cells.values()))
    # A blank line and a quoted line break: lines count as an editor shows them.
    header = TIDY_HEADER.replace("\n", ",note\n")
    text = f'{header}\nFPT,{",".join(GOOD.values())},"two\nlines"\n{row},\n'
    source = CsvSource(write(tmp_path, "FPT.csv", text), CLOCK)
    with pytest.raises(InvalidInputError) as caught:
        source.check(["FPT"])
    assert f"FPT.csv line 5 column {column}: {value!r} {what}" in str(caught.value)
    with pytest.raises(InvalidInputError):
        source.bars("FPT", dt.date(2030, 1, 1), None)


@pytest.mark.parametrize("date", ["30/02/2015", "2015-01-05", "1/5/2015", ""])
def test_a_wrong_vietnamese_date_is_named(tmp_path, date):
    source = CsvSource(write(tmp_path, "FPT.csv", VN_HEADER + vn_row() + vn_row(date)), CLOCK)
    with pytest.raises(InvalidInputError, match=rf"line 3 column Ngay: '{date}' is not a date \(expected dd/mm/yyyy\)"):
        source.check(["FPT"])


def test_a_short_line_is_named(tmp_path):
    write(tmp_path, "FPT.csv", TIDY_HEADER + "FPT,2025-01-02,1,1,1,1,1,1\nFPT,2025-01-03,1\n")
    with pytest.raises(InvalidInputError, match=r"FPT\.csv line 3: 3 columns, expected 8"):
        CsvSource(tmp_path, CLOCK).check(["FPT"])


def test_a_broken_file_does_not_stop_another_symbol(tmp_path):
    write(tmp_path, "AAA.csv", TIDY_HEADER + "AAA,2025-01-02,x,1,1,1,1,1\n")
    write(tmp_path, "FPT.csv", TIDY_HEADER + "FPT,2025-01-02,1,1,1,1,1,1\n")
    source = CsvSource(tmp_path, CLOCK)
    source.check(["FPT"])
    with pytest.raises(InvalidInputError, match="AAA"):
        source.check(["FPT", "AAA"])


def test_an_unknown_header_says_what_is_there_and_what_is_expected(tmp_path):
    write(tmp_path, "FPT.csv", "Date;Close\n2025-01-01;5\n")
    with pytest.raises(InvalidInputError) as caught:
        CsvSource(tmp_path, CLOCK)
    for part in ("FPT.csv", "Date;Close", "adjusted_close (optional)", "GiaDieuChinh"):
        assert part in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n", TIDY_HEADER.replace("volume", "open")])
def test_a_file_without_a_usable_header_is_refused(tmp_path, text):
    write(tmp_path, "FPT.csv", text)
    with pytest.raises(InvalidInputError, match=r"FPT\.csv"):
        CsvSource(tmp_path, CLOCK)


def test_a_needed_column_twice_is_refused(tmp_path):
    write(tmp_path, "FPT.csv", TIDY_HEADER.replace("\n", ",open\n"))
    with pytest.raises(InvalidInputError, match="column open is in the header twice"):
        CsvSource(tmp_path, CLOCK)


def test_missing_path_empty_folder_and_other_files_are_refused(tmp_path):
    for path, what in (
        (tmp_path / "no", "no such file"),
        (tmp_path, "no .csv file"),
        (tmp_path / "a.txt", "expected a"),
    ):
        if path.suffix:
            write(tmp_path, path.name, "x")
        with pytest.raises(InvalidInputError, match=what):
            CsvSource(path, CLOCK)


def test_an_unknown_symbol_suggests_near_names(tmp_path):
    write(tmp_path, "FPT.csv", TIDY_HEADER + "FPT,2025-01-02,1,1,1,1,1,1\n")
    source = CsvSource(tmp_path, CLOCK)
    for ask in (lambda: source.check(["FTP"]), lambda: source.bars("FTP", None, None)):
        with pytest.raises(InvalidInputError, match=r"symbol 'FTP' is not in .*near names: FPT"):
            ask()


def test_one_symbol_in_two_files_gives_the_bars_of_both(tmp_path):
    write(tmp_path, "new.csv", TIDY_HEADER + "FPT,2025-01-03,1,1,1,1,1,1\n")
    write(tmp_path, "old.csv", TIDY_HEADER + "FPT,2025-01-02,1,1,1,1,1,1\n")
    assert [bar.time.day for bar in CsvSource(tmp_path, CLOCK).bars("FPT", None, None)] == [2, 3]


@pytest.mark.parametrize(
    "dates",
    [
        pa.array(["2025-01-03", "2025-01-02"]),
        pa.array([dt.date(2025, 1, 3), dt.date(2025, 1, 2)]),
        pa.array([dt.datetime(2025, 1, 3), dt.datetime(2025, 1, 2)], pa.timestamp("ns")),
    ],
)
@pytest.mark.parametrize("number", [pa.int32(), pa.float64(), pa.decimal128(22, 3)])
def test_parquet_types(tmp_path, dates, number):
    column = pa.array([1000, 2000]).cast(number)
    table = pa.table(
        {"symbol": ["FPT", "FPT"], "date": dates, **dict.fromkeys(("open", "high", "low", "close", "volume"), column)}
    )
    pq.write_table(table, tmp_path / "all.parquet")
    bars = CsvSource(tmp_path / "all.parquet", CLOCK).bars("FPT", None, None)
    assert [(bar.time.day, bar.close, bar.volume) for bar in bars] == [(2, 2000, 2000), (3, 1000, 1000)]


def test_parquet_nan_is_missing_and_a_wrong_value_is_named(tmp_path):
    file = tmp_path / "all.parquet"
    columns = {"symbol": ["FPT"] * 2, "date": ["2025-01-02"] * 2}
    prices = {name: [1.0, float("nan")] for name in ("open", "high", "low", "close", "volume")}
    pq.write_table(pa.table(columns | prices), file)
    assert CsvSource(file, CLOCK).bars("FPT", None, None)[1].close is None
    pq.write_table(pa.table(columns | prices | {"low": [1.0, float("inf")]}), file)
    with pytest.raises(InvalidInputError, match="row 2 column low: inf"):
        CsvSource(file, CLOCK)
    pq.write_table(pa.table(columns | prices | {"date": ["2025-01-02", "soon"]}), file)
    with pytest.raises(InvalidInputError, match="row 2 column date: 'soon'"):
        CsvSource(file, CLOCK)
    pq.write_table(pa.table({"symbol": ["FPT"]}), file)
    with pytest.raises(InvalidInputError, match="columns symbol are not"):
        CsvSource(file, CLOCK)
    file.write_bytes(b"PAR1 but not really")
    with pytest.raises(InvalidInputError, match="not a parquet file"):
        CsvSource(file, CLOCK)


NUMBERS = st.one_of(
    st.decimals(-(10**6), 10**9, places=3).map(str),
    st.floats(0.01, 10**7).map(repr),
    st.text("0123456789.+-eE _xnaif", max_size=9),
    st.sampled_from(["", " ", "1e3", "0e1000", "9" * 15, "9" * 16, "999999999999999.9999999999", "1." + "0" * 40]),
)
TIDY_DATES = st.one_of(
    st.dates().map(str), st.sampled_from(["2025-02-29", "", "2025-1-1", " 2025-01-01 ", "0000-12-31"])
)
VN_DATES = st.one_of(
    st.dates().map(lambda d: f"{d:%d/%m}/{d.year:04}"), st.sampled_from(["29/02/2025", "1/1/2025", ""])
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(TIDY_DATES, *[NUMBERS] * 6), max_size=4),
    form=st.sampled_from([TIDY, VIETNAMESE]),
    data=st.data(),
)
def test_arrow_and_the_exact_reader_agree(tmp_path_factory, rows, form, data):
    header = [form.columns[name] for name in ("date", "open", "high", "low", "close", "adjusted_close", "volume")]
    if form is VIETNAMESE:
        rows = [(data.draw(VN_DATES), *row[1:]) for row in rows]
    else:
        header, rows = ["symbol", *header], [("FPT", *row) for row in rows]
    text = "".join(",".join(row) + "\n" for row in (header, *rows))
    file = write(tmp_path_factory.mktemp("agree"), "FPT.csv", text)
    try:
        exact = read_csv_exactly(file, form, header)
    except InvalidInputError as error:
        assert "FPT.csv line " in str(error)  # noqa: PT017
        with pytest.raises(pa.ArrowInvalid):
            read_csv_fast(file, form, header)
        return
    try:
        fast = read_csv_fast(file, form, header)
    except pa.ArrowInvalid:
        return  # Arrow may be stricter: then the exact reader's values are used.
    assert fast.to_pydict() == exact.to_pydict()


@settings(max_examples=60, deadline=None)
@given(
    bars=st.lists(
        st.tuples(st.dates(), st.lists(st.integers(0, 10**9), min_size=5, max_size=5), st.integers(0, 10**12))
    ),
    vietnamese=st.booleans(),
)
def test_what_was_written_is_read_back(tmp_path_factory, bars, vietnamese):
    def thousand(vnd):
        return str(Decimal(vnd) / 1000)

    if vietnamese:
        text = VN_HEADER + "".join(
            vn_row(f"{d:%d/%m}/{d.year:04}", thousand(p[4]), thousand(p[3]), v, *map(thousand, p[:3]))
            for d, p, v in bars
        )
    else:
        text = TIDY_HEADER + "".join(f"FPT,{d},{','.join(map(str, p))},{v}\n" for d, p, v in bars)
    source = CsvSource(write(tmp_path_factory.mktemp("round"), "FPT.csv", text), CLOCK)
    read = [
        (b.time, [b.open, b.high, b.low, b.close, b.adjusted_close], b.volume)
        for s in source.symbols()
        for b in source.bars(s, None, None)
    ]
    assert read == sorted(bars, key=lambda bar: bar[0])
