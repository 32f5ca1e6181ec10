"""What both providers make of refusals, overload and broken streams."""

from __future__ import annotations

import datetime as dt
import logging
import traceback
from email.utils import format_datetime

import pytest

from functions.llm_analysis.asking import BrokenAnswerError, retry_after
from stock_ai.errors import RateLimitedError, RetryableError, RunAbortedError
from tests.contract.llm_analysis.conftest import BRIEF, KEY
from tests.fakes.llm_servers.turns import Ending, Tokens, Turn

NOW = dt.datetime(2026, 11, 25, 10, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 529])
def test_away_is_retryable_and_not_retried_by_the_sdk(house, status):
    house.script(Turn(status=status))
    with pytest.raises(RetryableError, match=str(status)) as raised:
        house.write()
    assert type(raised.value) is RetryableError
    assert len(house.asked) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "7"}, 7.0), ({"retry-after": "1.5"}, 1.5), ({"retry-after-ms": "250"}, 0.25), ({}, None)],
)
def test_busy_tells_how_long_to_wait(house, headers, seconds):
    house.script(Turn(status=429, headers=headers))
    with pytest.raises(RateLimitedError, match="429") as raised:
        house.write()
    assert raised.value.retry_after == seconds
    assert len(house.asked) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": format_datetime(NOW + dt.timedelta(seconds=30), usegmt=True)}, 30.0),
        ({"retry-after": format_datetime(NOW - dt.timedelta(seconds=30), usegmt=True)}, 0.0),
        ({"retry-after": "Wed, 25 Nov 2026 10:00:09"}, 9.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers, seconds):
    assert retry_after(headers, NOW) == seconds


def test_a_date_to_wait_for_comes_from_the_server(house):
    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=300)
    house.script(Turn(status=429, headers={"retry-after": format_datetime(later, usegmt=True)}))
    with pytest.raises(RateLimitedError) as raised:
        house.write()
    assert 240 < raised.value.retry_after <= 300


@pytest.mark.parametrize(
    ("status", "name", "named"),
    [
        (401, None, "{}_API_KEY"),
        (403, None, "{}_API_KEY"),
        (404, None, "{}_MODEL"),
        (402, None, "{}_API_KEY"),
        (400, None, "400"),
        (413, None, "413"),
        (422, None, "422"),
    ],
)
def test_a_refusal_needs_an_operator(house, status, name, named):
    house.script(Turn(status=status, name=name, message="the credit balance is too low"))
    with pytest.raises(RunAbortedError, match=named.format(house.prefix)) as raised:
        house.write()
    assert len(house.asked) == 1
    if status == 404:
        assert house.model in str(raised.value)
    if status in (400, 413, 422):
        assert "the credit balance is too low" in str(raised.value)


@pytest.mark.parametrize("headers", [{}, {"retry-after": "1"}])
def test_an_empty_account_is_no_matter_of_waiting(house, headers):
    name = {"anthropic": "enforced_spend_limit_reached", "openai": "insufficient_quota"}[house.name]
    house.script(Turn(status=429, name=name, headers=headers))
    with pytest.raises(RunAbortedError, match=f"account of {house.prefix}_API_KEY"):
        house.write()


@pytest.mark.parametrize("house", ["openai"], indirect=True)  # Anthropic answers 404
def test_a_model_out_of_reach_names_the_model_and_not_the_key(house):
    house.script(Turn(status=403, name="model_not_found"))
    with pytest.raises(RunAbortedError, match="OPENAI_MODEL: gpt-6"):
        house.write()


@pytest.mark.parametrize("ending", [Ending.CUT, Ending.EARLY])
def test_a_stream_that_breaks_off_is_retryable_and_paid(house, ending):
    house.script(Turn(ending=ending, tokens=Tokens(fresh=77)))
    told = []
    with pytest.raises(RetryableError, match="broke off in the middle") as raised:
        house.provider.write(BRIEF, told.append)
    assert told
    if house.name == "anthropic":  # OpenAI tells its usage at the end only
        assert isinstance(raised.value, BrokenAnswerError)
        assert (raised.value.usage.calls, raised.value.usage.input_tokens) == (1, 77)


OVERLOADED = {"anthropic": "overloaded_error", "openai": "server_error"}
BUSY = {"anthropic": "rate_limit_error", "openai": "rate_limit_exceeded"}


@pytest.mark.parametrize("ending", [Ending.ERROR, Ending.FAILED])
@pytest.mark.parametrize(("names", "kind"), [(OVERLOADED, RetryableError), (BUSY, RateLimitedError)])
def test_an_error_inside_the_stream_is_retryable(house, ending, names, kind):
    house.script(Turn(ending=ending, name=names[house.name]))
    with pytest.raises(kind, match=names[house.name]):
        house.write()


def test_a_failed_answer_is_paid(house):
    house.script(Turn(ending=Ending.FAILED, name=OVERLOADED[house.name], tokens=Tokens(fresh=77)))
    with pytest.raises(BrokenAnswerError) as raised:
        house.write()
    assert raised.value.usage.input_tokens == 77


def test_an_error_inside_the_stream_can_speak_of_the_key(house):
    names = {"anthropic": "authentication_error", "openai": "invalid_api_key"}
    house.script(Turn(ending=Ending.ERROR, name=names[house.name]))
    with pytest.raises(RunAbortedError, match=f"{house.prefix}_API_KEY"):
        house.write()


@pytest.mark.parametrize("house", ["openai"], indirect=True)
def test_a_failure_that_speaks_of_content_is_a_refusal(house):
    house.script(Turn(ending=Ending.FAILED, name="invalid_prompt"))
    assert house.write().fault == "refused"


TURNS = {
    "refused": Turn(status=401, message=f"invalid key {KEY}"),
    "bad request": Turn(status=400, message=f"odd header {KEY} " * 5),
    "busy": Turn(status=429, message=KEY),
    "odd name": Turn(status=500, name=KEY),
    "away": Turn(status=500, message=KEY),
    "error event": Turn(ending=Ending.ERROR, message=KEY),
    "failed": Turn(ending=Ending.FAILED, message=KEY),
    "broken": Turn(ending=Ending.CUT),
}


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_the_key_is_shown_nowhere(house, caplog, capfd, turn):
    caplog.set_level(logging.DEBUG)
    house.script(turn)
    with pytest.raises((RetryableError, RunAbortedError)) as raised:
        house.write()
    error = raised.value
    # The SDK's own error hangs nowhere on ours: its request holds the key.
    assert error.__context__ is None
    assert error.__cause__ is None
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(house.provider) + repr(vars(house.provider))
    assert KEY not in shown + caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize("key", ["", " ", f"{KEY}\n", f"{KEY} ", f"ключ-{KEY}"])
def test_a_key_that_cannot_be_sent_names_its_setting(house, caplog, key):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(RunAbortedError, match=f"{house.prefix}_API_KEY") as raised:
        house.made(key=key).write(BRIEF, lambda text: None)
    assert KEY not in "".join(traceback.format_exception(raised.value)) + caplog.text
    assert not house.asked


def test_an_error_of_the_listener_is_its_own(house):
    def listen(text):
        raise KeyError("mine")

    house.script(Turn())
    with pytest.raises(KeyError, match="mine"):
        house.provider.write(BRIEF, listen)
