"""The facts a text may be made of: a table built from the AI part of an insight, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from stock_ai.market.symbols import is_index
from stock_ai.models import AiAnalysis, digest

Value = int | float | str

INDICATORS = (
    "roc_1", "roc_5", "roc_20", "relative_strength_20", "relative_strength_60", "beta_60",
    "sma_20", "sma_50", "sma_200", "supertrend_direction", "adx_14", "macd_histogram",
    "rsi_14", "stochastic_k", "bollinger_percent_b", "position_52w", "distance_high_52w",
    "natr_14", "volatility_20", "mfi_14", "volume_ratio_20", "traded_value_20",
)  # fmt: skip
"""What a text may be about: one or two of each kind. Stating all that are computed would make a prompt 3.5 times as
long, with many that say the same."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement about the symbol, true at the end of the session of `date`.

    `value` is already rounded to what a reader needs: the text repeats it and computes nothing.
    """

    id: str
    name: str
    value: Value
    unit: str
    date: dt.date


@dataclass(frozen=True, slots=True)
class FactSheet:
    """The facts about one symbol."""

    symbol: str
    as_of: dt.date
    analysis_id: str
    simulated: bool
    facts: tuple[Fact, ...]

    def get(self, fact_id: str) -> Fact | None:
        """The fact called `fact_id`, or None when the analysis does not state it."""
        return self._by_id().get(fact_id)

    def __getitem__(self, fact_id: str) -> Fact:
        """A fact that every sheet has (`close`, `bars`)."""
        return self._by_id()[fact_id]

    def starting(self, prefix: str) -> list[Fact]:
        """The facts whose id starts with `prefix`, in the order of the analysis."""
        return [fact for fact in self.facts if fact.id.startswith(prefix)]

    def rows(self) -> list[dict[str, object]]:
        """The table as plain values, dates in ISO format."""
        return [asdict(fact) | {"date": fact.date.isoformat()} for fact in self.facts]

    def fingerprint(self, *circumstances: str) -> str:
        """Name of these facts under the given circumstances: equal for equal facts in every process."""
        return digest(self.symbol, self.as_of, self.simulated, *map(_line, self.facts), *circumstances)

    def _by_id(self) -> Mapping[str, Fact]:
        return {fact.id: fact for fact in self.facts}


def _line(fact: Fact) -> str:
    return f"{fact.id}={fact.value!r} {fact.unit} {fact.date}"


def _percent(share: float) -> float:
    return round(share * 100, 1)


def fact_sheet(analysis: AiAnalysis) -> FactSheet:
    """The facts stated by `analysis`; an indicator that is null states nothing."""
    day = analysis.as_of
    facts: list[Fact] = []

    def state(fact_id: str, name: str, value: Value, unit: str = "") -> None:
        facts.append(Fact(fact_id, name, value, unit, day))

    if is_index(analysis.symbol):
        state("close", "Close", float(analysis.close), "points")
    else:
        state("close", "Close as traded", int(analysis.close), "VND")
    state("bars", "Daily bars used", analysis.bars, "bars")
    if analysis.simulated:
        state("simulated", "Data are simulated and not from a real market", "yes")
    if analysis.provisional:
        state("provisional", "The session still runs, so the last bar may change", "yes")
    if analysis.signal is not None and analysis.confidence is not None:
        state("signal", "Signal of the model for the next five sessions against the market", analysis.signal.value)
        state("confidence", "Calibrated probability of the signal", _percent(analysis.confidence), "%")
    if analysis.withheld is not None:
        state("withheld", "Why there is no signal", analysis.withheld.reason.value)
        state("withheld_detail", "Details of the missing signal", analysis.withheld.detail)
    if analysis.model is not None:
        state("model", "Model", f"{analysis.model.name} {analysis.model.version}")
        state("trained_until", "Model trained until", analysis.model.trained_until.isoformat())
        if not analysis.model.proven_skill:
            state("unproven", "On unseen sessions the model was not provably better than the base rate", "yes")
    for name in INDICATORS:
        if (value := analysis.indicators.get(name)) is not None:
            state(f"indicator.{name}", name, _rounded(value))
    for reason in analysis.reasons:
        direction = "for" if reason.weight > 0 else "against"
        state(f"reason_{direction}.{reason.feature}", f"Speaks {direction} the signal", reason.text)
    return FactSheet(analysis.symbol, day, analysis.analysis_id, analysis.simulated, tuple(facts))


def _rounded(value: float) -> Value:
    """Two decimals, four significant digits below one: what a reader can use."""
    return round(value, 2) if abs(value) >= 1 else float(f"{value:.4g}")
