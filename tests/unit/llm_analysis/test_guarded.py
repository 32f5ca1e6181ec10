"""Patience and the circuit breaker around a provider."""

from __future__ import annotations

import datetime as dt
import threading

import pybreaker
import pytest

from functions.llm_analysis.asking import BrokenAnswerError
from functions.llm_analysis.guarded import Guarded
from functions.llm_analysis.provider import Brief, Reply
from stock_ai.errors import RateLimitedError, RetryableError, RunAbortedError
from stock_ai.models.llm import LlmUsage
from stock_ai.resilience.retrying import Backoff
from tests.fakes.clock import FixedClock

BRIEF = Brief("system", "facts")
GOOD = Reply(None, None, LlmUsage(calls=1, input_tokens=100, output_tokens=10))
MALFORMED = Reply(None, "malformed: risks: Field required", LlmUsage(calls=1))
AWAY = RetryableError("away")
FAIL_MAX = 3
RESET = 3600.0


class Scripted:
    """Implements `Provider`: raises or returns one outcome after the other, the last one again and again."""

    name, model = "anthropic", "claude-test"

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.calls = 0

    def write(self, brief, on_text):
        self.calls += 1
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if callable(outcome):
            return outcome(on_text)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class House:
    def __init__(self, *outcomes, attempts=2, deadline=15.0, longest=0.5):
        self.provider = Scripted(*outcomes)
        self.clock = FixedClock(dt.datetime(2026, 11, 25, tzinfo=dt.UTC))
        self.slept = []
        self.storage = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
        self.breaker = pybreaker.CircuitBreaker(FAIL_MAX, RESET, state_storage=self.storage)
        backoff = Backoff(attempts=attempts, first=0.1, longest=longest, sleep=self.sleep)
        self.guarded = Guarded(self.provider, backoff, self.breaker, deadline_seconds=deadline, clock=self.clock)

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.clock.advance(seconds=seconds)

    def write(self, on_text=lambda text: None):
        return self.guarded.write(BRIEF, on_text)

    def fail(self, times, error=RetryableError):
        for _ in range(times):
            with pytest.raises(error):
                self.write()

    def wait_for_half_open(self):
        self.storage.opened_at -= dt.timedelta(seconds=RESET + 1)


def test_it_is_called_as_the_provider_is():
    house = House(GOOD)
    assert (house.guarded.name, house.guarded.model) == ("anthropic", "claude-test")
    assert house.write() == GOOD
    assert house.slept == []


def test_a_second_try_answers_and_counts_both():
    broken = BrokenAnswerError("broke off", LlmUsage(calls=1, input_tokens=70))
    house = House(AWAY, broken, GOOD, attempts=3)
    assert house.write().usage == LlmUsage(calls=3, input_tokens=170, output_tokens=10)
    assert len(house.slept) == 2


def test_the_last_error_tells_what_was_used():
    house = House(BrokenAnswerError("broke off", LlmUsage(calls=1, input_tokens=70)), RateLimitedError("busy"))
    with pytest.raises(BrokenAnswerError, match="busy") as raised:
        house.write()
    assert raised.value.usage == LlmUsage(calls=2, input_tokens=70)


def test_the_last_error_is_raised_as_it_is_when_nothing_was_used():
    house = House(AWAY, RateLimitedError("busy", 0.1))
    with pytest.raises(RateLimitedError, match="busy"):
        house.write()
    assert house.provider.calls == 2


def test_the_second_try_waits_as_long_as_the_provider_asks():
    house = House(RateLimitedError("busy", 3.0), GOOD, longest=5.0)
    house.write()
    assert 3.0 <= house.slept[0] <= 8.0


def test_no_try_starts_after_the_deadline():
    house = House(RateLimitedError("busy", 20.0), GOOD, longest=60.0)
    with pytest.raises(RateLimitedError, match="busy"):
        house.write()
    assert (house.provider.calls, house.slept) == (1, [])


