"""A panel after one new bar per symbol: what changed is read and merged into the snapshot, against reading all bars."""

from __future__ import annotations

import math
import statistics
import tempfile
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from local.embedded.mongodb import MongoServer
from stock_ai.clock import utc_now
from stock_ai.indicators import Bars
from stock_ai.models.base import Interval
from stock_ai.models.price import StockPrice, price_event_id
from stock_ai.storage.objects import FileObject
from stock_ai.storage.panels import PanelStore
from stock_ai.storage.prices import MongoPriceStore
from tests.fakes.panels import read_panel
from tests.load import market
from tests.load.result import Result, seconds

ROUNDS = 3
_AT_ONCE = 20


def _messages(bars: Bars, first: int, last: int | None) -> list[StockPrice]:
    rows = zip(bars.dates.tolist(), *(getattr(bars, name).tolist() for name in market.COLUMNS), strict=True)
    found: list[StockPrice] = []
    for date, *numbers in list(rows)[first:last]:
        content: dict[str, Any] = {
            "symbol": bars.symbol,
            "interval": Interval.DAY,
            "time": date,
            **{name: _whole(value) for name, value in zip(market.COLUMNS, numbers, strict=True)},
            "source": bars.source,
            "provisional": False,
        }
        found.append(StockPrice(event_id=price_event_id(**content), ingested_at=utc_now(), **content))
    return found


def _whole(value: float) -> int | None:
    return None if math.isnan(value) else round(value)


def bench() -> Result:
    """Reading all over a refresh, from one process that stays warm and one that begins anew in turn."""
    with tempfile.TemporaryDirectory() as folder, MongoServer(Path(folder) / "mongo") as server:
        panel, _ = market.split(Path(folder))
        known = [bars for bars in panel if len(bars) > ROUNDS]
        with MongoClient(server.address, tz_aware=True) as client:
            database = client["panel"]
            store = MongoPriceStore(database)
            for start in range(0, len(known), _AT_ONCE):
                store.upsert([one for bars in known[start : start + _AT_ONCE] for one in _messages(bars, 0, -ROUNDS)])
            kept = FileObject(Path(folder) / "daily.panel")
            PanelStore(database, kept, utc_now).refresh()
            measured: list[float] = []
            for number in range(ROUNDS, 0, -1):
                end = -number + 1 or None
                store.upsert([one for bars in known for one in _messages(bars, -number, end)])
                reader = PanelStore(database, kept, utc_now)
                measured.append(seconds(reader.refresh))
            baseline = statistics.median(seconds(lambda: read_panel(database)) for _ in range(ROUNDS))
    refresh = statistics.median(measured)
    return Result("panel", baseline / refresh, 10.0, "s", baseline, refresh, higher_is_better=True)
