"""What one run publishes, and which instant its bars carry."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.data_collector.service import GROUP, RESERVE_MS, CollectReport, collect
from stock_ai.errors import InvalidInputError, RetryableError, RunAbortedError
from stock_ai.models.price import StockPrice
from stock_ai.ports.sources import SourceBar
from tests.fakes.clock import FixedClock
from tests.fakes.collection import MemoryCollectionLog
from tests.fakes.publisher import RecordingPublisher

NOW = dt.datetime(2026, 11, 25, 8, 10, 0, 123_456, tzinfo=dt.UTC)
SEEN = NOW.replace(microsecond=123_000)


def bar(symbol="FPT", day=24, close=99_000):
    return SourceBar(symbol, dt.date(2026, 11, day), 98_000, 99_500, 97_000, close, close, 1_000)


class MemorySource:
    """Implements `stock_ai.ports.PriceSource`; `wrong` symbols fail as unreadable data does."""

    name = "csv"

    def __init__(self, *bars):
        self.content = list(bars)
        self.wrong = set()

    def symbols(self):
        return sorted({bar.symbol for bar in self.content})

    def check(self, symbols):
        for symbol in symbols:
            if symbol in self.wrong:
                raise InvalidInputError(f"{symbol}.csv line 2 column open: 'x' is not a price")

    def bars(self, symbol, since, until):
        return [
            bar
            for bar in self.content
            if bar.symbol == symbol and (since or dt.date.min) <= bar.time <= (until or dt.date.max)
        ]


class Run:
    """One collector with its fakes; calling it runs once."""

    def __init__(self, *bars):
        self.source = MemorySource(*bars)
        self.publisher = RecordingPublisher()
        self.log = MemoryCollectionLog()
        self.clock = FixedClock(NOW)

    def __call__(self, symbols=(), since=None, until=None, remaining_ms=lambda: 900_000):
        self.publisher.sent.clear()
        return collect(self.source, symbols, since, until, self.publisher, self.log, self.clock, remaining_ms)

    def prices(self):
        return [StockPrice.model_validate_json(message.value) for message in self.publisher.sent]


def test_every_bar_is_published_even_a_wrong_one():
    wrong = bar("FPT", 25)._replace(open=None, low=-1, volume=None, provisional=True)
    index = SourceBar("VNINDEX", dt.date(2026, 11, 25), *[Decimal("1645.47")] * 5, 7)
    run = Run(bar(), wrong, index)
    assert run() == CollectReport("csv", symbols=2, read=3, published=3)
    assert run.publisher.flushes == 1
    assert [(m.topic, m.key, m.headers) for m in run.publisher.sent] == [
        ("stock_prices_raw", symbol, {"schema_version": b"1"}) for symbol in ("FPT", "FPT", "VNINDEX")
    ]
    assert json.loads(run.publisher.sent[1].value) == {
        "schema_version": 1,
        "event_id": run.prices()[1].event_id,
        "symbol": "FPT",
        "interval": "1D",
        "time": "2026-11-25",
        "open": None,
        "high": 99_500,
        "low": -1,
        "close": 99_000,
        "adjusted_close": 99_000,
        "volume": None,
        "source": "csv",
        "ingested_at": "2026-11-25T08:10:00.123000Z",
        "provisional": True,
        "basis": "raw",
    }
    assert run.prices()[2].close == Decimal("1645.47")
    assert len({price.event_id for price in run.prices()}) == 3


def test_unchanged_bars_keep_their_instant_and_changed_ones_get_a_new_one():
    run = Run(bar("FPT"), bar("VNM"))
    run()
    run.clock.advance(minutes=15)
    run.source.content[1] = bar("VNM", close=1)
    run()
    assert {p.symbol: p.ingested_at for p in run.prices()} == {"FPT": SEEN, "VNM": SEEN + dt.timedelta(minutes=15)}


def test_a_value_that_comes_back_is_new_again():
    run = Run(bar(close=1))
    for close in (2, 1):
        run()
        run.clock.advance(hours=1)
        run.source.content = [bar(close=close)]
    run()
    assert run.prices()[0].ingested_at == SEEN + dt.timedelta(hours=2)


def test_a_run_that_dies_after_the_log_changes_nothing_when_redone():
    run = Run(bar())
    run.publisher.down = True
    with pytest.raises(RetryableError):
        run()
    run.publisher.down = False
    run.clock.advance(hours=1)
    assert run().published == 1
    assert run.prices()[0].ingested_at == SEEN


def test_the_log_knows_before_anything_is_published():
    run = Run(bar())
    logged = []
    publish = run.publisher.publish

    class Watching(RecordingPublisher):
        def publish(self, *message):
            logged.append(run.log.last("csv"))
            publish(*message)

    run.publisher = Watching()
    run()
    assert [set(entry) for entry in logged] == [{"FPT"}]


def test_nothing_is_published_when_one_symbol_cannot_be_read():
    run = Run(*(bar(f"A{n:02}") for n in range(GROUP + 2)))
    run.source.wrong = {f"A{GROUP + 1:02}"}
    with pytest.raises(InvalidInputError, match="is not a price"):
        run()
    assert run.publisher.sent == []
    assert run.log.entries == {}


def test_the_span_and_the_symbols_are_those_asked_for():
    run = Run(bar("FPT", 23), bar("FPT", 24), bar("VNM", 24))
    report = run(["FPT", "FPT"], dt.date(2026, 11, 24), dt.date(2026, 11, 24))
    assert report == CollectReport("csv", symbols=1, read=1, published=1)
    assert [p.time.day for p in run.prices()] == [24]


def test_a_symbol_without_bars_leaves_no_trace():
    run = Run(bar())
    assert run(since=dt.date(2027, 1, 1)) == CollectReport("csv", symbols=1, read=0, published=0)
    assert run.log.entries == {}


def test_a_run_short_of_time_says_how_far_it_came():
    run = Run(*(bar(f"A{n:02}") for n in range(GROUP + 1)))
    left = iter([RESERVE_MS, RESERVE_MS - 1])
    with pytest.raises(RunAbortedError, match=rf"after {GROUP} of {GROUP + 1} symbols of csv: {GROUP} bars"):
        run(remaining_ms=lambda: next(left))
    assert len(run.publisher.sent) == GROUP
    assert run.publisher.flushes == 1


@given(st.lists(st.tuples(st.sampled_from(["AAA", "BBB"]), st.integers(1, 28), st.integers(1, 3)), min_size=1))
def test_running_twice_publishes_the_same_bytes(content):
    run = Run(*(bar(symbol, day, close) for symbol, day, close in content))
    report = run()
    first = list(run.publisher.sent)
    run.clock.advance(days=1)
    assert run() == report
    assert run.publisher.sent == first
    assert report.read == report.published == len(content)
