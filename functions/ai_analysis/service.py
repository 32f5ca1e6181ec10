"""Bars in, one `AiAnalysis` per symbol out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from stock_ai.clock import Clock
from stock_ai.errors import NotFoundError
from stock_ai.indicators import Bars, Panel, compute, latest
from stock_ai.indicators.panel import Floats
from stock_ai.market.symbols import is_index
from stock_ai.ml.dataset import stocks
from stock_ai.ml.features import FEATURE_NAMES, MIN_BARS, FeatureBuilder
from stock_ai.ml.model import SIGNALS, Model
from stock_ai.models import (
    SCHEMA_VERSION,
    AiAnalysis,
    ModelRef,
    Price,
    Signal,
    SignalReason,
    Withheld,
    WithheldReason,
    digest,
    topics,
)
from stock_ai.ports import Publisher

_HEADERS = (("schema_version", str(SCHEMA_VERSION).encode()),)
_DIGITS = 10
"""Significant digits of an indicator in a message: more is rounding noise, which would give equal content two ids."""


@dataclass(frozen=True, slots=True)
class AnalysisReport:
    """What one run published. `analyses` is the sum of both tallies."""

    analyses: int
    signals: dict[str, int]
    withheld: dict[str, int]
    model: str | None


@dataclass(frozen=True, slots=True)
class _Opinion:
    """What the model says of one symbol, or why it says nothing."""

    withheld: Withheld | None = None
    signal: Signal | None = None
    probabilities: dict[Signal, float] | None = None
    reasons: list[SignalReason] = field(default_factory=list)

    @property
    def confidence(self) -> float | None:
        """The probability of the signal that is stated."""
        return self.probabilities[self.signal] if self.signal and self.probabilities else None


def analyse(
    panel: Panel, model: Model | None, publisher: Publisher, clock: Clock, symbols: Sequence[str] = ()
) -> AnalysisReport:
    """Publish one analysis for each of `symbols` (empty: for every symbol of the panel), keyed by symbol.

    The panel holds all symbols even where few are asked for: ranks are among all stocks of a date.

    Signal: BUY, HOLD or SELL as the calibrated probability of "up", "neutral" or "down" is the largest; where BUY or
    SELL is not larger than every other, it is HOLD. Confidence is the probability of the signal that is stated.

    Raises:
        NotFoundError: a symbol that was asked for has no bars; nothing was published.
        RetryableError: the broker is away; doing all again gives the same analyses with a newer event time.
    """
    known = set(panel.symbols)
    for symbol in symbols:
        if symbol not in known:
            raise NotFoundError(f"symbols: {symbol!r} has no daily bars")
    wanted = set(symbols) or known
    indicators, opinions = _look(panel, model)
    now = clock()
    reference = model and ModelRef(
        name=model.card.name,
        version=model.card.version,
        trained_until=model.card.trained_until,
        proven_skill=model.card.proven_skill,
    )
    signals: Counter[str] = Counter()
    withheld: Counter[str] = Counter()
    for bars in panel:
        if bars.symbol not in wanted:
            continue
        opinion = opinions[bars.symbol]
        content: dict[str, Any] = {
            "analysis_id": "",
            "symbol": bars.symbol,
            "event_time": now,
            "as_of": bars.last_date,
            "bars": len(bars),
            "close": _price(bars),
            "signal": opinion.signal,
            "confidence": opinion.confidence,
            "probabilities": opinion.probabilities,
            "withheld": opinion.withheld,
            "model": reference if opinion.signal else None,
            "indicators": indicators[bars.symbol],
            "reasons": opinion.reasons,
            "adjusted": bars.adjusted,
            "provisional": bars.provisional,
            "source": bars.source,
            "simulated": bars.simulated,
        }
        unnamed = AiAnalysis(**content)
        named = unnamed.model_copy(
            update={"analysis_id": digest(unnamed.model_dump_json(exclude={"analysis_id", "event_time"}))}
        )
        publisher.publish(topics.AI_ANALYSIS_RESULTS, bars.symbol, named.wire(), _HEADERS)
        if opinion.withheld:
            withheld[opinion.withheld.reason.value] += 1
        elif opinion.signal:
            signals[opinion.signal.value] += 1
    publisher.flush()
    return AnalysisReport(
        analyses=signals.total() + withheld.total(),
        signals=dict(sorted(signals.items())),
        withheld=dict(sorted(withheld.items())),
        model=model.card.version if model else None,
    )


def choose(probabilities: Mapping[Signal, float]) -> Signal:
    """The signal of the strictly largest probability; HOLD where the largest is shared."""
    highest = max(probabilities.values())
    winners = [signal for signal, probability in probabilities.items() if probability == highest]
    return winners[0] if len(winners) == 1 else Signal.HOLD


def _look(panel: Panel, model: Model | None) -> tuple[dict[str, dict[str, float | None]], dict[str, _Opinion]]:
    """Newest indicators and the model's opinion of every symbol, in one pass over the bars."""
    chosen = stocks(panel)
    dates = np.unique(np.array([bars.dates[-1] for bars in chosen], dtype="datetime64[D]"))
    builder = FeatureBuilder(dates)
    indicators: dict[str, dict[str, float | None]] = {}
    opinions: dict[str, _Opinion] = {}
    for bars in panel:
        prices = bars.adjusted_prices()
        values = compute(bars, prices)
        indicators[bars.symbol] = {name: _rounded(value) for name, value in latest(values).items()}
        if is_index(bars.symbol):
            opinions[bars.symbol] = _withhold(
                WithheldReason.INDEX_NOT_MODELLED, "the model foresees stocks against the market, not the market"
            )
        else:
            builder.add(bars, prices, values)
    rows = builder.build()
    # Each stock's rows are by date, so its last bar is the last of its rows.
    last = np.searchsorted(rows.symbol, np.arange(len(chosen)), side="right") - 1
    opinions |= _opinions(chosen, rows.values[last], model)
    return indicators, opinions


