"""What an event may override."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from functions.data_collector.request import Do, Wanted, requested
from stock_ai.errors import InvalidInputError
from stock_ai.models.base import Interval
from stock_ai.settings import SourceSettings

SETTINGS = SourceSettings(PRICE_SOURCE="csv", PRICE_DATA="/prices", PRICE_SYMBOLS="FPT", PRICE_SINCE="2025-01-01")


@pytest.mark.parametrize("event", [{}, {"detail": {}}, {"source": "aws.scheduler", "detail-type": "Scheduled Event"}])
def test_a_plain_schedule_event_changes_nothing(event):
    assert requested(event, SETTINGS) == Wanted(Do.COLLECT, Interval.DAY, SETTINGS)


def test_each_given_key_takes_the_place_of_a_setting():
    wanted = requested(
        {"detail": {"source": "simulated", "data": "/x", "symbols": [" vnm "], "since": None, "until": "2025-02-01"}},
        SETTINGS,
    ).settings
    assert (wanted.source, wanted.data, wanted.symbols) == ("simulated", Path("/x"), ("VNM",))
    assert (wanted.since, wanted.until) == (None, dt.date(2025, 2, 1))


@pytest.mark.parametrize(
    ("detail", "message"),
    [
        ({"since": "yesterday"}, "detail.since 'yesterday'"),
        ({"symbols": "FPT"}, "detail.symbols 'FPT'"),
        ({"symbols": ["FPT", ""]}, "detail.symbols.1 ''"),
        ({"source": None}, "detail.source None"),
        ({"symbol": ["FPT"]}, "detail.symbol "),
        ({"until": "2024-12-31"}, "since 2025-01-01 is after until 2024-12-31"),
        ("all", "detail 'all'"),
        ({"do": "sleep"}, "detail.do 'sleep'"),
        ({"do": "backfill", "since": None}, "since: a backfill needs its first trading date"),
        ({"interval": "2m"}, "detail.interval '2m'"),
    ],
)
def test_a_wrong_value_is_named(detail, message):
    with pytest.raises(InvalidInputError) as caught:
        requested({"detail": detail}, SETTINGS)
    assert message in str(caught.value)
