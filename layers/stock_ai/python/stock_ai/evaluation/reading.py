"""What the figures come to, in plain sentences that may stand beside a signal."""

from __future__ import annotations

from typing import Final

from stock_ai.evaluation.report import Backtest, Controls, Estimate, LiquidityFigures, Views

MIN_RANK_IC: Final = 0.03
"""Models of noise reach 0.02, with an interval that excludes zero: a ranking is believed from here on."""
LEAK_HIT_RATE: Final = 0.57
LEAK_AUC: Final = 0.60
LEAK_SHUFFLED: Final = 0.01


def reading(
    overall: Views, controls: Controls, backtest: Backtest, by_liquidity: tuple[LiquidityFigures, ...]
) -> tuple[str, ...]:
    """Sentences on suspected leaks, ranking, probability skill, trading edge and liquidity, in this order."""
    return (
        *_leaks(overall, controls),
        *_ranking(overall),
        *_probabilities(overall),
        *_edge(backtest),
        *_liquidity(by_liquidity),
        "The stocks are those whose bars were at hand at the end: companies that failed before are missing, which"
        " flatters whatever buys what has fallen.",
    )


def proven_skill(difference: Estimate | None) -> bool:
    """Whether a loss against the base rate is below zero with its whole interval."""
    return difference is not None and difference.high < 0


def _leaks(overall: Views, controls: Controls) -> list[str]:
    found = []
    direction = overall.direction
    if direction.hit_rate and direction.hit_rate.value > LEAK_HIT_RATE:
        found.append(f"hit rate {direction.hit_rate.value:.3f}")
    if direction.auc and direction.auc.value > LEAK_AUC:
        found.append(f"AUC {direction.auc.value:.3f}")
    if abs(controls.shuffled_rank_ic.value) > LEAK_SHUFFLED:
        found.append(f"RankIC {controls.shuffled_rank_ic.value:.4f} on shuffled labels")
    if not found:
        return []
    return [f"Too good to be true ({', '.join(found)}): this counts as a leak of the future until it is explained."]


def _ranking(overall: Views) -> list[str]:
    ic = overall.direction.rank_ic
    if ic is None:
        return []
    measured = f"RankIC {ic.value:.3f}, 95 % interval {ic.low:.3f} to {ic.high:.3f}"
    if ic.low > 0 and ic.value > MIN_RANK_IC:
        return [f"The model ranks stocks better than chance ({measured})."]
    return [f"It is not shown that the model ranks stocks better than chance ({measured}; needed is {MIN_RANK_IC})."]


def _probabilities(overall: Views) -> list[str]:
    found = []
    for name, figures in (("of the three classes", overall.classes), ("of the direction", overall.direction)):
        difference = figures.log_loss_difference
        if difference is None:
            continue
        measured = (
            f"log loss against the base rate {difference.value * 1000:+.2f} thousandths, 95 % interval"
            f" {difference.low * 1000:+.2f} to {difference.high * 1000:+.2f}"
        )
        if proven_skill(difference):
            found.append(f"The probabilities {name} are better than the base rate ({measured}).")
        else:
            found.append(f"No proven probability skill {name}: the base rate may be as good ({measured}).")
    return found


def _edge(backtest: Backtest) -> list[str]:
    return [
        f"For each unit of money in stocks, the account earned {_bp(backtest.gross_invested_excess)} above equal weight"
        f" before cost and {_bp(backtest.invested_excess)} after commission and tax:"
        f" {_verdict(backtest.invested_excess)}",
        f"The whole account, {backtest.invested:.0%} of it in stocks since sales take {backtest.rules.settlement}"
        f" sessions to settle, returned {backtest.net.annual:+.1%} a year after cost; equal weight"
        f" {backtest.equal_weight.annual:+.1%}"
        + (f", VNINDEX {backtest.index.annual:+.1%}." if backtest.index else "."),
    ]


def _verdict(excess: Estimate) -> str:
    if excess.low > 0:
        return "more than equal weight, with the whole interval above zero."
    if excess.high < 0:
        return "less than equal weight. There is no tradable edge."
    return "not distinguishable from zero. There is no proven tradable edge."


def _liquidity(by_liquidity: tuple[LiquidityFigures, ...]) -> list[str]:
    told = [
        f"{one.liquidity} {_bp(one.decile.gross)} before and {one.decile.net.value:+.0f} bp after a cost of 35 bp"
        for one in by_liquidity
        if one.decile
    ]
    return [f"Best tenth above the mean, by liquidity: {'; '.join(told)}."] if told else []


def _bp(excess: Estimate) -> str:
    return f"{excess.value:+.0f} bp per 5 sessions (95 % interval {excess.low:+.0f} to {excess.high:+.0f})"
