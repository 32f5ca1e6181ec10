"""The age of an answer in days and in sessions, by the calendar that the operator may extend."""

from __future__ import annotations

import datetime as dt

import pytest

from api.app import create_app
from api.freshness import Gauge
from api.services import LlmTerms
from api.wiring import connect
from stock_ai.errors import RunAbortedError
from stock_ai.market.trading_calendar import TradingCalendar, default_calendar
from stock_ai.settings import KafkaSettings, LlmSettings, MongoSettings, RedisSettings
from tests.fakes.api_services import make_analysis, make_bar, memory_services
from tests.fakes.clock import FixedClock
from tests.fakes.http_client import Client

STORM = "closures:\n  2025-08-25: storm\n"


def at(text, **changes):
    now = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
    return Gauge(memory_services(clock=FixedClock(now), **changes))


@pytest.mark.parametrize(
    ("as_of", "now", "days", "sessions"),
    [
        ("2025-08-22", "2025-08-22T07:00", 0, 0),  # while its session runs
        ("2025-08-22", "2025-08-24T12:00", 2, 0),  # Sunday
        ("2025-08-22", "2025-08-25T07:59", 3, 0),  # Monday's session still runs
        ("2025-08-22", "2025-08-25T08:00", 3, 1),
        ("2025-08-22", "2025-08-24T17:00", 3, 0),  # Monday at the exchange already
        ("2025-08-29", "2025-09-02T16:00", 4, 0),  # a weekend and the National Day
        ("2025-01-24", "2025-02-03T08:00", 10, 1),  # the Lunar New Year
        ("2024-08-22", "2025-08-22T12:00", 365, 249),
        ("2025-08-26", "2025-08-25T12:00", -1, 0),
    ],
)
def test_days_and_sessions_since(as_of, now, days, sessions):
    fresh = at(now).of(dt.date.fromisoformat(as_of))
    assert (fresh.age_days, fresh.sessions_behind) == (days, sessions)


def test_of_what_has_no_date_nothing_is_known():
    fresh = at("2025-08-25T08:00").of(None)
    assert set(fresh.model_dump().values()) == {None}


def test_the_newest_part_decides():
    gauge = at("2025-08-26T08:00")
    parts = [gauge.of_bar(make_bar(time=dt.date(2025, 8, day), source=source)) for day, source in ((1, "a"), (22, "b"))]
    whole = gauge.combined([*parts, gauge.of(None)])
    assert (whole.as_of, whole.sessions_behind, whole.source) == (dt.date(2025, 8, 22), 2, None)
    assert gauge.combined([]) == gauge.of(None)


def test_an_operators_closure_is_no_session():
    calendar = default_calendar().extended(STORM, "own.yaml")
    assert at("2025-08-25T08:00", calendar=calendar).of(dt.date(2025, 8, 22)).sessions_behind == 0


class CountingCalendar(TradingCalendar):
    """Remembers how often sessions were counted."""

    counted = 0

    def count(self, *span):
        self.counted += 1
        return super().count(*span)


def test_a_listing_counts_once_per_date():
    calendar = CountingCalendar.from_yaml("", "test")
    services = memory_services(calendar=calendar)
    symbols = [f"A{n:02}" for n in range(50)]
    services.prices.upsert([make_bar(symbol, dt.date(2025, 8, 20)) for symbol in symbols])
    services.insights.apply([make_analysis(symbol, as_of=dt.date(2025, 8, 20)) for symbol in symbols])
    client = Client(create_app(services))
    for path in ("/api/v1/stocks", "/api/v1/market/overview"):
        calendar.counted = 0
        assert client.get(path).json()["freshness"]["sessions_behind"] == 2
        assert calendar.counted == 1


def test_fresh_data_needs_no_calendar():
    assert at("2025-08-22T12:00", calendar=None).of(dt.date(2025, 8, 22)).sessions_behind == 0


@pytest.fixture
def stores():
    """The services over stores that are away."""
    return connect(
        MongoSettings(MONGODB_URI="mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=1"),
        RedisSettings(REDIS_URL="redis://127.0.0.1:1"),
        KafkaSettings(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"),
        None,
        LlmSettings(),
        LlmTerms(),
    )


def test_the_api_knows_the_operators_closures(stores, monkeypatch, tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(STORM)
    monkeypatch.setenv("CLOSURES_FILE", str(path))
    assert not stores.calendar.is_session(dt.date(2025, 8, 25))
    assert stores.calendar is stores.calendar


def test_a_wrong_closures_file_is_no_fault_of_the_asker(stores, monkeypatch, tmp_path):
    monkeypatch.setenv("CLOSURES_FILE", str(tmp_path / "absent.yaml"))
    with pytest.raises(RunAbortedError, match=r"^CLOSURES_FILE .*absent\.yaml"):
        stores.calendar  # noqa: B018 - it is read by being named
