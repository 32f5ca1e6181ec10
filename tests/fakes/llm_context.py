"""A context over stores in memory, the bars and reports they hold, and sheets made by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from functions.llm_analysis.context import Context
from functions.llm_analysis.facts import Fact, FactSheet
from stock_ai.indicators import INDICATORS, RELATIVE
from stock_ai.market.trading_calendar import Exchange, default_calendar
from stock_ai.models.analysis import Signal, SignalReason, WithheldReason
from stock_ai.quality.report import SoftWarning, SymbolQuality, WarningKind
from stock_ai.track_record.record import Tallies, Tally, TrackRecord
from stock_ai.track_record.records import Outcome, OutcomeStatus
from tests.fakes.api_services import DAY, NOW, make_analysis, make_bar, make_withheld
from tests.fakes.clock import FixedClock
from tests.fakes.stores import MemoryInsightStore, MemoryPriceStore


@dataclass
class MemoryQuality:
    """Implements the context's `QualityReader`."""

    kept: dict[str, SymbolQuality] = field(default_factory=dict)

    def symbol(self, symbol):
        return self.kept.get(symbol)


@dataclass
class MemoryTrack:
    """Implements the context's `TallyReader` and `OutcomeReader`."""

    tallies: TrackRecord | None = None
    rows: list[Outcome] = field(default_factory=list)

    def record(self):
        return self.tallies

    def recent(self, symbol, since):
        return [row for row in self.rows if row.symbol == symbol and row.as_of >= since]


@dataclass
class Around:
    """A `Context` and the stores around it."""

    insights: MemoryInsightStore = field(default_factory=MemoryInsightStore)
    prices: MemoryPriceStore = field(default_factory=MemoryPriceStore)
    quality: MemoryQuality = field(default_factory=MemoryQuality)
    track: MemoryTrack = field(default_factory=MemoryTrack)
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))

    def sheet(self, *analyses, symbol=None):
        """The sheet of `symbol`, once the analyses, or a common one, are stored."""
        self.insights.apply(analyses or [make_analysis()])
        context = Context(
            self.insights, self.prices, self.quality, self.track, self.track, default_calendar(), self.clock
        )
        return context.sheet(symbol or (analyses[0].symbol if analyses else "FPT"))


def make_bars(count=25, symbol="FPT", last=DAY, factor=1.0, **changes):
    """Bars of the last weekdays up to `last`, a step of 100 VND up each; all but the last adjusted by `factor`."""
    days = [day for back in range(count * 2) if (day := last - dt.timedelta(days=back)).weekday() < 5][:count]
    bars = []
    for place, day in enumerate(reversed(days)):
        close = 99_000 - 100 * (count - 1 - place)
        prices = {"open": close, "high": close + 500, "low": close - 500, "close": close}
        own = 1.0 if day == last else factor
        bars.append(make_bar(symbol, day, **(prices | {"adjusted_close": round(close * own)} | changes)))
    return bars


def make_quality(symbol="FPT", warnings=(), **changes):
    fields = {
        "generated_at": NOW,
        "bars": 400,
        "first": dt.date(2024, 1, 2),
        "last": DAY,
        "sessions_expected": 404,
        "completeness": 0.9901,
        "gaps": (),
        "quarantined": {},
        "warnings": {},
        "sessions_behind": 0,
        "source": "csv",
        "provisional": False,
        "simulated": False,
        "symbol": symbol,
        "latest_warnings": tuple(
            SoftWarning(kind=WarningKind(kind), symbol=symbol, date=date, value=1.0, expected=None)
            for kind, date in warnings
        ),
        "corporate_actions": (),
        "exchange": Exchange.HOSE,
        "readjustments": (),
        "crosscheck": None,
    }
    return SymbolQuality(**(fields | changes))


def make_outcome(signal_id="s1", hit=True, **changes):
    fields = {
        "signal_id": signal_id,
        "symbol": "FPT",
        "as_of": dt.date(2025, 7, 1),
        "simulated": False,
        "horizon": 5,
        "revision": 1,
        "scored_at": NOW,
        "status": OutcomeStatus.SCORED,
        "entry_date": dt.date(2025, 7, 2),
        "exit_date": dt.date(2025, 7, 9),
        "entry_price": 1.0,
        "exit_price": 1.1,
        "stock_return": 0.1,
        "market_return": 0.0,
        "excess": 0.1,
        "hit": hit,
        "direction_hit": hit,
        "timely": True,
    }
    return Outcome(**(fields | changes))


def make_record(hit_rate=0.4123, interval=(0.39, 0.43), simulated=False, scored=5000):
    tally = Tally(
        signals=scored,
        pending=0,
        unscored=0,
        scored=scored,
        sessions=100,
        hits=round(scored * hit_rate),
        hit_rate=hit_rate,
        hit_rate_interval=interval,
        mean_confidence=0.42,
        direction_hit_rate=0.51,
        mean_return=0.001,
        mean_excess=0.0005,
    )
    nothing = Tallies(horizons={})
    return TrackRecord(
        generated_at=NOW,
        simulated=simulated,
        first=DAY,
        last=DAY,
        overall=Tallies(horizons={5: tally}),
        late=nothing,
        by_model=(),
        by_signal=(),
        by_confidence=(),
        by_month=(),
    )


def make_sheet(*facts, symbol="FPT", close=99_000, simulated=False):
    """A sheet of facts given as (id, value, unit, direction), of which unit and direction may be left out."""
    made = []
    for fact_id, value, *rest in (("close", close, "VND"), *facts):
        unit, direction = (*rest, *("", None)[len(rest) :])
        made.append(Fact(fact_id, fact_id, value, unit, DAY, direction))
    return FactSheet(symbol, DAY, "ai-1", close, simulated, tuple(made))


def every_fact():
    """A fact of each kind that sheets hold, from a stock with all there is to know, an index and a simulation."""
    indicators = dict.fromkeys((one.name for one in (*INDICATORS, *RELATIVE)), 50.0)
    reasons = [
        SignalReason(feature=feature, value=1, usual=0.5, weight=weight, text=f"{feature} speaks")
        for feature, weight in (("return_20", 0.2), ("rank_volatility_20", -0.1))
    ]
    known = make_analysis(indicators=indicators, probabilities=dict.fromkeys(Signal, 0.3), band=0.02, reasons=reasons)
    around = Around()
    around.prices.upsert(make_bars())
    around.quality.kept["FPT"] = make_quality(warnings=[(kind, DAY) for kind in WarningKind])
    around.track.tallies, around.track.rows = make_record(), [make_outcome()]
    withheld = make_withheld("VNINDEX", WithheldReason.INDEX_NOT_MODELLED, "no", close=Decimal("1645.47"))
    unreal = make_analysis(provisional=True, simulated=True)
    sheets = [around.sheet(known), Around().sheet(withheld), Around().sheet(unreal)]
    return list({(fact.id, fact.unit): fact for sheet in sheets for fact in sheet.facts}.values())
