"""Every number of every right answer with a digit changed, and direction words turned round: nearly all are caught."""

import re

import pytest

from functions.llm_analysis.draft import Statement
from functions.llm_analysis.grounding import check_statement
from tests.unit.llm_analysis.grounding.answers import right_sentences, statements

RIGHT = [
    *(
        answer
        for name in ("first_en", "first_vi", "blind", "blind_2", "blind_3")
        for answer in statements(name)
        if not answer.wrong
    ),
    *right_sentences(),
]
NUMBER = re.compile(r"(?<![A-Za-z])\d(?:[\d.,]*\d)?")
OPPOSITES = (
    ("rose", "fell"), ("risen", "fallen"), ("gained", "lost"), ("climbed", "slid"), ("added", "shed"),
    ("outperform", "underperform"), ("jumped", "dropped"), ("tăng", "giảm"), ("cao hơn", "thấp hơn"),
    ("tốt hơn", "kém hơn"), ("above", "below"), (" up ", " down "), ("quá mua", "quá bán"), ("BUY", "SELL"),
    ("MUA", "BÁN"), ("better", "worse"), ("dưới", "trên"),
)  # fmt: skip


def mutants(text):
    """`text` with the first, the middle or the last digit of one number changed by three."""
    for match in NUMBER.finditer(text):
        digits = [at for at in range(match.start(), match.end()) if text[at].isdigit()]
        for at in sorted({digits[0], digits[len(digits) // 2], digits[-1]}):
            digit = int(text[at])
            other = digit + 3 if digit < 7 else digit - 3
            yield f"{text[:at]}{other}{text[at + 1 :]}"


def caught(answer, text):
    statement = Statement(text=text, facts=answer.draft.summary[0].facts)
    return bool(check_statement(statement, answer.sheet)[1])


@pytest.mark.slow
def test_a_changed_digit_is_caught():
    results = {
        text: caught(answer, text) for answer in RIGHT for text in mutants(answer.draft.summary[0].text)
    }  # fmt: skip
    missed = [text for text, found in results.items() if not found]
    assert len(results) > 1200
    assert len(missed) / len(results) < 0.01, missed


def test_a_direction_turned_round_is_caught():
    results = {}
    for answer in RIGHT:
        text = answer.draft.summary[0].text
        for pair in OPPOSITES:
            for old, new in (pair, pair[::-1]):
                for match in re.finditer(rf"(?<!\w){old}(?!\w)", text):
                    turned = f"{text[: match.start()]}{new}{text[match.end() :]}"
                    results[turned] = caught(answer, turned)
    missed = [text for text, found in results.items() if not found]
    assert len(results) > 80
    # What is missed is a possibility (could fall), a risk, or about something that is no fact.
    assert len(missed) / len(results) < 0.15, missed
