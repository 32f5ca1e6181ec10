"""Any figure that is written or rounded correctly passes in both number formats; any that is off does not."""

import datetime as dt

from hypothesis import assume, given
from hypothesis import strategies as st

from functions.llm_analysis.draft import Statement
from functions.llm_analysis.facts import Fact, FactSheet
from functions.llm_analysis.grounding import check_statement

AS_OF = dt.date(2025, 8, 22)
COUNTS = {
    "VND": ("level.low_20", "The low is {} VND.", "Mức thấp là {} đồng."),
    "shares": ("volume", "It traded {} shares.", "Có {} cổ phiếu được giao dịch."),
}
DECIMALS = {
    "%": ("volatility_20", "That figure is {}%.", "Con số đó là {}%."),
    "": ("rsi_14", "RSI is {}.", "RSI là {}."),
    "x": ("volume_ratio_20", "Volume is {} times the average.", "Khối lượng gấp {} lần trung bình."),
}
SCALES = {1_000: ("thousand", "nghìn"), 1_000_000: ("million", "triệu"), 1_000_000_000: ("billion", "tỷ")}


def written(number: str, vietnamese: bool) -> str:
    return number.translate(str.maketrans(",.", ".,")) if vietnamese else number


def faults(fact: Fact, text: str):
    sheet = FactSheet("FPT", AS_OF, "an-analysis", 99_000, False, (fact,))
    return check_statement(Statement(text=text, facts=[fact.id]), sheet)[1]


def fact_of(kinds, unit, value):
    fact_id, *texts = kinds[unit]
    return Fact(fact_id, "A fact", value, unit, AS_OF), texts


@given(unit=st.sampled_from(list(COUNTS)), value=st.integers(1_000, 10**13), vietnamese=st.booleans())
def test_a_full_count_passes_and_one_that_is_off_fails(unit, value, vietnamese):
    fact, texts = fact_of(COUNTS, unit, value)
    assert not faults(fact, texts[vietnamese].format(written(f"{value:,}", vietnamese)))
    assert not faults(fact, texts[vietnamese].format(f"{value:,}".replace(",", " ")))
    assert faults(fact, texts[vietnamese].format(written(f"{value + 1:,}", vietnamese)))


@given(
    unit=st.sampled_from(list(COUNTS)),
    value=st.integers(100_000, 10**13),
    scale=st.sampled_from(list(SCALES)),
    places=st.integers(0, 3),
    vietnamese=st.booleans(),
)
def test_a_count_in_thousands_millions_or_billions_passes(unit, value, scale, places, vietnamese):
    assume(value / scale >= 10)
    fact, texts = fact_of(COUNTS, unit, value)
    number = round(value / scale, places)
    shown = written(f"{number:,.{places}f}", vietnamese)
    assert not faults(fact, texts[vietnamese].format(f"{shown} {SCALES[scale][vietnamese]}"))
    off = written(f"{number + 2 * 10.0**-places:,.{places}f}", vietnamese)
    assert faults(fact, texts[vietnamese].format(f"{off} {SCALES[scale][vietnamese]}"))


@given(
    unit=st.sampled_from(list(DECIMALS)),
    tenths=st.integers(31, 999),
    places=st.integers(0, 2),
    vietnamese=st.booleans(),
    less=st.booleans(),
)
def test_a_rounded_decimal_passes_and_one_beyond_rounding_fails(unit, tenths, places, vietnamese, less):
    value = tenths / 10
    fact, texts = fact_of(DECIMALS, unit, value)
    assert not faults(fact, texts[vietnamese].format(written(f"{value:.{places}f}", vietnamese)))
    off = round(value, places) + (-1 if less else 1) * 1.5 * 10.0**-places
    assert faults(fact, texts[vietnamese].format(written(f"{off:.{places + 1}f}", vietnamese)))


@given(tenths=st.integers(101, 999), vietnamese=st.booleans())
def test_a_percentage_passes_as_a_fraction(tenths, vietnamese):
    value = tenths / 10
    fact = Fact("confidence", "Probability", value, "%", AS_OF)
    shown = written(f"{value / 100:.3f}", vietnamese)
    off = written(f"{value / 100 + 0.002:.3f}", vietnamese)
    assert not faults(fact, f"The probability is {shown}.")
    assert faults(fact, f"The probability is {off}.")


@given(tenths=st.integers(-600, 600), vietnamese=st.booleans())
def test_a_signed_change_passes_with_its_sign_or_its_word(tenths, vietnamese):
    assume(abs(tenths) >= 1)
    value = tenths / 10
    fact = Fact("return_5", "Change over 5 sessions", value, "%", AS_OF, 1 if value > 0 else -1)
    size = written(f"{abs(value)}", vietnamese)
    sign, other = ("+", "-") if value > 0 else ("-", "+")
    word, wrong = (("tăng", "giảm") if vietnamese else ("rose", "fell"))[:: 1 if value > 0 else -1]
    assert not faults(fact, f"The change is {sign}{size}%.")
    assert not faults(fact, f"It {word} {size}%.")
    assert faults(fact, f"The change is {other}{size}%.")
    assert faults(fact, f"It {wrong} {size}%.")


@given(date=st.dates(dt.date(2000, 1, 1), dt.date(2030, 12, 31)), shift=st.integers(1, 400))
def test_a_date_passes_in_every_form_and_another_does_not(date, shift):
    fact = Fact("close", "Close", 99_000, "VND", date)
    sheet = FactSheet("FPT", date, "an-analysis", 99_000, False, (fact,))

    def found(day):
        forms = (
            day.isoformat(), f"{day:%d/%m/%Y}", f"{day.day} {day:%B} {day.year}", f"{day:%b} {day.day}, {day.year}",
            f"ngày {day.day} tháng {day.month} năm {day.year}", f"{day:%A}, {day.day} {day:%B} {day.year}",
        )  # fmt: skip
        return [bool(check_statement(Statement(text=f"As of {form}.", facts=["close"]), sheet)[1]) for form in forms]

    assert not any(found(date))
    other = date + dt.timedelta(days=shift)
    # 5/3 can also be the third of May.
    assume((other.day, other.month, other.year) != (date.month, date.day, date.year))
    assert all(found(other))
