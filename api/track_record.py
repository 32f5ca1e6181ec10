"""What was said and what came of it, as the API answers it."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pydantic import Field

from api import cursors
from api.dependencies import known
from api.freshness import Gauge
from api.problems import AnalysisPendingError
from api.schemas import Answer, Freshness
from api.services import Services
from stock_ai.track_record.record import Tallies, TrackRecord
from stock_ai.track_record.records import HORIZONS, IssuedSignal, Outcome

_READING = (
    "Returns are before cost, from the adjusted close of the first session after the signal. The past foretells"
    " nothing; this is no investment advice."
)
_SIMULATED = "These signals are of a simulated market."


class Place(NamedTuple):
    """Where a page ends: the date of its last signals, all of which are on it."""

    date: dt.date


class TrackRecordAnswer(TrackRecord):
    """Every signal that was issued, and how often they came true."""

    disclaimers: list[str]
    freshness: Freshness


class SignalOutcomes(IssuedSignal):
    """A signal with what came of it."""

    outcomes: dict[int, Outcome | None] = Field(
        description="By sessions from entry to exit the outcome that counts; null while it is pending."
    )
    superseded: list[Outcome] = Field(description="Outcomes that were corrected since, oldest first.")


class SymbolTrackRecord(Answer):
    """The signals of one symbol, newest first, and how often all of them came true."""

    symbol: str
    issued: int = Field(description="Signals of the symbol, on all pages.")
    overall: Tallies = Field(description="All that were issued in time.")
    late: Tallies = Field(description="Those issued when the entry had closed, or by a model that had seen later bars.")
    signals: list[SignalOutcomes]
    next_cursor: str | None = Field(description="`cursor` that asks for the signals before these; null when none are.")
    disclaimers: list[str]


def market_record(services: Services) -> TrackRecordAnswer:
    """The tallies that the last scoring pass left, in one read.

    Raises:
        AnalysisPendingError: there was no pass yet.
    """
    record = services.track_record.record()
    if record is None:
        raise AnalysisPendingError("no signal has been scored yet; the first analysis of the market does it")
    unproven = {f"{one.name} {one.version}" for one in record.by_model if not one.proven_skill}
    return TrackRecordAnswer.model_construct(
        **dict(record),
        disclaimers=_disclaimers(unproven, record.simulated),
        freshness=Gauge(services).of(record.last, provisional=False, simulated=record.simulated),
    )


def symbol_record(services: Services, symbol: str, limit: int, cursor: str | None) -> SymbolTrackRecord:
    """The newest signals of a symbol before `cursor`, `limit` or a few more: those of one date stay together.

    Raises:
        NotFoundError: the symbol is unknown.
        RequestValidationError: the cursor is not one of this symbol.
    """
    question = cursors.question("track-record", symbol)
    before = None if cursor is None else cursors.decode(cursor, question, Place).date
    every = services.track_record.signals(symbol)
    gauge = Gauge(services)
    if not every:
        known(services, symbol)
    # The world of a database is fixed; should it ever have changed, the newest counts.
    simulated = every[0].simulated if every else None
    own = [signal for signal in every if signal.simulated is simulated]
    outcomes = [one for one in services.track_record.outcomes(symbol) if one.simulated is simulated] if own else []
    # 20 ms that the other routes need not wait for.
    from stock_ai.track_record.tallies import of_symbol

    record = of_symbol(own, outcomes, gauge.now)
    page, more = _page([signal for signal in own if before is None or signal.as_of < before], limit)
    return SymbolTrackRecord(
        symbol=symbol,
        issued=len(own),
        overall=record.overall,
        late=record.late,
        signals=_with_outcomes(page, outcomes),
        next_cursor=cursors.encode(question, (page[-1].as_of,)) if more else None,
        disclaimers=_disclaimers({_name(one) for one in own if not one.model.proven_skill}, bool(simulated)),
        freshness=gauge.of(
            own[0].as_of if own else None,
            own[0].source if own else None,
            provisional=False if own else None,
            simulated=simulated,
        ),
    )


def _page(signals: Sequence[IssuedSignal], limit: int) -> tuple[list[IssuedSignal], bool]:
    """The first `limit`, with the rest of the last one's date, and whether there are more."""
    page: list[IssuedSignal] = []
    for _, own in itertools.groupby(signals, key=_date):
        if len(page) >= limit:
            return page, True
        page += own
    return page, False


def _with_outcomes(page: Iterable[IssuedSignal], outcomes: Iterable[Outcome]) -> list[SignalOutcomes]:
    rows: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        rows.setdefault(outcome.signal_id, []).append(outcome)
    answered: list[SignalOutcomes] = []
    for signal in page:
        # By revision, so that the newest of each horizon is the last.
        own = rows.get(signal.signal_id, [])
        newest: dict[int, Outcome | None] = dict.fromkeys(HORIZONS) | {one.horizon: one for one in own}
        superseded = [one for one in own if one is not newest[one.horizon]]
        answered.append(SignalOutcomes.model_construct(**dict(signal), outcomes=newest, superseded=superseded))
    return answered


def _disclaimers(unproven: Iterable[str], simulated: bool) -> list[str]:
    doubts = [
        f"Model {name} has no proven skill: its probabilities did not beat the base rate beyond chance when it was"
        " trained."
        for name in sorted(unproven)
    ]
    return [*([_SIMULATED] if simulated else []), *doubts, _READING]


def _name(signal: IssuedSignal) -> str:
    return f"{signal.model.name} {signal.model.version}"


def _date(signal: IssuedSignal) -> dt.date:
    return signal.as_of
