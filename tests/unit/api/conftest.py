"""An API over stores in memory: FPT analysed, VCB with bars only, VNINDEX."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from api.app import create_app
from stock_ai.models.analysis import WithheldReason
from tests.fakes.api_services import make_analysis, make_bar, make_text, make_withheld, memory_services
from tests.fakes.http_client import Client


def days(symbol, count, **changes):
    start = dt.date(2025, 8, 22) - dt.timedelta(days=count - 1)
    return [make_bar(symbol, start + dt.timedelta(days=n), **changes) for n in range(count)]


@pytest.fixture
def services():
    services = memory_services()
    services.prices.upsert(
        [
            *days("FPT", 5),
            *days("VCB", 3),
            *days("HPG", 2, source="simulated"),
            make_bar("VNINDEX", dt.date(2025, 8, 21), close=Decimal("1600.00"), adjusted_close=None),
            make_bar("VNINDEX", dt.date(2025, 8, 22), close=Decimal("1616.80"), adjusted_close=None),
        ]
    )
    index = make_withheld("VNINDEX", WithheldReason.INDEX_NOT_MODELLED, "VNINDEX is an index", close=Decimal("1616.80"))
    earlier = make_analysis(
        analysis_id="ai-earlier", signal="HOLD", event_time=dt.datetime(2025, 8, 21, 9, tzinfo=dt.UTC)
    )
    services.insights.apply(
        [earlier, make_analysis(), make_text(), make_analysis("HPG", "SELL", 0.7, indicators={"roc_1": 0.5}), index]
    )
    services.prices.calls = services.insights.calls = 0
    return services


@pytest.fixture
def client(services):
    return Client(create_app(services), raise_server_exceptions=False)
