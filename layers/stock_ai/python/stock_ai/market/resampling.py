"""Weeks and months, built from daily bars and from nothing that came after them."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Protocol

from stock_ai.market.adjusting import Candle, Price, adjusted
from stock_ai.market.calendar import is_final


class Period(StrEnum):
    """What daily bars are gathered into."""

    WEEK = "1W"
    MONTH = "1M"

    @property
    def most_sessions(self) -> int:
        """No week or month holds more sessions than it has days; a session on a Saturday has been seen."""
        return 7 if self is Period.WEEK else 31

    def first_day(self, date: dt.date) -> dt.date:
        """The label of the period that `date` is in: its Monday, or the first of the month."""
        return date - dt.timedelta(days=date.weekday()) if self is Period.WEEK else date.replace(day=1)

    def last_day(self, date: dt.date) -> dt.date:
        """The last calendar day of the period that `date` is in."""
        first = self.first_day(date)
        if self is Period.WEEK:
            return first + dt.timedelta(days=6)
        return (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


class SessionDates(Protocol):
    """The part of a trading calendar that is asked here."""

    def sessions(self, first: dt.date, last: dt.date) -> Sequence[dt.date]:
        """The sessions with `first <= date <= last`, in order."""


def resampled(
    days: Iterable[Candle], period: Period, calendar: SessionDates, until: dt.date | None, now: dt.datetime
) -> Iterator[Candle]:
    """One bar for each period that has a session, labelled by its first day; `days` are daily bars, oldest first.

    A period whose days are partly on adjusted prices is built from adjusted prices throughout, and says so. A price or
    volume of which a part is unknown is None. The newest period is provisional while a session of it is still to
    close at `now` (aware), and where `until` cut it: the days given end at `until`.
    """
    for first_day, group in itertools.groupby(days, key=lambda day: period.first_day(day.time)):
        yield _gathered(first_day, list(group), running=not _is_over(first_day, period, calendar, until, now))


def _is_over(
    first_day: dt.date, period: Period, calendar: SessionDates, until: dt.date | None, now: dt.datetime
) -> bool:
    last_day = period.last_day(first_day)
    # Only a period near `until` or `now` needs the calendar.
    if (until is None or last_day <= until) and is_final(last_day, now):
        return True
    sessions = calendar.sessions(first_day, last_day)
    last = sessions[-1] if sessions else last_day
    return (until is None or last <= until) and is_final(last, now)


def _gathered(first_day: dt.date, days: Sequence[Candle], *, running: bool) -> Candle:
    if any(day.adjusted for day in days):
        days = [adjusted(day) for day in days]
    highs, lows = [day.high for day in days], [day.low for day in days]
    volumes = [day.volume for day in days if day.volume is not None]
    return Candle(
        time=first_day,
        open=days[0].open,
        high=None if None in highs else max(_known(highs)),
        low=None if None in lows else min(_known(lows)),
        close=days[-1].close,
        adjusted_close=days[-1].adjusted_close,
        volume=sum(volumes) if len(volumes) == len(days) else None,
        provisional=running or days[-1].provisional,
        adjusted=days[0].adjusted,
    )


def _known(prices: Iterable[Price | None]) -> Iterator[Price]:
    return (price for price in prices if price is not None)
