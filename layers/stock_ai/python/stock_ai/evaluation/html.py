"""The evaluation as one HTML page that needs nothing else: no scripts, no requests, light or dark as set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from stock_ai.evaluation import plots
from stock_ai.evaluation.report import (
    Backtest,
    Decile,
    Estimate,
    EvaluationReport,
    Figures,
    LiquidityFigures,
    Returns,
)
from stock_ai.evaluation.style import STYLE
from stock_ai.ml.card import ReliabilityBin

PLOTTED_FEATURES = 20
_THOUSANDTHS = 1000

# Field of `Figures`, what people call it, factor, digits, whether it is signed.
_FIGURES = (
    ("rank_ic", "RankIC", 1, 3, False),
    ("icir", "ICIR", 1, 2, False),
    ("hit_rate", "Hit rate", 1, 3, False),
    ("confident_hit_rate", "Hit rate of the 10 % most confident", 1, 3, False),
    ("auc", "AUC", 1, 3, False),
    ("log_loss_difference", "Log loss less base rate, thousandths", _THOUSANDTHS, 2, True),
    ("brier_difference", "Brier score less base rate, thousandths", _THOUSANDTHS, 2, True),
    ("calibration_error", "Calibration error, equal mass", 1, 3, False),
    ("coverage", "Coverage", 1, 3, False),
)


def html(report: EvaluationReport) -> str:
    """The report as a page: what it comes to first, then plots, and every figure in a table."""
    run = report.run
    title = f"Evaluation of {run.model}"
    sections = (
        _section("What it comes to", f"<ul>{''.join(f'<li>{_e(sentence)}</li>' for sentence in report.reading)}</ul>"),
        _section("Figures", _overall(report)),
        _section("Year by year", _years(report)),
        _section("Do the probabilities hold", _reliability(report)),
        _section("Backtest", _backtest(report.backtest, report.decile)),
        _section("By liquidity", _liquidity(report.by_liquidity)),
        _section("What the model looks at", _importance(report)),
        _section("How it was made", _run(report)),
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{_e(title)}</title><style>{STYLE}</style></head><body><header><h1>{_e(title)}</h1>"
        f"<p>{len(run.symbols)} stocks, {run.from_date} to {run.until_date}, {run.rows:,} predictions of rows that the"
        " model had not seen. Entry one session after the signal, five sessions held. Brackets hold 95 % intervals by"
        f" block bootstrap.</p></header><main>{''.join(sections)}</main></body></html>\n"
    )


def _overall(report: EvaluationReport) -> str:
    views = [("Direction", report.overall.direction), ("Three classes", report.overall.classes)]
    if report.untradable:
        views.append(("Direction, entered at the signal's own close: nobody can trade it", report.untradable))
    rows = [
        [label, *(_estimate(_figure(figures, field), factor, digits, signed=signed) for _, figures in views)]
        for field, label, factor, digits, signed in _FIGURES
    ]
    shuffled = _estimate(report.controls.shuffled_rank_ic, 1, 4)
    rows.append(["RankIC with shuffled labels, must be 0", shuffled, *([""] * (len(views) - 1))])
    return _table("All years together", ["", *(name for name, _ in views)], rows)


def _years(report: EvaluationReport) -> str:
    bars = [
        plots.Bar(str(fold.year), ic.value, (ic.low, ic.high))
        for fold in report.folds
        if (ic := fold.views.direction.rank_ic)
    ]
    plot = ""
    if bars:
        told = ", ".join(f"{bar.name} {bar.value:.3f}" for bar in bars)
        plot = _plot(
            "RankIC by year",
            plots.columns("rank-ic", "RankIC by year", f"Bars with 95 % intervals: {told}.", bars),
        )
    return plot + "".join(
        _table(
            caption,
            ["Year", "Rows", *(label for _, label, *_ in shown)],
            (
                [
                    str(fold.year),
                    f"{fold.rows:,}",
                    *(
                        _estimate(_figure(getattr(fold.views, view), field), factor, digits, signed=signed)
                        for field, _, factor, digits, signed in shown
                    ),
                ]
                for fold in report.folds
            ),
        )
        for view, caption in (("direction", "Direction"), ("classes", "Three classes"))
        if (shown := [row for row in _FIGURES if any(_figure(getattr(f.views, view), row[0]) for f in report.folds)])
    )


def _reliability(report: EvaluationReport) -> str:
    charts, tables = [], []
    for name, caption, bins in (
        ("direction", "Direction: probability of being above the median", report.reliability.direction),
        ("classes", "Three classes: confidence of the most probable", report.reliability.classes),
    ):
        if not bins:
            continue
        points = [plots.Point(one.confidence, one.hit_rate, one.rows) for one in bins]
        description = "Each point is a bin of equal mass; on the line, what was said is what happened."
        shown = f"{caption}; {len(bins)} bins of about {bins[0].rows:,} rows"
        charts.append(_plot(shown, plots.reliability(f"reliability-{name}", caption, description, points)))
        tables.append(_table(caption, ["Predicted", "Happened", "Rows"], _bins(bins)))
    return f'<div class="plots">{"".join(charts)}</div>{_details("".join(tables))}'


def _bins(bins: Iterable[ReliabilityBin]) -> list[list[str]]:
    return [[f"{one.confidence:.3f}", f"{one.hit_rate:.3f}", f"{one.rows:,}"] for one in bins]


def _backtest(backtest: Backtest, decile: Decile | None) -> str:
    rules, equity = backtest.rules, backtest.equity
    lines = [
        plots.Line("Account, net", "s1", equity.net),
        plots.Line("Equal weight", "s2", equity.equal_weight),
        *([plots.Line("VNINDEX", "s3", equity.index)] if equity.index else []),
    ]
    ends = ", ".join(f"{line.name} {line.values[-1]:.2f}" for line in lines)
    plot = plots.growth("equity", "Growth of 1, logarithmic", f"Values at the end: {ends}.", equity.dates, lines)
    accounts = [("Account, net", backtest.net), ("Account, gross", backtest.gross)]
    accounts.append(("Equal weight, gross", backtest.equal_weight))
    if backtest.index:
        accounts.append(("VNINDEX", backtest.index))
    excess = [
        ["Per unit of money in stocks", _bp(backtest.gross_invested_excess), _bp(backtest.invested_excess)],
        ["Whole account with its waiting cash", _bp(backtest.gross_excess), _bp(backtest.net_excess)],
    ]
    if decile:
        excess.append(["Best tenth, at closes, flat 35 bp", _bp(decile.gross), _bp(decile.net)])
    facts = [
        ["Mean share in stocks", f"{backtest.invested:.1%}"],
        ["Turnover a year", f"{backtest.turnover:.1f}"],
        ["Cost a year", f"{backtest.cost_per_year:.1%}"],
        ["Cost in all, VND", f"{backtest.cost:,.0f}"],
        ["Purchases", f"{backtest.purchases:,}"],
        ["Sales", f"{backtest.sales:,}"],
        ["Purchases given up", f"{backtest.missed:,}"],
        ["Sales put off", f"{backtest.postponed:,}"],
    ]
    years = [
        [
            str(one.year),
            *("" if value is None else _percent(value) for value in (one.net, one.gross, one.equal_weight, one.index)),
        ]
        for one in backtest.years
    ]
    return (
        f"<p>Each session the best {rules.share:.0%} by P(up) less P(down) are bought at the next open in equal parts"
        f" and sold at the open {rules.hold} sessions later, unless wanted again. Start {rules.capital:,.0f} VND;"
        f" lots of {rules.lot}; shares and money settle after {rules.settlement} sessions; commission"
        f" {rules.commission:.2%} each side, sale tax {rules.sale_tax:.2%}; no purchase at limit-up, no sale at"
        f" limit-down; at most {rules.participation:.0%} of the average volume;"
        " nothing sold short; waiting cash earns nothing.</p>"
        + _plot("Growth of 1, logarithmic", plot)
        + _table("Excess over equal weight, bp per 5 sessions", ["", "Before cost", "After cost"], excess)
        + _table("Accounts", _RETURNS, ([name, *_returns(figures)] for name, figures in accounts))
        + _table("Returns by year", ["Year", "Net", "Gross", "Equal weight", "VNINDEX"], years)
        + _details(_table("The account", ["", "Net"], facts))
    )


_RETURNS = ["", "Total", "A year", "Sharpe", "Largest fall"]


def _returns(figures: Returns) -> list[str]:
    shares = (_percent(figures.total), _percent(figures.annual))
    return [*shares, _signed(f"{figures.sharpe:.2f}"), f"{figures.max_drawdown:.1%}"]


def _liquidity(by_liquidity: Sequence[LiquidityFigures]) -> str:
    rows = [
        [
            str(one.liquidity),
            f"{one.stocks:.1f}",
            _bp(one.decile.gross if one.decile else None),
            _bp(one.decile.net if one.decile else None),
            _bp(one.gross_invested_excess),
            _bp(one.invested_excess),
            "" if one.invested is None else f"{one.invested:.0%}",
            _percent(one.net.annual) if one.net else "",
            _percent(one.equal_weight.annual) if one.equal_weight else "",
        ]
        for one in by_liquidity
    ]
    header = ["Class", "Stocks", "Best tenth, gross", "Best tenth less 35 bp", "Account, gross", "Account, net"]
    return (
        "<p>High: from 5 billion VND a session on (mean of 20 sessions up to the signal); middle: from 1 billion; low:"
        " below. Each class is ranked and compared with equal weight among its own stocks.</p>"
        + _table("bp per 5 sessions", [*header, "In stocks", "Account a year", "Equal weight a year"], rows)
    )


def _importance(report: EvaluationReport) -> str:
    if not report.importance:
        return "<p>Not measured.</p>"
    bars = [plots.Bar(one.feature, one.value) for one in report.importance[:PLOTTED_FEATURES]]
    plot = plots.ranking("importance", "Feature importance", f"Most important: {bars[0].name}.", bars)
    rows = [[one.feature, _signed(f"{one.value:.6f}")] for one in report.importance]
    return _plot(f"Feature importance: {report.importance_of}", plot) + _details(
        _table("All features", ["Feature", "Importance"], rows)
    )


def _run(report: EvaluationReport) -> str:
    run = report.run
    rows = [
        ["Model", run.model],
        ["Data", run.data],
        ["Feature version", str(run.feature_version)],
        ["Seed", str(run.seed)],
        ["Made", f"{run.generated_at:%Y-%m-%d %H:%M} UTC"],
        ["Stocks", ", ".join(run.symbols)],
    ]
    items = "".join(f"<dt>{_e(name)}</dt><dd>{_e(value)}</dd>" for name, value in rows)
    return f"<dl>{items}</dl>"


def _section(title: str, content: str) -> str:
    return f"<section><h2>{_e(title)}</h2>{content}</section>"


def _plot(caption: str, svg: str) -> str:
    return f"<figure><figcaption>{_e(caption)}</figcaption>{svg}</figure>"


def _details(content: str) -> str:
    return f"<details><summary>In numbers</summary>{content}</details>"


def _table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column names the rows; it scrolls by itself where it is wider than the page."""
    head = "".join(f'<th scope="col">{_e(name)}</th>' for name in header)
    body = "".join(
        f'<tr><th scope="row">{_e(first)}</th>{"".join(f"<td>{_e(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{_e(caption)}"><table><caption>{_e(caption)}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _figure(figures: Figures, field: str) -> Estimate | None:
    found: Estimate | None = getattr(figures, field)
    return found


def _estimate(estimate: Estimate | None, factor: float, digits: int, *, signed: bool = False) -> str:
    if estimate is None:
        return ""
    form = f"{'+' if signed else ''}.{digits}f"
    value, low, high = (_signed(format(one * factor, form)) for one in (estimate.value, estimate.low, estimate.high))
    return f"{value} [{low}, {high}]"


def _bp(estimate: Estimate | None) -> str:
    return _estimate(estimate, 1, 1, signed=True)


def _percent(value: float) -> str:
    return _signed(f"{value:+.1%}")


def _signed(number: str) -> str:
    """With a minus sign in place of a hyphen, at which lines break."""
    return number.replace("-", "\N{MINUS SIGN}")


def _e(text: str) -> str:
    return escape(text)
