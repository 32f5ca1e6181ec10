"""Sentences told while the answer grows."""

import pytest

from functions.llm_analysis.narration import Narrator
from stock_ai.errors import RetryableError
from tests.fakes.explaining import CLOSED, HOT, ROSE, WRONG, make_draft, make_sheet


class Listener:
    """Implements `Teller`."""

    def __init__(self):
        self.told = []
        self.down = False

    def emit(self, event, data):
        if self.down:
            raise RetryableError("Redis: TimeoutError")
        assert event == "sentence"
        self.told.append((data["at"], data["text"]))


class Ticking:
    """A clock that goes on by a step at each look."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


@pytest.fixture
def listener():
    return Listener()


def narrate(listener, text, step=1.0, stride=1):
    narrator = Narrator(listener, make_sheet(), Ticking(step))
    for end in range(1, len(text) + 1, stride):
        narrator(text[:end])
    return narrator


def test_a_sentence_is_told_when_it_is_whole_and_not_before(listener):
    draft = make_draft(summary=[CLOSED, ROSE])
    text = draft.model_dump_json()
    narrator = Narrator(listener, make_sheet(), Ticking(1.0))
    for end in range(1, len(text) + 1):
        narrator(text[:end])
        for at, said in listener.told:
            part = dict(draft.statements())[at]
            assert said == part.text
            assert part.model_dump_json() in text[:end], "told before its facts were known"
    assert [at for at, _ in listener.told] == ["summary.0", "summary.1", "drivers.0", "risks.0"]


def test_a_sentence_that_no_fact_bears_is_not_told(listener):
    narrate(listener, make_draft(drivers=[WRONG, ROSE]).model_dump_json())
    assert [at for at, _ in listener.told] == ["summary.0", "drivers.1", "risks.0"]


def test_the_pace_is_bounded(listener):
    looks = []

    class Counting(Ticking):
        def __call__(self):
            looks.append(super().__call__())
            return looks[-1]

    text = make_draft().model_dump_json()
    narrator = Narrator(listener, make_sheet(), Counting(0.001))
    for end in range(1, 150):
        narrator(text[:end])
    # 0.15 s have passed: one look, at the first letter.
    assert listener.told == []


def test_the_rest_is_told_at_the_end_without_what_was_told_or_is_wrong(listener):
    draft = make_draft(risks=[HOT, WRONG])
    narrator = narrate(listener, draft.model_dump_json()[:120])
    assert [at for at, _ in listener.told] == ["summary.0"]
    narrator.finish(draft, {"risks.1"})
    assert [at for at, _ in listener.told] == ["summary.0", "drivers.0", "risks.0"]


def test_a_mended_sentence_is_told_again_at_its_place(listener):
    narrator = narrate(listener, make_draft().model_dump_json())
    listener.told.clear()
    mended = make_draft(risks=[ROSE])
    narrator.finish(mended, set())
    assert listener.told == [("risks.0", "It rose 3.2% in 5 sessions.")]


def test_a_teller_that_is_away_silences_and_does_not_disturb(listener):
    listener.down = True
    narrator = narrate(listener, make_draft().model_dump_json())
    listener.down = False
    narrator.finish(make_draft(risks=[ROSE]), set())
    assert listener.told == []


@pytest.mark.parametrize(
    "text", ["", "[", "not JSON", '{"summary": {"a": 1}}', '{"summary": ["a", "b"], "x', "[1, 2]", "{}"]
)
def test_what_is_no_answer_is_passed_over(listener, text):
    narrate(listener, text)
    assert listener.told == []
