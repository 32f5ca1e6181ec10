"""Single claims: what each kind of number, date, ticker and direction may be, and what it may not."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.llm_analysis.draft import Statement
from functions.llm_analysis.grounding import FaultKind, check_statement
from functions.llm_analysis.grounding.dates import find_days
from functions.llm_analysis.grounding.numbers import Unit, find_numbers, read
from functions.llm_analysis.grounding.text import Sentence
from tests.unit.llm_analysis.grounding.answers import sheets

WORDS = (
    "FPT", "RSI", "MACD", "VND", "tăng", "giảm", "fell", "above", "below", "BUY", "not", "20", "5", "-4.1%", "99,000",
    "1.2.3", "(", ")", ",", "sessions", "phiên", "and", "overbought", "22/8", "2025-08-22", "average", "from", "to",
    "of", "thứ ba", "probability", "close", "lag", "the", "41.2%", "100%", "support", "nghìn tỷ", "50/50", "more than",
    "about", "9" * 40, "RSI58.3", "neither", "than", "Q3", "$5", "\u2212", "%",
)  # fmt: skip


def kinds(sheet, text, *facts):
    return [fault.kind for fault in check_statement(Statement(text=text, facts=list(facts)), sheets()[sheet])[1]]


@pytest.mark.parametrize(
    ("digits", "values"),
    [
        ("1.234", [1.234, 1234]),
        ("1,234.5", [1234.5]),
        ("1.234,5", [1234.5]),
        ("5 830 200", [5830200]),
        ("1.234.567", [1234567]),
        ("0.412", [0.412]),
        ("26,45", [26.45]),
        ("1.2.3", []),
        ("1,23,4", []),
        ("1234,567", [1234.567]),
        ("9" * 30, []),
    ],
)
def test_digits_are_read_in_every_way_they_can_be_meant(digits, values):
    assert [reading.value for reading in read(digits)] == values


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("99k VND", 99_000, Unit.VND),
        ("1,18 nghìn tỷ đồng", 1.18e12, Unit.VND),
        ("VND 612bn", 612e9, Unit.VND),
        ("VND99,000", 99_000, Unit.VND),
        ("$99", 99, Unit.FOREIGN),
        ("35 bps", 0.35, Unit.PERCENT),
        ("5.6 percentage points", 5.6, Unit.PERCENT),
        ("7,5 điểm phần trăm", 7.5, Unit.PERCENT),
        ("1.667,26 điểm", 1667.26, Unit.POINTS),
        ("1.35x", 1.35, Unit.TIMES),
        ("3 months", 3, Unit.MONTHS),
        ("5.83m shares", 5_830_000, Unit.SHARES),
        ("forty-one percent", 41, Unit.PERCENT),
        ("hai mươi phiên", 20, Unit.SESSIONS),
    ],
)
def test_scales_and_units(text, value, unit):
    (number,) = find_numbers(Sentence.of(f"It is {text}."), [])
    assert value in [pytest.approx(reading.value) for reading in number.readings]
    assert number.unit is unit


@pytest.mark.parametrize(
    "text",
    ["22nd of August, 2025", "August 22, 2025", "22.08.2025", "2025/08/22", "ngày 22 tháng 8 năm 2025", "22/8",
     "Aug 2025", "tháng 8/2025", "in 2025", "Q3 2025", "quý 3 năm 2025"],
)  # fmt: skip
def test_dates_are_found_in_many_forms(text):
    (day,) = find_days(Sentence.of(f"So it was {text}."))
    assert day.is_of(dt.date(2025, 8, 22))
    assert not day.is_of(dt.date(2024, 4, 23))


@pytest.mark.parametrize(
    ("text", "facts", "kind"),
    [
        ("RSI is 41.2.", ("rsi_14", "confidence"), FaultKind.NUMBER),
        ("RSI58.9 is neutral.", ("rsi_14",), FaultKind.NUMBER),
        ("It closed at 99,000%.", ("close",), FaultKind.UNIT),
        ("The probability is 41.2 VND.", ("confidence",), FaultKind.UNIT),
        ("The price is 99 million VND.", ("close",), FaultKind.UNIT),
        ("It fell 4.1% over 60 sessions.", ("return_20", "return_60"), FaultKind.NUMBER),
        ("It lies above its MA100.", ("versus_sma_200",), FaultKind.NUMBER),
        ("It lies above its MA20.", ("versus_sma_200",), FaultKind.CITATION),
        ("The ratio is 18.", ("return_5",), FaultKind.CITATION),
        ("It changed 4.1% in 20 sessions.", ("return_20",), FaultKind.DIRECTION),
        ("It changed +4.1% in 20 sessions.", ("return_20",), FaultKind.NUMBER),
        ("It rose yesterday.", ("return_5",), FaultKind.DATE),
        ("Monday brought 99,000 VND.", ("close",), FaultKind.DATE),
        ("The model was trained until 22 August 2025.", ("model.trained_until",), FaultKind.DATE),
        ("FPT closed on 8 August 2025 at 99,000 VND.", ("close", "model.trained_until"), FaultKind.DATE),
        ("It did better than VIC.", ("excess_60",), FaultKind.TICKER),
        ("It beat HNX-Index by 3.4%.", ("excess_60",), FaultKind.TICKER),
        ("RSI 58.3 is above 70.", ("rsi_14",), FaultKind.DIRECTION),
        ("It trades at 99,000 VND.", ("close", "level.pivot"), FaultKind.CITATION),
        ("It trades at 99,000 VND.", (), FaultKind.CITATION),
        ("The BUY signal is no BUY signal.", ("signal",), FaultKind.DIRECTION),
    ],
)
def test_a_wrong_claim_is_called_by_its_kind(text, facts, kind):
    assert kind in kinds("fpt", text, *facts)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("On 22 August 2025 it gained 1.2%.", ("return_1",)),
        ("The close was 99 nghìn đồng.", ("close",)),
        ("It is a little over 18% below the high.", ("distance_high_52w",)),
        ("RSI(14) is 58.", ("rsi_14",)),
        ("MACD(12,26,9) is positive.", ("macd_histogram",)),
        ("Thursday's close was 97,800 VND.", ("previous_close",)),
        ("The average session sees VND 612.4 billion.", ("close",)),
        ("Yesterday it stood at 97,800 VND.", ("previous_close",)),
    ],
)
def test_a_right_claim_passes(text, facts):
    assert kinds("fpt", text, *facts) == []


def test_a_figure_of_another_fact_passes_only_where_it_is_unmistakable():
    # 612.4 billion VND is the traded value and nothing else; 42 % of two digits could be many things.
    assert kinds("fpt", "The average session sees VND 612.4 billion.", "close") == []
    assert kinds("fpt", "It stands at 42%.", "close") == [FaultKind.CITATION]


def test_rounding_and_cutting_off():
    assert kinds("fpt", "Volatility is 27%.", "volatility_20") == []
    assert kinds("fpt", "Volatility is 28%.", "volatility_20") == [FaultKind.NUMBER]
    assert kinds("fpt", "It lies 18% below the high.", "distance_high_52w") == [FaultKind.NUMBER]
    assert kinds("fpt", "It lies more than 18% below the high.", "distance_high_52w") == []
    assert kinds("fpt", "RSI is nearly 60.", "rsi_14") == []
    assert kinds("fpt", "RSI is 60.", "rsi_14") == [FaultKind.NUMBER]


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=14), st.sampled_from(sorted(sheets())), st.data())
def test_no_text_breaks_the_check(words, name, data):
    sheet = sheets()[name]
    facts = data.draw(st.lists(st.sampled_from([fact.id for fact in sheet.facts]), max_size=6))
    claims, faults = check_statement(Statement(text=" ".join(words), facts=facts), sheet)
    assert claims >= len(faults)
    assert all(fault.found and fault.message for fault in faults)


@given(st.text(min_size=1, max_size=300).filter(str.strip))
def test_no_characters_break_the_check(text):
    check_statement(Statement(text=text, facts=["close", "rsi_14"]), sheets()["fpt"])
