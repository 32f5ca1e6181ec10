"""The figures of a report as Markdown, for docs/model-card.md: the same bars and seed give the same text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stock_ai.evaluation.report import Estimate, EvaluationReport, Figures
from stock_ai.ml.card import ReliabilityBin


def markdown(report: EvaluationReport) -> str:
    """Tables: the direction, the classes, year by year, reliability, account, liquidity, control, importance."""
    run = report.run
    parts = [
        f"`{run.model}` on {run.data}: {run.rows:,} predictions of {len(run.symbols)} stocks, {run.from_date} to"
        f" {run.until_date}, seed {run.seed}, feature list {run.feature_version}.",
        _table(
            "| direction | RankIC | ICIR | hit | hit of the 10 % most confident | AUC"
            " | log loss minus base rate, x 1e-3 | ECE, equal mass"
            " | top decile over equal weight, bp per 5 sessions, gross / net of 35 bp |",
            [
                _direction("entry one session later", report.overall.direction, report),
                *([_direction("at the signal's own close: untradable", own)] if (own := report.untradable) else []),
            ],
        ),
        _table(
            "| three classes | RankIC | hit | log loss minus base rate, x 1e-3 | Brier minus base rate, x 1e-3 | ECE"
            " | coverage of BUY and SELL |",
            [_classes(report.overall.classes)],
        ),
        _table(
            "| year | rows | RankIC | hit | AUC | log loss minus base rate, x 1e-3 (direction) | the same (classes) |",
            [
                [
                    str(fold.year),
                    f"{fold.rows:,}",
                    _figure(fold.views.direction.rank_ic),
                    _figure(fold.views.direction.hit_rate),
                    _figure(fold.views.direction.auc),
                    _figure(fold.views.direction.log_loss_difference, 1e3, 2),
                    _figure(fold.views.classes.log_loss_difference, 1e3, 2),
                ]
                for fold in report.folds
            ],
        ),
        _table("| said: better than the median | happened | rows |", _bins(report.reliability.direction)),
        _table("| said: the stated class | happened | rows |", _bins(report.reliability.classes)),
        _table(
            "| account | value |",
            [
                ["a year, after cost", f"{report.backtest.net.annual:+.1%}"],
                ["a year, equal weight without cost", f"{report.backtest.equal_weight.annual:+.1%}"],
                ["a year, VNINDEX", f"{report.backtest.index.annual:+.1%}" if report.backtest.index else "none"],
                ["account less equal weight, bp per 5 sessions", _figure(report.backtest.net_excess, 1, 1)],
                ["money in stocks less equal weight, after cost", _figure(report.backtest.invested_excess, 1, 1)],
                ["the same before cost", _figure(report.backtest.gross_invested_excess, 1, 1)],
                ["largest fall, after cost", f"{report.backtest.net.max_drawdown:.1%}"],
            ],
        ),
        _table(
            "| traded value | stocks a session | top decile, bp gross | net of 35 bp |",
            [
                [
                    one.liquidity.value,
                    f"{one.stocks:.0f}",
                    _figure(one.decile.gross if one.decile else None, 1, 1),
                    _figure(one.decile.net if one.decile else None, 1, 1),
                ]
                for one in report.by_liquidity
            ],
        ),
        f"Labels shuffled within each session: RankIC {_figure(report.controls.shuffled_rank_ic)}.",
        "Most influential: " + ", ".join(f"`{one.feature}`" for one in report.importance[:10]) + ".",
        "\n".join(f"- {sentence}" for sentence in report.reading),
    ]
    return "\n\n".join(parts) + "\n"


def _direction(name: str, figures: Figures, report: EvaluationReport | None = None) -> list[str]:
    decile = report.decile if report else None
    return [
        name,
        _figure(figures.rank_ic),
        _figure(figures.icir, 1, 2),
        _figure(figures.hit_rate),
        _figure(figures.confident_hit_rate),
        _figure(figures.auc),
        _figure(figures.log_loss_difference, 1e3, 2),
        _figure(figures.calibration_error),
        f"{_figure(decile.gross, 1, 0)} / {_figure(decile.net, 1, 0)}" if decile else "",
    ]


def _classes(figures: Figures) -> list[str]:
    return [
        "up, neutral, down",
        _figure(figures.rank_ic),
        _figure(figures.hit_rate),
        _figure(figures.log_loss_difference, 1e3, 2),
        _figure(figures.brier_difference, 1e3, 2),
        _figure(figures.calibration_error),
        _figure(figures.coverage, 1, 2),
    ]


def _bins(bins: Iterable[ReliabilityBin]) -> list[list[str]]:
    return [[f"{one.confidence:.3f}", f"{one.hit_rate:.3f}", f"{one.rows:,}"] for one in bins]


def _figure(estimate: Estimate | None, factor: float = 1, digits: int = 3) -> str:
    if estimate is None:
        return ""
    value, low, high = (f"{part * factor:.{digits}f}" for part in (estimate.value, estimate.low, estimate.high))
    return f"{value} [{low}, {high}]"


def _table(header: str, rows: Sequence[Sequence[str]]) -> str:
    columns = header.count("|") - 1
    return "\n".join([header, "|" + "---|" * columns, *("| " + " | ".join(row) + " |" for row in rows)])
