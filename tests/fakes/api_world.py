"""A small market behind the API, in memory: what its OpenAPI document, its examples and its fuzzing are tried on."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np

from functions.ai_analysis.scoring import score
from stock_ai.errors import RetryableError
from stock_ai.indicators import Panel
from stock_ai.market.sessions import Exchange
from stock_ai.market.symbols import VN30
from stock_ai.models.analysis import Signal, WithheldReason
from stock_ai.models.base import Interval
from stock_ai.models.listing import Listing, Sector
from stock_ai.quality.assessment import assess
from stock_ai.quality.report import SetAside
from stock_ai.storage.market_views import Change
from tests.fakes.api_services import (
    DAY,
    FIRST_CHANGE,
    NOW,
    MemoryChanges,
    MemoryListings,
    MemoryQualityStore,
    MemoryServices,
    make_analysis,
    make_bar,
    make_text,
    make_withheld,
    memory_services,
)
from tests.fakes.clock import FixedClock
from tests.fakes.daily_bars import EVERY_WEEKDAY, daily_bars, weekdays
from tests.fakes.track_record import MemoryTrackRecord, make_signal

SYMBOLS = VN30[:12]
PENDING = SYMBOLS[-1]
"""It has bars and no analysis."""
TEXT_ID = "0123456789abcdef0123456789abcdef"
_SESSIONS = 260
_SIGNALS = (Signal.BUY, Signal.HOLD, Signal.SELL)


def api_world() -> MemoryServices:
    """Twelve stocks and the index with a year of bars; all but one are analysed, and one is explained."""
    days = weekdays(_SESSIONS, "2024-08-26")  # To Friday 2025-08-22
    draw = np.random.default_rng(7)
    closes = {symbol: np.rint(200 * np.exp(np.cumsum(draw.normal(0, 0.015, _SESSIONS)))) * 100 for symbol in SYMBOLS}
    histories = {symbol: daily_bars(prices, symbol, days) for symbol, prices in closes.items()}
    record = MemoryTrackRecord()
    dates = [day.item() for day in days]
    record.issue([make_signal("FPT", day, _SIGNALS[place % 3]) for place, day in enumerate(dates[-40:-10])], NOW)
    score(Panel.of(histories.values()), record, FixedClock(NOW))
    aside = [SetAside("FPT", dt.date(2025, 4, 1), "low_above_body")]
    quality = assess(histories.values(), aside, EVERY_WEEKDAY, FixedClock(NOW))
    services = memory_services(
        track_record=record,
        quality=MemoryQualityStore(quality),
        listings=MemoryListings(_listings()),
        changes=EndingChanges(),
    )
    for symbol, prices in closes.items():
        services.prices.upsert([_bar(symbol, day, int(price)) for day, price in zip(dates, prices, strict=True)])
    services.prices.upsert(
        [
            make_bar("VNINDEX", day, **dict.fromkeys(("open", "high", "low", "close"), _points(place)))
            for place, day in enumerate(dates)
        ]
    )
    opening = dt.datetime(2025, 8, 22, 2, 15, tzinfo=dt.UTC)
    services.prices.upsert(
        [make_bar(time=opening + n * dt.timedelta(minutes=1), interval=Interval.MINUTE) for n in range(30)]
    )
    services.insights.apply(
        [make_analysis("FPT", "HOLD", 0.41, analysis_id="ai-before", event_time=NOW - dt.timedelta(days=1))]
    )
    services.insights.apply(
        [
            make_analysis(
                symbol,
                _SIGNALS[place % 3],
                round(0.4 + place / 50, 3),
                close=int(closes[symbol][-1]),
                indicators=_indicators(closes[symbol]),
            )
            for place, symbol in enumerate(SYMBOLS)
            if symbol != PENDING
        ]
    )
    reason = WithheldReason.INDEX_NOT_MODELLED
    services.insights.apply(
        [make_withheld("VNINDEX", reason, "VNINDEX is an index", close=_points(_SESSIONS - 1)), make_text()]
    )
    text = make_text(as_of=DAY, ai_analysis_id="ai-FPT-HOLD")
    services.llm_texts.newest["FPT", "en"] = text
    services.llm_texts.kept["FPT", TEXT_ID] = text
    services.llm_usage.count("template", "rules-2", "cache_hits")
    for symbol in SYMBOLS[:3]:
        services.changes.tell(symbol)
    return services


class EndingChanges(MemoryChanges):
    """Tells everything to everybody, and is away for whoever has read it all: no stream of it is without end."""

    def last_change(self) -> str:
        return FIRST_CHANGE

    def changes(self, after: str, limit: int, wait_ms: int) -> list[Change]:
        found = super().changes(after, limit, 0)
        if not found and limit > 1:
            raise RetryableError("nothing more is told")
        return found


def _listings() -> dict[str, Listing]:
    """Of the named stocks; of the others no more than the exchange is known."""
    named = {
        "ACB": ("Ngân hàng TMCP Á Châu", "Asia Commercial Joint Stock Bank", Sector.BANKS),
        "FPT": ("Công ty Cổ phần FPT", "FPT Corporation", Sector.TECHNOLOGY),
        "GAS": ("Tổng Công ty Khí Việt Nam", "PetroVietnam Gas", Sector.UTILITIES),
    }
    listings = {symbol: Listing(symbol=symbol, exchange=Exchange.HOSE, as_of=DAY) for symbol in SYMBOLS}
    for symbol, (name, name_en, sector) in named.items():
        listings[symbol] = Listing(
            symbol=symbol,
            exchange=Exchange.HOSE,
            name=name,
            name_en=name_en,
            sector=sector,
            as_of=DAY,
            source="csv",
        )
    return listings


def _bar(symbol: str, day: dt.date, close: int):
    return make_bar(symbol, day, open=close, high=close + 500, low=close - 500, close=close, adjusted_close=close)


def _points(place: int) -> Decimal:
    return Decimal(160_000 + 17 * place) / 100


def _indicators(closes: np.ndarray) -> dict[str, float | None]:
    last = float(closes[-1])
    return {
        "roc_1": round(100 * (last / float(closes[-2]) - 1), 4),
        "rsi_14": 61.2,
        "sma_20": round(float(closes[-20:].mean()), 1),
        "sma_50": round(float(closes[-50:].mean()), 1),
        "sma_200": round(float(closes[-200:].mean()), 1),
        "traded_value_20": last * 1_000_000,
        "volume_ratio_20": 1.31,
        "position_52w": 0.8,
    }
