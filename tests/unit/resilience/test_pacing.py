"""Turns come no faster than the rate, and a turn that would come too late is refused at once."""

from __future__ import annotations

import datetime as dt
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stock_ai.clock import utc_now
from stock_ai.resilience.pacing import MovingWindowPacer, PaceExceededError, vnstock_rate

LATER = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)


def pacer(rate, **options):
    return MovingWindowPacer("test", Fraction(rate), utc_now, **options)


@pytest.mark.parametrize(
    ("per_second", "keyed", "per_minute"),
    [(None, False, 15), (None, True, 50), (5.0, False, 15), (0.1, False, 6), (0.1, True, 6), (1.0, True, 50)],
)
def test_the_lower_of_the_operators_and_the_tiers_rate(per_second, keyed, per_minute):
    assert vnstock_rate(per_second, keyed) * 60 == per_minute


@given(st.fractions(Fraction(1, 10_000), 1000))
def test_the_window_never_lets_more_through_than_the_rate(rate):
    made = pacer(rate)
    assert 0 < made.per_second <= float(rate) * 1.0000001
    # A window of at most a minute, so that a burst is at most a minute's worth.
    if rate >= Fraction(1, 60):
        assert made.per_second > float(rate) * 0.5


def test_a_guest_has_one_turn_in_four_seconds():
    made = pacer(vnstock_rate(None, keyed=False), sleep=pytest.fail)
    assert made.per_second == 0.25
    made.acquire(LATER)
    with pytest.raises(PaceExceededError) as refused:
        made.acquire(utc_now() + dt.timedelta(seconds=1))
    assert 3.5 < refused.value.retry_after < 4.1


@pytest.mark.slow
def test_a_turn_is_waited_for():
    waits = []

    def sleep(seconds):
        waits.append(seconds)
        time.sleep(seconds)

    made = pacer(4, sleep=sleep)
    began = time.monotonic()
    for _ in range(9):
        made.acquire(LATER)
    assert time.monotonic() - began > 1.9, "nine turns at four a second take two whole windows"
    assert len(waits) <= 4, "no busy waiting"


def test_pacers_of_their_own_do_not_know_of_each_other():
    for _ in range(3):
        pacer(1, sleep=pytest.fail).acquire(LATER)


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_of_nothing_is_refused(rate):
    with pytest.raises(ValueError, match="lets nothing through"):
        pacer(rate)
