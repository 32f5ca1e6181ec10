"""Both providers behind patience and breaker, and what a text has to pass after them."""

from __future__ import annotations

import pybreaker
import pytest

from functions.llm_analysis import grounding, prompts
from functions.llm_analysis.guarded import Guarded
from stock_ai.clock import utc_now
from stock_ai.errors import RetryableError, RunAbortedError
from stock_ai.models.llm import Language
from stock_ai.resilience.retrying import Backoff
from tests.contract.llm_analysis.conftest import BRIEF
from tests.fakes.explaining import make_sheet
from tests.fakes.llm_servers.turns import DRAFT, Ending, Turn
from tests.fakes.llm_servers.writing import careless, faithful, stubborn


@pytest.fixture
def guarded(house):
    backoff = Backoff(attempts=2, first=0.01, longest=0.05)
    breaker = pybreaker.CircuitBreaker(fail_max=2, reset_timeout=3600)
    return Guarded(house.provider, backoff, breaker, deadline_seconds=15, clock=utc_now)


@pytest.mark.parametrize(
    "first",
    [
        Turn(status=529),
        Turn(status=429, headers={"retry-after-ms": "20"}),
        Turn(ending=Ending.CUT),
        Turn(ending=Ending.ERROR, name="overloaded_error"),
    ],
    ids=["overloaded", "busy", "cut", "error event"],
)
def test_a_second_try_gives_the_whole_text(house, guarded, first):
    house.script(first, Turn())
    told = []
    reply = guarded.write(BRIEF, told.append)
    assert reply.draft is not None
    assert reply.usage.calls == len(house.asked) == 2
    assert told[-1] == Turn().text
    assert told[-1].startswith('{"summary": [{"text": "' + DRAFT["summary"][0]["text"])


def test_a_provider_that_is_away_is_left_alone(house, guarded):
    house.script(Turn(status=503))
    for _ in range(2):
        with pytest.raises(RetryableError, match="503"):
            guarded.write(BRIEF, lambda text: None)
    with pytest.raises(RetryableError, match=f"{house.name} is left alone"):
        guarded.write(BRIEF, lambda text: None)
    assert len(house.asked) == 4


def test_a_wrong_key_is_told_each_time(house, guarded):
    house.script(Turn(status=401))
    for _ in range(4):
        with pytest.raises(RunAbortedError, match=f"{house.prefix}_API_KEY"):
            guarded.write(BRIEF, lambda text: None)
    assert len(house.asked) == 4


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(("author", "first", "second"), [(faithful, 0, 0), (careless, 2, 0), (stubborn, 2, 2)])
def test_the_authors_of_the_stub_are_what_they_are_called(house, guarded, language, author, first, second):
    sheet = make_sheet()
    house.script(author)
    order = prompts.brief(sheet, language)
    draft = guarded.write(order, lambda text: None).draft
    faults = grounding.check(draft, sheet).faults
    assert len({fault.at for fault in faults}) == first
    mended = guarded.write(prompts.repaired(order, draft, [fault.message for fault in faults]), lambda text: None)
    assert len({fault.at for fault in grounding.check(mended.draft, sheet).faults}) == second
