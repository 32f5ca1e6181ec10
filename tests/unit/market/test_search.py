"""Symbols are found by symbol or name, without accents, and near ones are suggested."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stock_ai.market.search import plain_words, ranked, search, suggest
from stock_ai.models.listing import Listing

DAY = dt.date(2026, 11, 25)


def named(symbol, name=None, name_en=None):
    return Listing(symbol=symbol, name=name, name_en=name_en, as_of=DAY)


LISTINGS = [
    named("VNM", "CTCP Sữa Việt Nam", "Vinamilk"),
    named("FPT", "CTCP FPT", "FPT Corporation"),
    named("FTS", "CTCP Chứng khoán FPT", "FPT Securities"),
    named("FOX", "CTCP Viễn thông FPT", "FPT Telecom"),
    named("ACB", "Ngân hàng TMCP Á Châu", "Asia Commercial Bank"),
    named("DXG", "CTCP Tập đoàn Đất Xanh", "Dat Xanh Group"),
    named("VCB", "Ngân hàng TMCP Ngoại thương Việt Nam", "Vietcombank"),
    named("AAA"),
]


def found(text, limit=None):
    return [one.symbol for one in search(LISTINGS, text, limit)]


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("fpt", ["FPT", "FOX", "FTS"]),
        ("F", ["FOX", "FPT", "FTS"]),
        ("đất xanh", ["DXG"]),
        ("DAT XA", ["DXG"]),
        ("ĐẤT", ["DXG"]),
        ("sua", ["VNM"]),
        ("viet nam", ["VCB", "VNM"]),
        ("ngan hang", ["ACB", "VCB"]),
        ("nam ngan", ["VCB"]),
        ("vinamilk", ["VNM"]),
        ("acb ngân", ["ACB"]),
        ("bank asia", ["ACB"]),
        ("hàng", ["ACB", "VCB"]),
        ("àng", []),
        ("zzz", []),
    ],
)
def test_what_is_found_and_in_which_order(text, symbols):
    assert found(text) == symbols


def test_decomposed_accents_are_the_same():
    assert found("Đa\u0302\u0301t") == found("Đất") == ["DXG"]


def test_names_that_begin_with_the_text_come_before_others():
    listings = [named("AAA", "Tập đoàn Sữa"), named("BBB", "Sữa Quốc tế")]
    assert [one.symbol for one in search(listings, "sữa")] == ["BBB", "AAA"]


def test_symbols_that_begin_with_the_text_come_before_names():
    listings = [named("AAA", "FP Group"), named("FPX"), named("ZFP", "FP Group")]
    assert [one.symbol for one in search(listings, "fp")] == ["FPX", "AAA", "ZFP"]


def test_the_limit_keeps_the_best():
    assert found("fpt", 2) == ["FPT", "FOX"]
    assert found("fpt", 0) == []


@pytest.mark.parametrize("text", ["", "  ", "%$#", "́"])
def test_a_text_without_a_word_fits_everything(text):
    assert found(text) == sorted(one.symbol for one in LISTINGS)


@given(st.text(max_size=200))
def test_no_text_breaks_it_and_a_limit_is_a_beginning(text):
    assert found(text, 3) == found(text)[:3]


def test_accents_and_the_bar_of_a_d_go_and_marks_part_words():
    assert plain_words("Tập đoàn ĐẤT-Xanh, (I.P.A) 2") == ("tap", "doan", "dat", "xanh", "i", "p", "a", "2")


@given(st.text())
def test_plain_words_are_ascii(text):
    assert all(word.isascii() and word == word.lower() for word in plain_words(text))


@pytest.mark.parametrize(
    ("symbol", "symbols"),
    [
        ("FTP", ["FPT", "FTS"]),
        ("fpt1", ["FPT"]),
        ("VNN", ["VNM", "VNINDEX"]),
        ("đxg", ["DXG"]),
        ("VNINDX", ["VNINDEX"]),
        ("QQQ", []),
        ("", []),
        ("F" * 1_000_000, []),
    ],
)
def test_near_symbols_are_suggested(symbol, symbols):
    known = [*(one.symbol for one in LISTINGS), "VNINDEX"]
    assert suggest(symbol, known) == symbols


def test_of_equally_near_symbols_those_that_begin_alike_come_first():
    assert suggest("MBX", ["ABX", "CBX", "MBB", "MSX"], limit=4) == ["MBB", "MSX", "ABX", "CBX"]


@given(st.sampled_from(["", "f", "fpt", "ctcp", "viet nam", "a", "nobody"]), st.permutations(LISTINGS))
def test_places_are_in_the_order_of_a_search_and_rest_on_the_listing_alone(text, listings):
    places = ranked(listings, text)
    assert [one.symbol for *_, one in places] == found(text)
    assert [place[:2] for place in places] == sorted({place[:2] for place in places})
    assert [ranked([one], text) for *_, one in places] == [[place] for place in places]
