"""Indicators by name and parameter: the newest, over time, and the list of them."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import numpy as np
import pytest

from api.app import create_app
from api.indicators import MOST_DAYS, MOST_NAMES
from stock_ai.indicators import INDICATORS, RELATIVE, compute, relative_strength
from tests.fakes.api_services import make_bar, memory_services
from tests.fakes.http_client import Client
from tests.fakes.panels import random_bars

COUNT = 300
FPT, INDEX = random_bars("FPT", COUNT), random_bars("VNINDEX", COUNT)
HISTORY = "/api/v1/stocks/FPT/indicators/history"


def stored(bars, adjusted=True):
    columns = (bars.dates.tolist(), bars.open, bars.high, bars.low, bars.close, bars.adjusted_close, bars.volume)
    return [
        make_bar(
            bars.symbol,
            date,
            open=int(open_),
            high=int(high),
            low=int(low),
            close=int(close),
            adjusted_close=int(own) if adjusted else None,
            volume=int(volume),
        )
        for date, open_, high, low, close, own, volume in zip(*columns, strict=True)
    ]


def rounded(bars):
    """The bars as they are stored, adjusted closes in whole VND."""
    import dataclasses

    return dataclasses.replace(bars, adjusted_close=np.floor(bars.adjusted_close))


@pytest.fixture
def house():
    services = memory_services()
    services.prices.upsert([*stored(FPT), *stored(INDEX)])
    services.prices.calls = 0
    return services


@pytest.fixture
def client(house):
    return Client(create_app(house), raise_server_exceptions=False)


def history(client, **query):
    answer = client.get(HISTORY, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def series_of(column):
    return [None if np.isnan(value) else pytest.approx(value, rel=1e-9, abs=1e-6) for value in column]


def test_series_are_those_of_the_whole_history_on_adjusted_prices(client, house):
    found = history(client, names="sma_20,rsi:14,obv,macd:12:26:9", limit=40)
    table = compute(rounded(FPT))
    assert list(found["series"]) == [
        "sma_20", "rsi:14", "obv", "macd:12:26:9", "macd:12:26:9_signal", "macd:12:26:9_histogram",
    ]  # fmt: skip
    for name, same in zip(
        found["series"], ("sma_20", "rsi_14", "obv", "macd", "macd_signal", "macd_histogram"), strict=True
    ):
        assert found["series"][name] == series_of(table[same][-40:]), name
    assert found["dates"] == [str(date) for date in FPT.dates[-40:]]
    assert (found["symbol"], found["adjusted"]) == ("FPT", True)
    assert (found["freshness"]["as_of"], found["freshness"]["source"]) == (str(FPT.dates[-1]), "csv")
    assert house.prices.calls == 1


def test_values_before_warm_up_are_null(client):
    values = history(client, names="sma:250", limit=COUNT)["series"]["sma:250"]
    assert values[:249] == [None] * 249
    assert None not in values[249:]


def test_dates_bound_the_answer_and_not_the_history_behind_it(client):
    start, end = str(FPT.dates[200]), str(FPT.dates[249])
    found = history(client, names="ema_200", start=start, end=end)
    assert (found["dates"][0], found["dates"][-1], len(found["dates"])) == (start, end, 50)
    assert found["series"]["ema_200"] == series_of(compute(rounded(FPT).head(250))["ema_200"][200:])
    assert history(client, names="ema_200", start=start, end=end, limit=3)["dates"] == found["dates"][-3:]
    assert found["freshness"]["as_of"] == end


def test_a_span_without_sessions_has_no_values(client):
    found = history(client, names="sma_20", start="2001-01-01", end="2002-01-01")
    assert (found["dates"], found["series"], found["freshness"]["as_of"]) == ([], {"sma_20": []}, None)


def test_strength_is_against_the_index(client, house):
    found = history(client, names="relative_strength_20,beta_60", limit=30)
    own = relative_strength(rounded(FPT), rounded(INDEX))
    assert found["series"]["beta_60"] == series_of(own["beta_60"][-30:])
    assert found["series"]["relative_strength_20"] == series_of(own["relative_strength_20"][-30:])
    assert house.prices.calls == 2


def test_without_adjusted_closes_it_says_so(house, client):
    house.prices.kept.clear()
    house.prices.upsert(stored(FPT, adjusted=False))
    assert history(client, names="sma_20")["adjusted"] is False


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("", "query.names", "required"),
        ("names=", "query.names", "1 to 20 names"),
        ("names=,,", "query.names", "1 to 20 names"),
        ("names=sma_21", "query.names", "there is no indicator 'sma_21'"),
        ("names=sma_20,rsi:1", "query.names", "period of rsi must be from 2 to 250, not 1"),
        ("names=macd:12", "query.names", "macd takes 3 numbers"),
        ("names=" + ",".join(f"sma:{n}" for n in range(2, MOST_NAMES + 3)), "query.names", "these are 21"),
        ("names=" + "x" * 501, "query.names", "500"),
        ("names=sma_20&limit=5001", "query.limit", "5000"),
        ("names=sma_20&start=2001-01-01&end=2024-01-01", "query.start", f"at most {MOST_DAYS}"),
        ("names=sma_20&start=1999-01-01", "query.start", f"at most {MOST_DAYS}"),
        ("names=sma_20&start=2024-02-01&end=2024-01-01", "query.start", "is after"),
        ("names=sma_20&start=2024-02-31", "query.start", "date"),
        ("names=sma_20&interval=1W", "query.interval", "xtra"),
    ],
)
def test_a_wrong_field_is_named(client, query, field, words):
    refused = client.get(f"{HISTORY}?{query}")
    assert refused.status_code == 422
    (fault,) = refused.json()["errors"]
    assert fault["field"] == field
    assert words in fault["message"]


def test_an_unknown_symbol(client):
    refused = client.get("/api/v1/stocks/ZZZ/indicators/history?names=sma_20")
    assert (refused.status_code, refused.json()["type"]) == (404, "urn:stock-ai:problem:unknown-symbol")


def test_the_list_has_every_indicator_once_and_each_can_be_asked_for(client):
    listed = client.get("/api/v1/indicators").json()["indicators"]
    names = [one["name"] for one in listed]
    assert len(set(names)) == len(names)
    assert {one.name for one in (*INDICATORS, *RELATIVE)} < set(names)
    by_name = {one["name"]: one for one in listed}
    assert by_name["rsi_14"] == {
        "name": "rsi_14",
        "family": "momentum",
        "unit": "0..100",
        "description": "Relative strength index, 14 sessions",
        "warm_up": 15,
        "parameters": [],
        "series": ["rsi_14"],
    }
    assert by_name["bollinger"]["parameters"] == [
        {"name": "period", "default": 20, "min": 2, "max": 500},
        {"name": "deviations", "default": 2, "min": 0.5, "max": 5},
    ]
    assert by_name["bollinger"]["series"][0] == "bollinger:20:2_upper"
    assert [parameter["name"] for parameter in by_name["macd"]["parameters"]] == ["fast", "slow", "signal"]
    for begin in range(0, len(names), MOST_NAMES):
        some = listed[begin : begin + MOST_NAMES]
        found = history(client, names=",".join(one["name"] for one in some), limit=1)["series"]
        assert list(found) == [name for one in some for name in one["series"]]


def test_cold_start_does_without_the_numeric_libraries():
    code = "import sys, api.app; assert not {'numpy', 'talib'} & set(sys.modules), 'imported'"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_newest_by_name(services, client_of):
    client = client_of(services)
    found = client.get("/api/v1/stocks/FPT/indicators?names=sma_20,rsi_14,sma_20").json()
    assert found["indicators"] == {"sma_20": 99150.5, "rsi_14": 74.2}
    refused = client.get("/api/v1/stocks/FPT/indicators?names=rsi_14,rsi:14")
    assert refused.status_code == 422
    (fault,) = refused.json()["errors"]
    assert (fault["field"], fault["value"]) == ("query.names", "rsi:14")


@pytest.fixture
def client_of():
    return lambda services: Client(create_app(services), raise_server_exceptions=False)


def test_today_ends_a_span_that_names_no_end(client, house):
    first = house.clock().date() - dt.timedelta(days=MOST_DAYS)
    assert client.get(HISTORY, params={"names": "sma_20", "start": str(first)}).status_code == 200
    earlier = str(first - dt.timedelta(days=1))
    assert client.get(HISTORY, params={"names": "sma_20", "start": earlier}).status_code == 422
