"""The stores behind a fact sheet, filled from the real market with a year of signals and what became of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import cycle

import numpy as np

from functions.ai_analysis.scoring import score
from functions.llm_analysis.context import Context
from stock_ai.indicators import Panel
from stock_ai.market.trading_calendar import default_calendar
from stock_ai.models.analysis import AiAnalysis, Signal, SignalReason
from stock_ai.models.price import StockPrice
from stock_ai.quality.assessment import assess
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.quality import MongoQualityStore
from stock_ai.storage.recent_outcomes import MongoRecentOutcomes
from stock_ai.storage.track_record import MongoTrackRecord
from tests.fakes.analysing import RankModel, run
from tests.fakes.clock import FixedClock
from tests.fakes.panels import real_bars, real_panel
from tests.fakes.track_record import make_signal

SYMBOL = "FPT"
SINCE = "2023-06-01"
NOW = dt.datetime(2025, 8, 26, 1, 30, tzinfo=dt.UTC)
"""08:30 at the exchange, before its session."""
REASONS = [
    SignalReason(
        feature="return_5",
        value=-0.0312,
        weight=0.21,
        text="return over 5 sessions is -0.0312, below its usual 0.0014: speaks for BUY",
    ),
    SignalReason(
        feature="rank_volatility_20",
        value=0.81,
        weight=-0.11,
        text="rank among all stocks: volatility of 20 sessions is 0.81, above its usual 0.5: speaks against BUY",
    ),
]


@dataclass(frozen=True)
class Filled:
    """A context over filled stores, and what they were filled with."""

    context: Context
    ai: AiAnalysis
    prices: MongoPriceStore
    track: MongoTrackRecord


def filled(shared_data, database, redis, symbols=12):
    """The stores with FPT and `symbols` other stocks since `SINCE`, and a context over them.

    Signals are made up, for every session of a year; all the rest is what the pipeline makes of the real prices.
    """
    panel = Panel.of([*real_panel(shared_data, symbols, SINCE), real_bars(shared_data, SYMBOL, SINCE)])
    own = next(bars for bars in panel if bars.symbol == SYMBOL)
    prices, quality, track = MongoPriceStore(database), MongoQualityStore(database), MongoTrackRecord(database)
    prices.upsert(_messages(own))
    quality.replace(assess(panel, (), default_calendar(), FixedClock(NOW)))
    signals = [
        make_signal(bars.symbol, day.item(), signal)
        for bars in panel
        if bars.symbol != "VNINDEX"
        for day, signal in zip(bars.dates[-260:], cycle(Signal), strict=False)
    ]
    track.issue(signals, NOW)
    score(panel, track, FixedClock(NOW))
    _, analyses = run(panel, RankModel(simulated=False), now=NOW)
    ai = analyses[SYMBOL].model_copy(update={"reasons": REASONS})
    insights = RedisInsightStore(redis)
    insights.apply([*(one for name, one in analyses.items() if name != SYMBOL), ai])
    context = Context(
        insights, prices, quality, track, MongoRecentOutcomes(database), default_calendar(), FixedClock(NOW)
    )
    return Filled(context, ai, prices, track)


def _messages(bars):
    """A daily bar for each row."""
    columns = [getattr(bars, name) for name in ("open", "high", "low", "close", "adjusted_close", "volume")]
    return [
        StockPrice(
            event_id=f"{bars.symbol}-{day}",
            symbol=bars.symbol,
            time=day,
            **dict(zip(("open", "high", "low", "close", "adjusted_close", "volume"), map(round, row), strict=True)),
            source=bars.source,
            ingested_at=NOW,
        )
        for day, *row in zip(bars.dates.tolist(), *(np.asarray(column) for column in columns), strict=True)
    ]
