"""Sessions without a bar: those of the whole market, and those of one symbol while the others traded."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stock_ai.market.trading_calendar import TradingCalendar
from stock_ai.quality.columns import Dates, Mask
from stock_ai.quality.report import Gap, OddSession

LONGEST_GAP = 20
"""Sessions. A longer one is a trading halt."""
_QUORUM = 0.05
"""Share of all symbols that has to be listed for their silence to tell anything of the market."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Attendance:
    """Which sessions there were and how many symbols have a bar of each.

    Sessions are those of the calendar, and outside the years whose closures it knows, the dates with a bar.

    Attributes:
        sessions: ascending, from the first to the last bar of any symbol.
        present: symbols with a bar, per session.
        listed: symbols whose first and last bar lie around the session, per session.
        unexpected: dates with bars that are no sessions.
        quorum: how many symbols have to be listed for a session to be judged as the market's.
    """

    sessions: Dates
    present: Counts
    listed: Counts
    unexpected: tuple[OddSession, ...]
    quorum: int

    @property
    def empty(self) -> Mask:
        """Sessions of which no symbol has a bar."""
        empty: Mask = (self.present == 0) & (self.listed >= self.quorum)
        return empty

    @property
    def thin(self) -> Mask:
        """Sessions of which some symbols have a bar, but not even half of those listed."""
        thin: Mask = (self.present > 0) & (2 * self.present < self.listed) & (self.listed >= self.quorum)
        return thin

    def market_gaps(self) -> tuple[Gap, ...]:
        """The sessions of which no symbol has a bar."""
        return _runs(self.sessions, np.flatnonzero(self.empty))

    def thin_sessions(self) -> tuple[OddSession, ...]:
        """The sessions that are neither the market's gaps nor fairly those of single symbols."""
        return tuple(
            OddSession(date=self.sessions[at].item(), symbols=int(self.present[at]), listed=int(self.listed[at]))
            for at in np.flatnonzero(self.thin)
        )

    def gaps(self, dates: Dates) -> tuple[Gap, ...]:
        """The sessions between the first and the last of a symbol's `dates` that others have and it has not."""
        judged = np.flatnonzero(~(self.empty | self.thin))
        sessions = self.sessions[judged]
        missing = ~np.isin(sessions, dates, assume_unique=True) & (sessions > dates[0]) & (sessions < dates[-1])
        return _runs(sessions, np.flatnonzero(missing))

    def expected(self, dates: Dates) -> tuple[int, int]:
        """How many sessions lie from the first to the last of a symbol's `dates`, and how many of them it has."""
        own = self.sessions[(self.sessions >= dates[0]) & (self.sessions <= dates[-1])]
        return len(own), int(np.isin(own, dates, assume_unique=True).sum())


def attendance(symbols: Mapping[str, Dates], calendar: TradingCalendar) -> Attendance:
    """Count who has bars of which session, given the dates of each symbol, ascending and at least one."""
    dates, counts = np.unique(np.concatenate(list(symbols.values())), return_counts=True)
    sessions = _sessions(dates, calendar)
    firsts = np.sort(np.array([own[0] for own in symbols.values()]))
    lasts = np.sort(np.array([own[-1] for own in symbols.values()]))

    def listed(days: Dates) -> Counts:
        return np.searchsorted(firsts, days, side="right") - np.searchsorted(lasts, days, side="left")

    present = np.zeros(len(sessions), dtype=np.int64)
    known = np.isin(dates, sessions, assume_unique=True)
    present[np.searchsorted(sessions, dates[known])] = counts[known]
    odd = dates[~known]
    unexpected = tuple(
        OddSession(date=day.item(), symbols=int(count), listed=int(total))
        for day, count, total in zip(odd, counts[~known], listed(odd), strict=True)
    )
    return Attendance(sessions, present, listed(sessions), unexpected, math.ceil(_QUORUM * len(symbols)))


def _sessions(dates: Dates, calendar: TradingCalendar) -> Dates:
    first: dt.date = max(dates[0].item(), calendar.certain_from)
    last: dt.date = min(dates[-1].item(), calendar.certain_until)
    planned = np.array(calendar.sessions(first, last) if first <= last else [], dtype="datetime64[D]")
    outside = dates[(dates < np.datetime64(first)) | (dates > np.datetime64(last))]
    return np.union1d(planned, outside)


def _runs(sessions: Dates, missing: NDArray[np.intp]) -> tuple[Gap, ...]:
    """Positions in `sessions`, ascending, as ranges of neighbours."""
    if not missing.size:
        return ()
    runs = np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1)
    return tuple(
        Gap(
            first=sessions[run[0]].item(),
            last=sessions[run[-1]].item(),
            sessions=len(run),
            halt=len(run) > LONGEST_GAP,
        )
        for run in runs
    )
