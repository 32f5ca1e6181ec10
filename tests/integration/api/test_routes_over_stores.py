"""The routes of the market and of indicators over real MongoDB and Redis, with real bars and a whole market of rows."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import LlmTerms
from api.wiring import connect
from stock_ai.indicators import compute, relative_strength
from stock_ai.market_view import Sort
from stock_ai.models.analysis import Signal
from stock_ai.models.listing import Listing, Sector
from stock_ai.settings import KafkaSettings, LlmSettings, MongoSettings, RedisSettings
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.listings import MongoListings
from stock_ai.storage.prices import MongoPriceStore
from tests.fakes.api_services import DAY, make_analysis, make_bar
from tests.fakes.panels import real_bars

SINCE = "2018-01-01"
PRICES = ("open", "high", "low", "close", "adjusted_close")


def stored(bars, price):
    """The bars as they are stored."""
    columns = [getattr(bars, name).tolist() for name in PRICES]
    return [
        make_bar(bars.symbol, date, **dict(zip(PRICES, map(price, values), strict=True)), volume=int(volume))
        for date, volume, *values in zip(bars.dates.tolist(), bars.volume, *columns, strict=True)
    ]


@pytest.fixture
def services(mongo_uri, mongo_database, redis_client, redis_url):
    return connect(
        MongoSettings(MONGODB_URI=mongo_uri, MONGODB_DATABASE=mongo_database.name),
        RedisSettings(REDIS_URL=redis_url),
        KafkaSettings(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"),
        None,
        LlmSettings(),
        LlmTerms(),
    )


@pytest.fixture
def client(services):
    return TestClient(create_app(services), raise_server_exceptions=False)


def test_indicators_over_time_are_those_of_the_real_history(client, mongo_database, shared_data):
    bars, index = real_bars(shared_data, "FPT", SINCE), real_bars(shared_data, "VNINDEX", SINCE)
    MongoPriceStore(mongo_database).upsert([*stored(bars, round), *stored(index, lambda points: Decimal(str(points)))])
    names = "ema_200,rsi:14,obv,beta_60,macd:12:26:9"
    answer = client.get("/api/v1/stocks/FPT/indicators/history", params={"names": names, "limit": 500})
    assert answer.status_code == 200, answer.text
    series = answer.json()["series"]
    table = compute(bars) | relative_strength(bars, index)
    alike = {name: name for name in ("ema_200", "obv", "beta_60")}
    alike |= {"rsi:14": "rsi_14", "macd:12:26:9_histogram": "macd_histogram"}
    for name, same in alike.items():
        found = np.array(series[name], dtype=float)
        np.testing.assert_allclose(found, table[same][-500:], rtol=1e-6, atol=1e-6, err_msg=name)
    assert answer.json()["dates"] == [str(date) for date in bars.dates[-500:]]


def test_lists_walk_through_the_whole_market(client, redis_client, mongo_database):
    names = [f"{a}{b}{c}" for a in "ABCDEFGHIJK" for b in "ABCDEFGHIJKL" for c in "ABCDEFGHIJKL"][:1577]
    MongoPriceStore(mongo_database).upsert([make_bar(name) for name in (*names, "ZZZ")])
    MongoListings(mongo_database).describe(
        Listing(symbol=name, name=f"Công ty {name}", exchange="HOSE", sector=[*Sector][place % 20], as_of=DAY)
        for place, name in enumerate(names)
    )
    RedisInsightStore(redis_client).apply(
        [
            make_analysis(
                name,
                [*Signal][place % 3],
                round(0.34 + place % 60 / 100, 2),
                indicators={"roc_1": round(place % 17 - 8.5, 1), "traded_value_20": 1e6 * place},
            )
            for place, name in enumerate(names)
        ]
    )

    def walk(route, **query):
        rows, cursor = [], {}
        while True:
            page = client.get(f"/api/v1/{route}", params=query | cursor | {"limit": 500}).json()
            rows += page["stocks" if route == "stocks" else "signals"]
            if page["next_cursor"] is None:
                assert page["total"] == len(rows)
                return rows
            cursor = {"cursor": page["next_cursor"]}

    assert [row["symbol"] for row in walk("stocks")] == [*names, "ZZZ"]
    assert [row["symbol"] for row in walk("stocks", q="cong ty")] == names
    for sort in Sort:
        assert sorted(row["symbol"] for row in walk("signals", sort=str(sort))) == names
    by_confidence = [(-row["confidence"], row["symbol"]) for row in walk("signals")]
    assert by_confidence == sorted(by_confidence)
    banks = walk("signals", sector="banks", signal="BUY")
    assert banks
    assert {(row["sector"], row["signal"]) for row in banks} == {("banks", "BUY")}
    sectors = client.get("/api/v1/market/sectors").json()["sectors"]
    assert sum(sector["stocks"] for sector in sectors) == 1577
    overview = client.get("/api/v1/market/overview").json()
    assert (overview["symbols"], overview["pending"], overview["sectors"]) == (1578, 1, 20)
    watched = client.get("/api/v1/watchlist", params={"symbols": "AAB,ZZZ,ZZY"}).json()
    assert ([one["symbol"] for one in watched["insights"]], watched["pending"], watched["unknown"]) == (
        ["AAB"],
        ["ZZZ"],
        ["ZZY"],
    )
    assert client.get("/api/v1/stocks/ZZY").json()["suggestions"][0] == "ZZZ"
