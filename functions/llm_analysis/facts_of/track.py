"""What has become of earlier signals: of this symbol lately, and of all together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from functions.llm_analysis.facts_of.table import Table, percent
from stock_ai.track_record.record import TrackRecord
from stock_ai.track_record.records import BAND_HORIZON, Outcome, OutcomeStatus

DAYS: Final = 60
"""How far back the signals of the symbol are told of: some forty sessions, so that the read stays short."""


def track_facts(table: Table, outcomes: Iterable[Outcome], record: TrackRecord | None, simulated: bool) -> None:
    """Add how many signals came true 5 sessions later. Late ones are no foresight and count nowhere."""
    latest: dict[str, Outcome] = {}
    for outcome in sorted(outcomes, key=lambda one: one.revision):
        if outcome.horizon == BAND_HORIZON and outcome.simulated is simulated:
            latest[outcome.signal_id] = outcome
    hits = [one.hit for one in latest.values() if one.timely and one.status is OutcomeStatus.SCORED]
    if hits:
        came_true = sum(hit is True for hit in hits)
        first = min(one.as_of for one in latest.values())
        table.word("track.since", "Recent signals of this symbol begin on", first.isoformat())
        table.count("track.scored", "Recent signals of this symbol that were scored", len(hits))
        table.count("track.hits", "Of the recent signals, those that came true after 5 sessions", came_true)
        table.number(
            "track.hit_rate", "Share of the recent scored signals that came true", 100 * came_true / len(hits), "%"
        )
    tally = record.overall.horizons.get(BAND_HORIZON) if record is not None and record.simulated is simulated else None
    if tally is None or not tally.scored:
        return
    table.count("track.base_scored", "Scored signals of all symbols", tally.scored)
    table.number("track.base", "Share of all symbols' scored signals that came true", percent(tally.hit_rate), "%")
    low, high = tally.hit_rate_interval or (None, None)
    table.number("track.base_low", "Came true, all symbols: lower end of the 95 % interval", percent(low), "%")
    table.number("track.base_high", "Came true, all symbols: upper end of the 95 % interval", percent(high), "%")
    table.number(
        "track.base_confidence", "Mean confidence of all symbols' scored signals", percent(tally.mean_confidence), "%"
    )
