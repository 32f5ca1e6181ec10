"""What the model says of stocks, or the typed reason why it says nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from functions.ai_analysis.market import HALTED_SESSIONS, Seen, lag
from stock_ai.indicators import Bars
from stock_ai.indicators.panel import Dates
from stock_ai.indicators.studies import TRADING_DAYS
from stock_ai.market.symbols import is_index
from stock_ai.ml.features import FEATURE_NAMES, MIN_BARS
from stock_ai.ml.labels import BAND, HORIZON
from stock_ai.ml.model import SIGNALS, Model
from stock_ai.models.analysis import Signal, SignalReason, Withheld, WithheldReason

_PLACES = 6
"""Decimals of probabilities and bands: more is rounding noise, which would give equal content two ids."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A signal with its calibrated probabilities, the band it is about and the reasons for it."""

    signal: Signal
    probabilities: dict[Signal, float]
    band: float
    reasons: list[SignalReason]

    @property
    def confidence(self) -> float:
        """The probability of the signal that is stated."""
        return self.probabilities[self.signal]


def choose(probabilities: Mapping[Signal, float], threshold: float) -> Signal:
    """BUY or SELL where its probability is larger than every other and at least `threshold`; else HOLD."""
    highest = max(probabilities.values())
    winners = [signal for signal, probability in probabilities.items() if probability == highest]
    return winners[0] if len(winners) == 1 and highest >= threshold else Signal.HOLD


def opinions(seen: Sequence[Seen], sessions: Dates, model: Model | None) -> list[Opinion | Withheld]:
    """The opinion of each symbol, in order, given the newest sessions of the market.

    `seen` has to be the whole market: a model judges the stocks of a date against each other.
    """
    said: list[Opinion | Withheld | None] = [obstacle(one, sessions, model) for one in seen]
    modelled = [position for position, opinion in enumerate(said) if opinion is None]
    if model is not None and modelled:
        features = np.array([seen[position].features for position in modelled])
        dates = np.array([seen[position].bars.dates[-1] for position in modelled]).astype(np.int64)
        rows = [
            {signal: round(float(probability), _PLACES) for signal, probability in zip(SIGNALS, row, strict=True)}
            for row in model.predict(features, dates)
        ]
        signals = [choose(probabilities, model.card.threshold) for probabilities in rows]
        reasons = model.explain(features, dates, signals)
        for position, signal, probabilities, why in zip(modelled, signals, rows, reasons, strict=True):
            said[position] = Opinion(signal, probabilities, _band(seen[position]), why)
    return [opinion for opinion in said if opinion is not None]


def obstacle(seen: Seen, sessions: Dates, model: Model | None) -> Withheld | None:
    """Why the model cannot speak of a symbol, or None where it can."""
    bars = seen.bars
    if is_index(bars.symbol):
        return _withheld(
            WithheldReason.INDEX_NOT_MODELLED, "the model foresees stocks against the market, not the market"
        )
    behind = lag(bars, sessions)
    if behind > HALTED_SESSIONS:
        return _withheld(
            WithheldReason.HALTED, f"no bar since {bars.last_date}, the market has had {behind} sessions after it"
        )
    if len(bars) < MIN_BARS:
        return _too_short(bars, sessions)
    return _model_obstacle(bars, model) or _undefined(seen)


def _too_short(bars: Bars, sessions: Dates) -> Withheld:
    if len(sessions) >= MIN_BARS and bars.dates[0] > sessions[-MIN_BARS]:
        first = bars.dates[0].item()
        return _withheld(
            WithheldReason.NEW_LISTING, f"first bar on {first}, {len(bars)} bars stored, {MIN_BARS} needed"
        )
    return _withheld(WithheldReason.INSUFFICIENT_HISTORY, f"{len(bars)} bars stored, {MIN_BARS} needed")


def _model_obstacle(bars: Bars, model: Model | None) -> Withheld | None:
    if model is None:
        return _withheld(WithheldReason.NO_MODEL, "no model has been trained yet")
    card = model.card
    if bars.simulated is not card.simulated:
        made, given = ("simulated", "real") if card.simulated else ("real", "simulated")
        return _withheld(
            WithheldReason.MODEL_NOT_APPLICABLE, f"model {card.version} was trained on {made} bars, these are {given}"
        )
    if bars.last_date > card.expires_on:
        return _withheld(
            WithheldReason.MODEL_EXPIRED, f"model {card.version} expired on {card.expires_on}, this is {bars.last_date}"
        )
    return None


def _undefined(seen: Seen) -> Withheld | None:
    missing = [FEATURE_NAMES[column] for column in np.flatnonzero(~np.isfinite(seen.features))]
    # A price that has not moved at all has no band: no move of it could be called up or down.
    if not missing and not _band(seen) > 0:
        missing = ["band"]
    if missing:
        date = seen.bars.last_date
        return _withheld(WithheldReason.FEATURES_UNAVAILABLE, f"undefined on {date}: {', '.join(missing)}")
    return None


def _band(seen: Seen) -> float:
    """The excess return beyond which `stock_ai.ml.labels` calls a move up or down; 0 where there is none."""
    volatility: float = seen.indicators["volatility_20"] or 0.0
    return round(BAND * volatility * math.sqrt(HORIZON / TRADING_DAYS), _PLACES)


def _withheld(reason: WithheldReason, detail: str) -> Withheld:
    return Withheld(reason=reason, detail=detail)
