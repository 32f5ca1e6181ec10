"""`EvaluationReport`: everything an evaluation found, as the JSON that is kept and the HTML that is read."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from pydantic import Field

from stock_ai.ml.card import ReliabilityBin
from stock_ai.models.base import Message, UtcInstant


class Estimate(Message):
    """A figure with its 95 % interval by circular block bootstrap over sessions."""

    value: float
    low: float
    high: float


class Figures(Message):
    """How good one view of the predictions is. Null is what the view does not have."""

    rank_ic: Estimate | None = Field(default=None, description="Mean daily rank correlation of score and excess.")
    icir: Estimate | None = Field(default=None, description="Mean of the daily rank correlation by its deviation.")
    hit_rate: Estimate | None = Field(default=None, description="Share of right calls.")
    confident_hit_rate: Estimate | None = Field(default=None, description="The same of the 10 % most confident.")
    auc: Estimate | None = Field(default=None, description="Chance that a row above is given more than one below.")
    log_loss_difference: Estimate | None = Field(default=None, description="Log loss less that of the base rate.")
    brier_difference: Estimate | None = Field(default=None, description="Brier score less that of the base rate.")
    calibration_error: Estimate | None = Field(default=None, description="Expected, over ten bins of equal mass.")
    coverage: Estimate | None = Field(default=None, description="Share of the rows that get a signal.")


class Views(Message):
    """The same predictions in two ways.

    `direction` is the probability to do better than the median of the day, against 1/2; `classes` is all three classes,
    against their frequencies before the test year.
    """

    direction: Figures
    classes: Figures


class Fold(Message):
    """One test year; its model knows nothing from that year on."""

    year: int
    rows: int
    views: Views


class Reliability(Message):
    """What was said against what happened, in bins of equal mass, for both views."""

    direction: tuple[ReliabilityBin, ...]
    classes: tuple[ReliabilityBin, ...]


class Controls(Message):
    """What must come out at nothing."""

    shuffled_rank_ic: Estimate = Field(description="Trained and tested on labels shuffled within each session.")


class Run(Message):
    """What was evaluated, enough to do it again."""

    data: str = Field(description="Where the bars came from, in the words of whoever ran it.")
    symbols: tuple[str, ...]
    from_date: dt.date = Field(description="First session with predictions.")
    until_date: dt.date = Field(description="Last session with predictions.")
    rows: int
    seed: int
    model: str
    feature_version: int
    generated_at: UtcInstant


class Rules(Message):
    """What the account is bound by. Orders are filled at the open after the signal; nothing is sold short."""

    capital: float = Field(default=10_000_000_000, description="VND at the start.")
    share: float = Field(default=0.1, description="Of the stocks of a session, by score, that are bought.")
    hold: int = Field(default=5, description="Sessions from purchase to sale.")
    settlement: int = Field(default=2, description="Sessions until shares can be sold, and money be used.")
    lot: int = Field(default=100, description="Shares that are bought together.")
    commission: float = Field(default=0.0015, description="Of each purchase and each sale.")
    sale_tax: float = Field(default=0.001, description="Of each sale.")
    participation: float = Field(default=0.1, description="Most of the average volume of 20 sessions to buy at once.")


class Returns(Message):
    """What became of money. A year has 250 sessions; Sharpe is mean / deviation of daily returns x root 250."""

    total: float = Field(description="Over the whole span, 1 is a doubling.")
    annual: float = Field(description="Geometric.")
    sharpe: float = Field(description="Without a risk-free rate; 0 where nothing moved.")
    max_drawdown: float = Field(description="Largest fall from an earlier height, 0 to 1.")


class Decile(Message):
    """The plain figure: mean excess of the best tenth over the mean of the same stocks, bp per 5 sessions.

    Entry at the close one session after the signal, no limits, lots or settlement; the cost is a flat 35 bp.
    """

    sessions: int
    gross: Estimate
    net: Estimate


class YearReturns(Message):
    """Returns of one calendar year, or of the part of it that was tested."""

    year: int
    net: float
    gross: float
    equal_weight: float
    index: float | None


class Equity(Message):
    """Value at each close of 1 at the start; all of one length."""

    dates: tuple[dt.date, ...]
    net: tuple[float, ...]
    gross: tuple[float, ...]
    equal_weight: tuple[float, ...]
    index: tuple[float, ...] | None = Field(description="VNINDEX, null without its bars.")


class Backtest(Message):
    """The account that followed the signals, against holding every stock alike and against VNINDEX.

    `net_excess` compares whole accounts, waiting cash and all. `invested_excess` is for each unit of money in stocks:
    what the account earned, less what equal weight earned on the same amount over the same hours.
    """

    rules: Rules
    net: Returns
    gross: Returns = Field(description="The same rules without commission and tax.")
    equal_weight: Returns = Field(description="Every stock alike, rebalanced each session, without cost.")
    index: Returns | None
    net_excess: Estimate = Field(description="Account less equal weight, bp per 5 sessions.")
    gross_excess: Estimate = Field(description="The same before cost.")
    invested_excess: Estimate = Field(description="Per unit in stocks after cost, bp per 5 sessions.")
    gross_invested_excess: Estimate = Field(description="The same before cost.")
    invested: float = Field(description="Mean share of the account in stocks.")
    turnover: float = Field(description="Half of purchases and sales by mean equity, per year.")
    cost: float = Field(description="Commission and tax in VND over the whole span.")
    cost_per_year: float = Field(description="The same by mean equity, per year.")
    purchases: int
    sales: int
    missed: int = Field(description="Purchases given up: no trade, limit-up, or less than a lot.")
    postponed: int = Field(description="Sales put off by a session: no trade or limit-down.")
    years: tuple[YearReturns, ...]
    equity: Equity


class LiquidityClass(StrEnum):
    """By traded value, the mean of 20 sessions up to the signal's own."""

    HIGH = "high"
    """From 5 billion VND a session on."""
    MIDDLE = "middle"
    """From 1 billion on."""
    LOW = "low"
    """Below."""


class LiquidityFigures(Message):
    """The same within one liquidity class: ranked, and compared with equal weight, among its own stocks only."""

    liquidity: LiquidityClass
    stocks: float = Field(description="Mean number a session.")
    decile: Decile | None = Field(description="Null without a session with enough stocks to rank.")
    net: Returns | None = Field(description="Of an account of its own; null as above.")
    equal_weight: Returns | None
    invested_excess: Estimate | None
    gross_invested_excess: Estimate | None
    invested: float | None


class FeatureImportance(Message):
    """What a feature is worth to the model; what the number is, `EvaluationReport.importance_of` says."""

    feature: str
    value: float


class EvaluationReport(Message):
    """The result of `stock-ai evaluate`. Every figure enters one session after its signal unless it says otherwise."""

    run: Run
    overall: Views
    untradable: Figures | None = Field(
        default=None, description="The direction view, entered at the signal's own close, which nobody can do."
    )
    folds: tuple[Fold, ...]
    reliability: Reliability
    controls: Controls
    backtest: Backtest
    decile: Decile | None
    by_liquidity: tuple[LiquidityFigures, ...]
    importance: tuple[FeatureImportance, ...] = Field(description="Largest first.")
    importance_of: str = Field(description="How importance was measured, a few words.")
    reading: tuple[str, ...] = Field(description="What it comes to, in plain sentences; see `reading.reading`.")

    def json_text(self) -> str:
        """The report as the JSON file that is kept, indented."""
        return self.model_dump_json(indent=1) + "\n"
