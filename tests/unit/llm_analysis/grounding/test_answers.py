"""Whole answers, right ones and ones wrong in one place: figure, unit, date, ticker, direction, citation, level."""

import pytest

from functions.llm_analysis.draft import Statement
from functions.llm_analysis.grounding import FaultKind, check, check_statement
from tests.unit.llm_analysis.grounding.answers import Answer, drafts, one_statement, right_sentences, statements

ANSWERS = [
    *statements("first_en"),
    *statements("first_vi"),
    *statements("blind"),
    *statements("blind_2"),
    *statements("blind_3"),
    *drafts(),
]
RIGHT = [answer for answer in ANSWERS if answer.wrong is None] + right_sentences()
WRONG = [answer for answer in ANSWERS if answer.wrong is not None]
OWN_KIND = {
    "date": FaultKind.DATE,
    "ticker": FaultKind.TICKER,
    "citation": FaultKind.CITATION,
    "level": FaultKind.LEVEL,
}
"""Kinds that the check must call by the same name. A wrong figure may also be a fault of unit or direction."""


@pytest.mark.parametrize("answer", RIGHT, ids=str)
def test_a_right_answer_passes_whole(answer: Answer):
    assert check(answer.draft, answer.sheet).faults == ()


@pytest.mark.parametrize("answer", WRONG, ids=str)
def test_a_wrong_answer_is_caught(answer: Answer):
    faults = check(answer.draft, answer.sheet).faults
    assert faults
    if answer.wrong in OWN_KIND:
        assert OWN_KIND[answer.wrong] in {fault.kind for fault in faults}


def test_there_are_answers_enough():
    assert len(WRONG) >= 150
    assert len(RIGHT) >= 200


def test_a_fault_says_where_and_what():
    answer = next(one for one in WRONG if one.name.startswith("drafts-0-8"))
    (fault,) = check(answer.draft, answer.sheet).faults
    assert (fault.at, fault.kind, fault.found) == ("risks.0", FaultKind.NUMBER, "19.7")
    assert "adx_14 = 17.9" in fault.message


def test_single_statements_are_checked_as_the_draft_is():
    for answer in ANSWERS:
        found = [check_statement(statement, answer.sheet, at) for at, statement in answer.draft.statements()]
        whole = [
            fault for fault in check(answer.draft, answer.sheet).faults if fault.at[:6] not in ("stance", "levels")
        ]
        assert [fault for _, faults in found for fault in faults] == whole


def test_claims_are_counted():
    answer = next(one for one in RIGHT if one.name == "first_en-00-right")
    # The figure, the date and the ticker; a signal and the stance that follows from it.
    assert check(answer.draft, answer.sheet).claims == 4


def test_a_text_of_no_claims_needs_no_facts():
    sheet = RIGHT[0].sheet
    draft = one_statement(Statement(text="Markets are uncertain.", facts=[]), sheet)
    assert check(draft, sheet).faults == ()