def _opinions(chosen: Sequence[Bars], features: Floats, model: Model | None) -> dict[str, _Opinion]:
    """The opinion of each stock, given its newest features, shape (stocks, features)."""
    opinions: dict[str, _Opinion] = {}
    modelled: list[int] = []
    for position, bars in enumerate(chosen):
        obstacle = _obstacle(bars, features[position], model)
        if obstacle is None:
            modelled.append(position)
        else:
            opinions[bars.symbol] = obstacle
    if model is None or not modelled:
        return opinions
    complete = features[modelled]
    said = [
        {signal: round(float(probability), 6) for signal, probability in zip(SIGNALS, row, strict=True)}
        for row in model.predict(complete)
    ]
    signals = [choose(probabilities) for probabilities in said]
    for position, signal, probabilities, reasons in zip(
        modelled, signals, said, model.explain(complete, signals), strict=True
    ):
        opinions[chosen[position].symbol] = _Opinion(signal=signal, probabilities=probabilities, reasons=reasons)
    return opinions


def _obstacle(bars: Bars, features: Floats, model: Model | None) -> _Opinion | None:
    """Why the model cannot speak of a stock, or None."""
    if len(bars) < MIN_BARS:
        return _withhold(WithheldReason.INSUFFICIENT_HISTORY, f"{len(bars)} bars stored, {MIN_BARS} needed")
    if model is None:
        return _withhold(WithheldReason.NO_MODEL, "no model has been trained yet")
    if bars.simulated is not model.card.simulated:
        made, given = ("simulated", "real") if model.card.simulated else ("real", "simulated")
        return _withhold(
            WithheldReason.MODEL_NOT_APPLICABLE,
            f"model {model.card.version} was trained on {made} bars, these are {given}",
        )
    missing = [name for name, value in zip(FEATURE_NAMES, features, strict=True) if not np.isfinite(value)]
    if missing:
        return _withhold(WithheldReason.FEATURES_UNAVAILABLE, f"undefined on {bars.last_date}: {', '.join(missing)}")
    return None


def _withhold(reason: WithheldReason, detail: str) -> _Opinion:
    return _Opinion(withheld=Withheld(reason=reason, detail=detail))


def _price(bars: Bars) -> Price:
    """The last close as it was stored: whole VND, or points with two decimals. float64 holds both exactly enough."""
    close = float(bars.close[-1])
    return Decimal(f"{close:.2f}") if is_index(bars.symbol) else round(close)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
