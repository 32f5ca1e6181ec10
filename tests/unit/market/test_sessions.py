"""The phases of a trading day, at every boundary."""

import datetime as dt
from itertools import pairwise

import pytest

from stock_ai.market.sessions import Exchange, Phase, phase_at

JUST_BEFORE = dt.timedelta(microseconds=1)
HOURS = {
    Exchange.HOSE: [
        ("00:00", Phase.CLOSED),
        ("09:00", Phase.OPENING_AUCTION),
        ("09:15", Phase.CONTINUOUS),
        ("11:30", Phase.LUNCH_BREAK),
        ("13:00", Phase.CONTINUOUS),
        ("14:30", Phase.CLOSING_AUCTION),
        ("14:45", Phase.PUT_THROUGH),
        ("15:00", Phase.CLOSED),
    ],
    Exchange.HNX: [
        ("00:00", Phase.CLOSED),
        ("09:00", Phase.CONTINUOUS),
        ("11:30", Phase.LUNCH_BREAK),
        ("13:00", Phase.CONTINUOUS),
        ("14:30", Phase.CLOSING_AUCTION),
        ("14:45", Phase.POST_CLOSE),
        ("15:00", Phase.CLOSED),
    ],
    Exchange.UPCOM: [
        ("00:00", Phase.CLOSED),
        ("09:00", Phase.CONTINUOUS),
        ("11:30", Phase.LUNCH_BREAK),
        ("13:00", Phase.CONTINUOUS),
        ("15:00", Phase.CLOSED),
    ],
}
BOUNDARIES = [
    (exchange, dt.time.fromisoformat(start), before, after)
    for exchange, hours in HOURS.items()
    for (_, before), (start, after) in pairwise(hours)
]


@pytest.mark.parametrize(("exchange", "start", "before", "after"), BOUNDARIES)
def test_a_phase_begins_on_its_minute_and_not_before(exchange, start, before, after):
    last_moment = (dt.datetime.combine(dt.date(2025, 8, 25), start) - JUST_BEFORE).time()
    assert phase_at(exchange, last_moment) == before
    assert phase_at(exchange, start) == after


@pytest.mark.parametrize("exchange", Exchange)
def test_the_day_begins_and_ends_closed(exchange):
    assert phase_at(exchange, dt.time.min) == phase_at(exchange, dt.time.max) == Phase.CLOSED


def test_a_bar_can_change_in_every_phase_but_lunch_and_closed():
    assert {phase for phase in Phase if not phase.is_trading} == {Phase.CLOSED, Phase.LUNCH_BREAK}
