"""What is tried again, when, and what is not."""

from __future__ import annotations

import pytest

from stock_ai.errors import InvalidInputError, RateLimitedError, RetryableError
from stock_ai.resilience.pacing import PaceExceededError
from stock_ai.resilience.retrying import Backoff


class Work:
    def __init__(self, *errors):
        self.errors = list(errors)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.fixture
def waits():
    return []


def test_waits_grow_with_jitter(waits):
    spread = set()
    for _ in range(50):
        waits.clear()
        assert Backoff(4, first=1.0, sleep=waits.append)(Work(*[RetryableError("away")] * 3)) == "done"
        assert [limit >= wait for limit, wait in zip((1, 2, 4), waits, strict=True)] == [True] * 3
        spread.add(round(waits[2]))
    assert len(spread) >= 3


def test_no_wait_is_longer_than_the_longest(waits):
    work = Work(*[RetryableError("away")] * 19)
    Backoff(20, first=1.0, longest=3.0, sleep=waits.append)(work)
    assert max(waits) <= 3.0


def test_retry_after_is_the_least_wait(waits):
    Backoff(2, sleep=waits.append)(Work(RateLimitedError("busy", 45.0)))
    assert 45.0 <= waits[0] <= 46.0


@pytest.mark.parametrize(
    "error",
    [InvalidInputError("wrong"), PaceExceededError("no turn", 4.0), RateLimitedError("busy", 61.0), KeyError("bug")],
    ids=lambda error: type(error).__name__,
)
def test_what_waiting_does_not_help_is_not_tried_again(waits, error):
    work = Work(error)
    with pytest.raises(type(error)) as caught:
        Backoff(5, longest=60.0, sleep=waits.append)(work)
    assert caught.value is error
    assert (work.calls, waits) == (1, [])


def test_the_last_error_is_the_one_that_is_raised(waits):
    work = Work(RetryableError("first"), RetryableError("second"), RetryableError("third"))
    with pytest.raises(RetryableError, match="second"):
        Backoff(2, sleep=waits.append)(work)
    assert work.calls == 2
