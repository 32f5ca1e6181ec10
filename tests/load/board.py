"""A tick of the price board: from the source's answer until every symbol has its new price over HTTP.

Servers, triggers, functions and API are those of a local run; only the source is ours, and answers at once. The first
tick of a day adds a bar to each symbol, every later one replaces it.
"""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from types import SimpleNamespace

from functions.data_collector.live import publish_today
from functions.data_collector.messages import publish_bars
from local.api_process import ApiProcess
from stock_ai.clock import utc_now
from stock_ai.market.calendar import exchange_date
from stock_ai.market.trading_calendar import default_calendar
from stock_ai.models.base import Interval
from stock_ai.ports.sources import SourceBar
from stock_ai.settings import KafkaSettings
from stock_ai.streaming.publisher import KafkaPublisher
from tests.e2e.stock_ai_cli import get, until
from tests.load import market
from tests.load.local_run import local_run
from tests.load.result import Result

LIMIT_SECONDS = 5.0
HISTORY_SESSIONS = 20
LATER_TICKS = 3
LOOKED_AT = 20
SYMBOLS = [market.name(number) for number in range(market.SYMBOLS)]


class _Board:
    """The price board of a market whose prices rise by 10 VND at each tick."""

    name = "vnstock"

    def __init__(self, today: dt.date) -> None:
        self.today = today
        self.close = 20_000

    def board(self, symbols: Sequence[str]) -> list[SourceBar]:
        """See `stock_ai.ports.MarketSource`."""
        return [_bar(symbol, self.today, self.close, provisional=True) for symbol in symbols]


def _bar(symbol: str, day: dt.date, close: int, provisional: bool) -> SourceBar:
    return SourceBar(symbol, day, 19_000, close, 19_000, close, close, 10_000, provisional)


def bench() -> list[Result]:
    """Seconds of the first tick and of a later one, as shares of the five that are allowed."""
    today = exchange_date(utc_now())
    days = [today]
    for _ in range(HISTORY_SESSIONS):
        days.append(default_calendar().previous_session(days[-1]))
    source = _Board(today)
    with ExitStack() as stack:
        run = stack.enter_context(local_run())
        api = ApiProcess(port=0)
        stack.enter_context(api.serving(run.session.environment, run.logs / "api.log"))
        publisher = KafkaPublisher(KafkaSettings.model_validate(run.session.environment))
        stack.callback(publisher.close)
        # What `publish_today` needs of them.
        ports = SimpleNamespace(publisher=publisher, calendar=default_calendar(), clock=utc_now)
        history = [_bar(symbol, day, 19_500, provisional=False) for symbol in SYMBOLS for day in days[:0:-1]]
        publish_bars(publisher, history, Interval.DAY, source.name, utc_now())
        run.prices.wait_drained()

        def is_visible(symbol: str) -> bool:
            status, stock = get(f"{api.url}/api/v1/stocks/{symbol}")
            return status == 200 and stock["close"] == source.close

        def tick() -> float:
            source.close += 10
            started = time.perf_counter()
            assert publish_today(source, ports, SYMBOLS) == len(SYMBOLS)
            # What is committed is stored, so a look at the last ones tells of all.
            run.prices.wait_drained()
            for symbol in SYMBOLS[-LOOKED_AT:]:
                until(lambda symbol=symbol: is_visible(symbol), 60)
            return time.perf_counter() - started

        assert not is_visible(SYMBOLS[-1])
        first = tick()
        later = statistics.median(tick() for _ in range(LATER_TICKS))
        assert all(map(is_visible, SYMBOLS))
    return [_result("board_first_tick", first), _result("board_later_tick", later)]


def _result(name: str, measured: float) -> Result:
    return Result(name, measured / LIMIT_SECONDS, 1.0, "s", LIMIT_SECONDS, measured, higher_is_better=False)