def test_the_time_of_a_try_counts_too():
    def slow(on_text):
        house.clock.advance(seconds=15)
        raise AWAY

    house = House(slow, GOOD)
    with pytest.raises(RetryableError, match="away"):
        house.write()
    assert house.provider.calls == 1


def test_a_refusal_is_not_tried_again():
    house = House(RunAbortedError("ANTHROPIC_API_KEY"), GOOD)
    house.fail(1, RunAbortedError)
    assert house.provider.calls == 1


def test_text_starts_anew_at_the_second_try():
    def broken(on_text):
        on_text('{"summary')
        raise AWAY

    def whole(on_text):
        on_text('{"s')
        on_text('{"summary": []}')
        return GOOD

    told = []
    House(broken, whole).write(told.append)
    assert told == ['{"summary', '{"s', '{"summary": []}']


@pytest.mark.parametrize("error", [AWAY, RateLimitedError("busy")])
def test_failed_requests_in_a_row_open_the_circuit(error):
    house = House(error)
    house.fail(FAIL_MAX)
    calls = house.provider.calls
    assert calls == FAIL_MAX * 2  # requests count, not tries
    with pytest.raises(RetryableError, match="anthropic is left alone"):
        house.write()
    assert house.provider.calls == calls


@pytest.mark.parametrize("between", [GOOD, MALFORMED, RunAbortedError("refused")])
def test_any_answer_ends_the_row(between):
    house = House(*[AWAY] * 4, between, *[AWAY] * 4, GOOD)
    house.fail(2)
    if isinstance(between, Exception):
        house.fail(1, RunAbortedError)
    else:
        assert house.write() == between
    house.fail(2)
    assert house.write() == GOOD


def test_refusals_and_malformed_answers_open_nothing():
    house = House(*[RunAbortedError("refused")] * 5, *[MALFORMED] * 5, GOOD)
    house.fail(5, RunAbortedError)
    assert [house.write().fault for _ in range(5)] == [MALFORMED.fault] * 5
    assert house.write() == GOOD


def test_after_a_while_one_request_tries_and_closes_the_circuit():
    house = House(*[AWAY] * 6, GOOD)
    house.fail(FAIL_MAX)
    house.wait_for_half_open()
    assert house.write() == GOOD
    assert house.breaker.current_state == pybreaker.STATE_CLOSED


def test_a_failed_trial_opens_the_circuit_again():
    house = House(AWAY)
    house.fail(FAIL_MAX)
    house.wait_for_half_open()
    house.fail(1)
    calls = house.provider.calls
    with pytest.raises(RetryableError, match="left alone"):
        house.write()
    assert house.provider.calls == calls


def test_the_others_are_turned_away_while_one_tries():
    inside, go_on = threading.Event(), threading.Event()

    def trial(on_text):
        inside.set()
        assert go_on.wait(10)
        return GOOD

    house = House(*[AWAY] * 6, trial, GOOD)
    house.fail(FAIL_MAX)
    house.wait_for_half_open()
    replies = []
    thread = threading.Thread(target=lambda: replies.append(house.write()))
    thread.start()
    assert inside.wait(10)
    with pytest.raises(RetryableError, match="left alone"):
        house.write()
    go_on.set()
    thread.join(10)
    assert replies == [GOOD]
    assert house.write() == GOOD


def test_requests_do_not_wait_for_one_another():
    both = threading.Barrier(2)

    def together(on_text):
        both.wait(10)  # breaks unless both are inside at once
        return GOOD

    house = House(together)
    replies = []
    threads = [threading.Thread(target=lambda: replies.append(house.write())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert replies == [GOOD, GOOD]


def test_an_error_of_the_listener_counts_for_nothing():
    def told(on_text):
        on_text("{")
        return GOOD

    def listen(text):
        raise KeyError("mine")

    house = House(told)
    for _ in range(FAIL_MAX + 1):
        with pytest.raises(KeyError):
            house.write(listen)
    assert house.write() == GOOD
