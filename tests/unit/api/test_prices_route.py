"""`GET /stocks/{symbol}/prices`: raw and adjusted, every interval, pages."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.charts import Asked, read
from api.schemas import ChartInterval
from stock_ai.models.base import Interval, PriceBasis
from tests.fakes.api_services import NOW, make_bar, memory_services

LATER = {"ingested_at": NOW + dt.timedelta(seconds=1)}
PRICES = "/api/v1/stocks/FPT/prices"


def pages(client, **query):
    """The times of the bars of each page, newest page first, and no page twice."""
    seen, cursor = [], {}
    while True:
        answer = client.get(PRICES, params=query | cursor)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen.append([bar["time"] for bar in page["bars"]])
        if page["next_cursor"] is None:
            return seen
        assert {"cursor": page["next_cursor"]} != cursor
        cursor = {"cursor": page["next_cursor"]}


def minutes(day, count, interval=Interval.MINUTES_15, step=15, **changes):
    """Intraday bars from 09:00 at the exchange on."""
    opening = dt.datetime.combine(day, dt.time(2), dt.UTC)
    times = [opening + dt.timedelta(minutes=step * n) for n in range(count)]
    return [make_bar(time=time, interval=interval, **changes) for time in times]


def test_prices_are_raw_unless_asked_for_adjusted(client, services):
    services.prices.upsert(
        [
            make_bar("FPT", dt.date(2025, 8, 20), open=100, high=105, low=99, close=100, adjusted_close=85, **LATER),
            make_bar("FPT", dt.date(2025, 8, 21), open=100, high=105, low=99, close=100, adjusted_close=None, **LATER),
        ]
    )
    query = {"start": "2025-08-20", "end": "2025-08-21"}
    raw = client.get("/api/v1/stocks/FPT/prices", params=query).json()
    assert (raw["prices"], raw["interval"]) == ("raw", "1D")
    assert [[bar[name] for name in ("open", "high", "low", "close", "adjusted_close")] for bar in raw["bars"]] == [
        [100, 105, 99, 100, 85],
        [100, 105, 99, 100, None],
    ]
    adjusted = client.get("/api/v1/stocks/FPT/prices", params=query | {"adjusted": "true"}).json()
    assert adjusted["prices"] == "adjusted"
    # 105 x 0.85 = 89.25 and 99 x 0.85 = 84.15, in whole VND.
    assert [[bar[name] for name in ("open", "high", "low", "close", "volume")] for bar in adjusted["bars"]] == [
        [85, 89, 84, 85, 7_212_000],
        [None, None, None, None, 7_212_000],
    ]


def test_adjusted_points_keep_two_decimals(client, services):
    points = {"open": Decimal("1600.10"), "high": Decimal("1620.55"), "low": Decimal("1599.99")}
    services.prices.upsert([make_bar("VN30", close=Decimal("1610.00"), adjusted_close=Decimal("805.00"), **points)])
    (bar,) = client.get("/api/v1/stocks/VN30/prices?adjusted=true").json()["bars"]
    assert [bar[name] for name in ("open", "high", "low", "close")] == [800.05, 810.28, 800.0, 805.0]


def test_known_symbol_without_bars_in_the_span_has_no_bars(client):
    page = client.get("/api/v1/stocks/FPT/prices?end=2001-01-01")
    assert (page.status_code, page.json()["bars"], page.json()["freshness"]["as_of"]) == (200, [], None)


def test_a_bar_known_on_adjusted_prices_only_says_so_when_raw_is_asked(client, services):
    only = {"basis": PriceBasis.ADJUSTED, "open": 50, "high": 52, "low": 49, "close": 51, "adjusted_close": 51}
    services.prices.upsert([make_bar(time=dt.date(2025, 8, 21), **only, **LATER)])
    query = {"start": "2025-08-21", "end": "2025-08-22"}
    raw = client.get(PRICES, params=query).json()
    assert raw["prices"] == "raw"
    assert [(bar["open"], bar["basis"]) for bar in raw["bars"]] == [(50, "adjusted"), (101600, "raw")]
    adjusted = client.get(PRICES, params=query | {"adjusted": "true"}).json()
    assert [(bar["open"], bar["basis"]) for bar in adjusted["bars"]] == [(50, "adjusted"), (101600, "adjusted")]


def test_a_daily_answer_is_as_it_was(client):
    answer = client.get(PRICES, params={"limit": 1}).json()
    assert answer.pop("next_cursor")
    assert answer == {
        "freshness": {
            "as_of": "2025-08-22", "age_days": 1, "sessions_behind": 0, "source": "csv", "provisional": False,
            "simulated": False,
            "degraded": None,
        },
        "symbol": "FPT",
        "interval": "1D",
        "prices": "raw",
        "bars": [
            {
                "time": "2025-08-22", "open": 101600, "high": 101600, "low": 98800, "close": 99000,
                "adjusted_close": 99000, "volume": 7212000, "provisional": False, "basis": "raw",
            }
        ],
    }  # fmt: skip


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_pages_meet_without_gap_or_overlap(client, limit):
    found = pages(client, limit=limit)
    days = [f"2025-08-{day}" for day in range(18, 23)]
    assert [time for page in reversed(found) for time in page] == days
    assert all(len(page) == limit for page in found[:-1])
    assert pages(client, limit=limit, start="2025-08-19", end="2025-08-21")[-1][0] == "2025-08-19"


def test_pages_stay_where_they_are_while_newer_bars_arrive(client, services):
    first = client.get(PRICES, params={"limit": 2}).json()
    services.prices.upsert([make_bar(time=dt.date(2025, 8, 23)), make_bar(time=dt.date(2025, 8, 24))])
    second = client.get(PRICES, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [bar["time"] for bar in second["bars"]] == ["2025-08-19", "2025-08-20"]
    # The dates asked for hold on every page.
    query = {"limit": 2, "cursor": first["next_cursor"], "start": "2025-08-20"}
    assert [bar["time"] for bar in client.get(PRICES, params=query).json()["bars"]] == ["2025-08-20"]


@pytest.mark.parametrize("limit", [1, 7, 16, 17, 40])
def test_pages_of_intraday_bars_break_within_a_session(client, services, limit):
    bars = [*minutes(dt.date(2025, 8, 20), 16), *minutes(dt.date(2025, 8, 22), 20)]
    services.prices.upsert(bars)
    found = pages(client, interval="15m", limit=limit)
    times = [bar.time.isoformat().replace("+00:00", "Z") for bar in bars]
    assert [time for page in reversed(found) for time in page] == times
    assert all(len(page) == limit for page in found[:-1])
    assert [
        time for page in reversed(pages(client, interval="15m", limit=limit, end="2025-08-20")) for time in page
    ] == (times[:16])


def test_every_stored_interval_can_be_read_and_a_minute_is_no_month(client, services):
    for interval in Interval:
        if interval is not Interval.DAY:
            services.prices.upsert(minutes(dt.date(2025, 8, 22), 3, interval, 60))
        page = client.get(PRICES, params={"interval": interval, "end": "2025-08-22"}).json()
        assert page["interval"] == interval
        assert page["bars"][-1]["time"] == ("2025-08-22" if interval is Interval.DAY else "2025-08-22T04:00:00Z")
    assert client.get(PRICES, params={"interval": "1M"}).json()["bars"][0]["time"] == "2025-08-01"


def test_weeks_are_built_from_days_and_the_running_one_is_provisional(client, services):
    services.prices.upsert([make_bar(time=dt.date(2025, 8, 25), open=1, high=2, low=1, close=2, volume=5)])
    services.clock.now = dt.datetime(2025, 8, 26, 3, tzinfo=dt.UTC)
    page = client.get(PRICES, params={"interval": "1W"}).json()
    assert [(bar["time"], bar["close"], bar["volume"], bar["provisional"]) for bar in page["bars"]] == [
        ("2025-08-18", 99000, 5 * 7_212_000, False),
        ("2025-08-25", 2, 5, True),
    ]
    assert (page["freshness"]["as_of"], page["freshness"]["provisional"]) == ("2025-08-25", False)
    assert page["next_cursor"] is None


def test_start_widens_to_whole_weeks_and_end_cuts_one(client, services):
    services.prices.upsert([make_bar(time=dt.date(2025, 8, day)) for day in (11, 12, 13, 14, 15)])
    (bar,) = client.get(PRICES, params={"interval": "1W", "start": "2025-08-13", "end": "2025-08-17"}).json()["bars"]
    assert (bar["time"], bar["volume"], bar["provisional"]) == ("2025-08-11", 5 * 7_212_000, False)
    (cut,) = client.get(PRICES, params={"interval": "1W", "start": "2025-08-13", "end": "2025-08-13"}).json()["bars"]
    assert (cut["time"], cut["volume"], cut["provisional"]) == ("2025-08-11", 3 * 7_212_000, True)


def test_a_week_of_mixed_bases_is_given_on_adjusted_prices(client, services):
    half = {"basis": PriceBasis.ADJUSTED, "open": 1, "high": 1, "low": 1, "close": 1, "adjusted_close": 1}
    services.prices.upsert([make_bar(time=dt.date(2025, 8, 19), **half, **LATER)])
    (bar,) = client.get(PRICES, params={"interval": "1W"}).json()["bars"]
    assert (bar["low"], bar["high"], bar["basis"]) == (1, 101600, "adjusted")


def test_a_cursor_of_another_symbol_or_interval_is_named(client):
    cursor = client.get(PRICES, params={"limit": 1}).json()["next_cursor"]
    for path, query in (("VCB", {}), ("FPT", {"interval": "1W"})):
        answer = client.get(f"/api/v1/stocks/{path}/prices", params={"cursor": cursor} | query)
        assert answer.status_code == 422
        (fault,) = answer.json()["errors"]
        assert (fault["field"], fault["value"]) == ("query.cursor", cursor)
        assert "belongs to another question" in fault["message"]


@pytest.mark.parametrize("query", [{"end": "2999-12-31"}, {"start": "1900-01-01", "end": "1900-01-01"}])
@pytest.mark.parametrize("interval", ChartInterval)
def test_dates_at_the_edge_are_answered(client, interval, query):
    assert client.get(PRICES, params={"interval": interval} | query).status_code == 200


def test_weeks_take_one_read_of_the_store(client, services):
    client.get(PRICES, params={"interval": "1W", "limit": 2})
    assert services.prices.calls == 1


DAYS = st.sets(st.dates(dt.date(2024, 11, 1), dt.date(2025, 3, 31)), min_size=1, max_size=80)


@settings(deadline=None, max_examples=60)
@given(DAYS, st.sampled_from([ChartInterval.WEEK, ChartInterval.MONTH]), st.integers(1, 6))
def test_paged_periods_are_those_of_one_page(days, interval, limit):
    services = memory_services()
    services.prices.upsert([make_bar(time=day, close=1_000 + day.toordinal() % 97) for day in days])

    def page(limit, before=None):
        return read(services, Asked("FPT", interval, None, None, before, limit, adjusted=False), NOW)

    whole = page(5000)
    assert not whole.earlier
    paged, before = [], None
    while True:
        part = page(limit, before)
        assert 1 <= len(part.bars) <= limit
        paged = [*part.bars, *paged]
        if not part.earlier:
            break
        assert len(part.bars) == limit
        before = part.bars[0].time
    assert paged == whole.bars


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_period_that_trades_every_day_is_never_cut_by_the_page(limit):
    services = memory_services()
    services.prices.upsert([make_bar(time=dt.date(2025, 1, 6) + dt.timedelta(days=n), volume=1) for n in range(28)])
    page = read(services, Asked("FPT", ChartInterval.WEEK, None, None, None, limit, adjusted=False), NOW)
    assert [bar.volume for bar in page.bars] == [7] * limit
    assert page.earlier
