"""Listings out of files: what a cell may say, and an error for everything else that names line, column and value."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

from stock_ai.errors import InvalidInputError
from stock_ai.market.symbols import VN30
from stock_ai.models.listing import Listing, Sector
from stock_ai.sources.csv_files import CsvSource
from stock_ai.sources.listing_files import read_listings
from stock_ai.sources.simulated import SimulatedSource
from tests.fakes.clock import FixedClock

DAY = dt.date(2026, 11, 25)
EVENING = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
REAL = Path(__file__).parents[2] / "fakes" / "listings.csv"


def read(tmp_path, content):
    path = tmp_path / "listings.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_listings(path, DAY, "file")


def test_a_file_is_read_by_symbol(tmp_path):
    found = read(
        tmp_path,
        "\ufeffsymbol,name,name_en,exchange,sector\n"
        'vnm,"  CTCP Sữa\nViệt Nam ",Vinamilk,hose,Food & Beverage\n'
        "\n"
        "ACB,,,HNX,banks\r\n"
        "FPT,CTCP FPT,,,\n",
    )
    assert found == [
        Listing(symbol="ACB", exchange="HNX", sector=Sector.BANKS, as_of=DAY, source="file"),
        Listing(symbol="FPT", name="CTCP FPT", as_of=DAY, source="file"),
        Listing(
            symbol="VNM",
            exchange="HOSE",
            name="CTCP Sữa Việt Nam",
            name_en="Vinamilk",
            sector=Sector.FOOD_BEVERAGE,
            as_of=DAY,
            source="file",
        ),
    ]


@pytest.mark.parametrize("sector", Sector)
def test_a_sector_is_known_by_its_key_and_both_names(tmp_path, sector):
    for text in (sector, sector.label, sector.label_vi, sector.label.upper()):
        assert read(tmp_path, f'symbol,sector\nFPT,"{text}"\n')[0].sector is sector


def test_sectors_differ_in_everything():
    for field in ("value", "icb", "label", "label_vi"):
        assert len({getattr(sector, field) for sector in Sector}) == len(Sector)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("symbol,name\nFPT,a\nFP-T,b\n", "line 3 column symbol: 'FP-T' is not a symbol"),
        ("symbol,name\n,b\n", "line 2 column symbol: '' is not a symbol"),
        ("symbol,name\nFPT,a\nfpt,b\n", "line 3 column symbol: 'FPT' comes twice"),
        ("symbol,exchange\nFPT,NYSE\n", "line 2 column exchange: 'NYSE' is not an exchange (expected HOSE"),
        ("symbol,sector\nFPT,bank\n", "line 2 column sector: 'bank' is not a sector (did you mean banks?)"),
        ("symbol,sector\nFPT,🚀\n", "line 2 column sector: '🚀' is not a sector (expected one of oil_gas"),
        ("symbol,name\n\nFPT,a\u202eb\n", "line 3 column name: 'a\\u202eb' is not a name"),
        (f"symbol,name\nFPT,{'a' * 201}\n", "is not a name (expected at most 200"),
        ('symbol,name\nFPT,"a\nb"\nVNM\n', "line 4: 1 columns, expected 2"),
        ('symbol,name\nFPT,"a\n', "line 2: unexpected end of data"),
        ("symbol,industry\nFPT,a\n", "line 1: column 'industry' is unknown; known are symbol, name"),
        ("symbol,name,name\nFPT,a,b\n", "line 1: column 'name' comes twice"),
        ("name\nFPT\n", "line 1: column 'symbol' is missing"),
        ("symbol,name\n", "there is no listing in it"),
        ("", "there is no listing in it"),
        (b"symbol,name\nFPT,a\nVNM,\xff\n", "line 3: byte 0xff is not UTF-8"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, content, message):
    with pytest.raises(InvalidInputError) as refused:
        read(tmp_path, content)
    assert message in str(refused.value)
    assert str(tmp_path / "listings.csv") in str(refused.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(InvalidInputError, match=str(path)):
            read_listings(path, DAY, "file")


def test_the_listings_of_a_folder_are_no_prices(tmp_path):
    (tmp_path / "FPT.csv").write_text("symbol,date,open,high,low,close,volume\nFPT,2026-11-24,1,1,1,1,1\n")
    (tmp_path / "Listings.csv").write_text("symbol,name\nFPT,CTCP FPT\n")
    source = CsvSource(tmp_path, FixedClock(EVENING))
    assert source.symbols() == ["FPT"]
    assert source.descriptions() == [Listing(symbol="FPT", name="CTCP FPT", as_of=DAY, source="csv")]


def test_prices_without_listings_have_none(tmp_path):
    file = tmp_path / "FPT.csv"
    file.write_text("symbol,date,open,high,low,close,volume\nFPT,2026-11-24,1,1,1,1,1\n")
    for path in (tmp_path, file):
        assert CsvSource(path, FixedClock(EVENING)).descriptions() == []


def test_a_folder_of_listings_alone_has_no_prices(tmp_path):
    (tmp_path / "listings.csv").write_text("symbol\nFPT\n")
    with pytest.raises(InvalidInputError, match=r"no \.csv file"):
        CsvSource(tmp_path, FixedClock(EVENING))


def test_the_simulated_market_says_so_in_every_name():
    source = SimulatedSource(FixedClock(EVENING))
    found = source.descriptions()
    assert [one.symbol for one in found] == list(source.symbols())
    assert all(one.simulated and "(mô phỏng)" in one.name and "(simulated)" in one.name_en for one in found)
    stocks = [one for one in found if one.symbol in VN30]
    assert {one.exchange for one in stocks} == {"HOSE"}
    assert all(one.sector for one in stocks)
    assert len({one.sector for one in stocks}) > 8
    assert found == source.descriptions()


def test_the_listings_for_replays_are_in_order_and_can_be_read():
    found = read_listings(REAL, DAY, "csv")
    with REAL.open(encoding="utf-8", newline="") as file:
        assert [row["symbol"] for row in csv.DictReader(file)] == [one.symbol for one in found]
    sectors = {one.symbol: one.sector for one in found}
    assert (sectors["FPT"], sectors["ACB"], sectors["VNM"]) == (Sector.TECHNOLOGY, Sector.BANKS, Sector.FOOD_BEVERAGE)
