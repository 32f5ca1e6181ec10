"""`stock-ai quality`: how right the stored daily prices are."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer
from pymongo.database import Database
from rich.console import Group
from rich.table import Table

from local.cli.output import JsonOption, print_json, results, run_progress
from local.home import Home
from local.session import connect
from stock_ai.clock import Clock, utc_now
from stock_ai.errors import NotFoundError
from stock_ai.quality.assessment import assess
from stock_ai.quality.columns import DailyBars
from stock_ai.quality.report import Gap, MarketQuality, OddSession, Quality, QualityReport, SymbolQuality
from stock_ai.settings import CalendarSettings
from stock_ai.storage.listings import MongoListings
from stock_ai.storage.quality import MongoQualityStore, read_set_aside

_SHOWN = 12
"""Lines of a list on the terminal; --json has all that is kept."""


def quality(
    symbol: Annotated[str | None, typer.Option(help="Only this symbol, e.g. FPT.")] = None,
    json: JsonOption = False,
) -> None:
    """Judge the stored daily prices now, keep the report for the API, and show it."""
    with connect(Home.from_environment()) as session, run_progress() as progress:
        progress.stage("quality")
        report = renew(session.database, session.panel(), utc_now)
    shown = chosen(report, symbol)
    if json:
        print_json(shown.model_dump(mode="json"))
    else:
        results.print(rendered(shown))


def renew(database: Database[dict[str, Any]], panel: Iterable[DailyBars], clock: Clock) -> QualityReport:
    """Assess `panel`, all stored daily bars, and keep the report in place of the one before.

    Raises:
        NotFoundError: no daily bars are stored.
        RetryableError: MongoDB is away.
    """
    store = MongoQualityStore(database)
    background = store.background(MongoListings(database).exchanges())
    calendar = CalendarSettings.load().calendar()
    report = assess(panel, read_set_aside(database), calendar, clock, background)
    store.replace(report)
    return report


def chosen(report: QualityReport, symbol: str | None) -> MarketQuality | SymbolQuality:
    """The market's quality, or that of one symbol in whichever case.

    Raises:
        NotFoundError: the symbol has no daily bars.
    """
    if symbol is None:
        return report.market
    found = report.symbol(symbol.strip().upper())
    if found is None:
        raise NotFoundError(f"--symbol: {symbol!r} has no daily bars")
    return found


def rendered(quality: MarketQuality | SymbolQuality) -> Group:
    """As tables for a terminal."""
    if isinstance(quality, SymbolQuality):
        more = {"exchange": str(quality.exchange or "not listed yet")}
        return Group(_summary(quality.symbol, quality, more), *_symbol_lists(quality))
    more = {
        "symbols": f"{quality.symbols:,}",
        "with gaps": f"{quality.symbols_with_gaps:,}",
        "behind the newest": f"{quality.symbols_behind:,}",
        "corporate actions": f"{quality.corporate_actions:,}",
        "histories adjusted again": f"{quality.readjustments:,}",
        "crosschecked": f"{quality.crosschecked:,}, of which the providers differ on {quality.disagreeing:,}",
    }
    return Group(_summary("Market", quality, more), *_market_lists(quality))


def _summary(title: str, quality: Quality, more: Mapping[str, str]) -> Group:
    rows = {
        "bars": f"{quality.bars:,}",
        "from, to": f"{quality.first} to {quality.last}",
        "complete": f"{quality.completeness:.2%} of {quality.sessions_expected:,} sessions",
        "sessions behind": f"{quality.sessions_behind} at {quality.generated_at:%Y-%m-%d %H:%M} UTC",
        "source": ("several" if quality.source is None else quality.source)
        + (" (SIMULATED)" if quality.simulated else "")
        + (" (session still running)" if quality.provisional else ""),
        "quarantined": _tally(quality.quarantined),
        "warnings": _tally(quality.warnings),
        **more,
    }
    table = Table(show_header=False)
    for name, value in rows.items():
        table.add_row(name, value)
    return Group(f"{title}: quality of daily prices", table)


def _market_lists(market: MarketQuality) -> Iterable[Group]:
    if market.gaps:
        yield _gaps("Sessions without a bar of any symbol", market.gaps)
    for title, sessions in (
        ("Sessions with bars of less than half of the symbols", market.thin_sessions),
        ("Bars on days that the calendar calls closed", market.unexpected_sessions),
    ):
        if sessions:
            yield _listed(title, ("date", "symbols", "of"), map(_odd, sessions), len(sessions))
    worst = [
        (one.symbol, f"{one.completeness:.2%}", str(one.sessions_behind), f"{one.warnings:,}")
        for one in market.least_complete
        if one.completeness < 1
    ]
    if worst:
        yield _listed("Least complete", ("symbol", "complete", "sessions behind", "warnings"), worst, len(worst))


def _symbol_lists(symbol: SymbolQuality) -> Iterable[Group]:
    if symbol.gaps:
        yield _gaps("Sessions without a bar", symbol.gaps)
    if actions := symbol.corporate_actions:
        rows = ((str(one.date), f"{one.factor:.4f}", one.kind.value) for one in reversed(actions))
        yield _listed("Corporate actions, newest first", ("date", "factor", "probably"), rows, len(actions))
    if events := symbol.readjustments:
        told = (
            (
                f"{event.detected_at:%Y-%m-%d}",
                _span(event.first, event.last),
                f"{event.factor:.4f}",
                "" if event.consistent else "no common factor: single bars were corrected",
            )
            for event in events
        )
        yield _listed("History adjusted again by the source", ("found on", "seen in", "factor", ""), told, len(events))
    if check := symbol.crosscheck:
        differing = ((str(one.date), one.field, str(one.one), str(one.other)) for one in check.differences)
        title = f"{check.one} against {check.other} on {check.checked_at:%Y-%m-%d}: {check.agreeing} sessions agree"
        yield _listed(title, ("date", "field", check.one, check.other), differing, len(check.differences))
    if found := symbol.latest_warnings:
        warned = ((str(one.date), one.kind.value, _number(one.value), _number(one.expected)) for one in found)
        yield _listed("Warnings, newest first", ("date", "kind", "value", "expected"), warned, len(found))


def _gaps(title: str, gaps: tuple[Gap, ...]) -> Group:
    rows = (
        (_span(gap.first, gap.last), f"{gap.sessions:,}", "trading halt" if gap.halt else "") for gap in reversed(gaps)
    )
    return _listed(f"{title}, newest first", ("date", "sessions", ""), rows, len(gaps))


def _listed(title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]], count: int) -> Group:
    table = Table(*columns)
    for row in itertools.islice(rows, _SHOWN):
        table.add_row(*row)
    left = count - _SHOWN
    # Beside the table: its own title would wrap at its width.
    return Group(f"\n{title}", table, *([f"{left:,} more; --json shows them"] if left > 0 else []))


def _odd(session: OddSession) -> tuple[str, str, str]:
    return str(session.date), f"{session.symbols:,}", f"{session.listed:,}"


def _span(first: dt.date, last: dt.date) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4f}".rstrip("0").rstrip(".")


def _tally(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{name!s} {count:,}" for name, count in counts.items()) or "none"
