"""On which days and at which times the exchanges trade."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from functools import cache

from stock_ai.market.calendar import EXCHANGE_ZONE, MARKET_CLOSE, last_closed
from stock_ai.market.closures import SATURDAY, Closures, packaged_closures, read_closures
from stock_ai.market.sessions import Exchange, Phase, phase_at

__all__ = ["Exchange", "Phase", "TradingCalendar", "default_calendar", "sessions_behind"]

_DAY = dt.timedelta(days=1)


class TradingCalendar:
    """Sessions of the exchanges: weekdays without the named closures, and the extra sessions.

    Outside `certain_from` to `certain_until` a weekday counts as a session. The calendar is what was announced, not a
    judge of data: a bar on any other day is still a bar, and no method fails for one.

    A date given to a method is a trading date, never a datetime. `exchange` None asks whether any of them trades.
    """

    def __init__(self, closures: Closures) -> None:
        self._closures = closures
        self._years: dict[tuple[int, Exchange | None], list[dt.date]] = {}

    @classmethod
    def from_yaml(cls, text: str, name: str) -> TradingCalendar:
        """A calendar of this closure file alone; `name` is for messages. Raises InvalidInputError for a bad file."""
        return cls(read_closures(text, name))

    def extended(self, text: str, name: str) -> TradingCalendar:
        """This calendar and an operator's closure file, which wins. Raises InvalidInputError for a bad file."""
        return TradingCalendar(self._closures.extended(read_closures(text, name)))

    @property
    def certain_from(self) -> dt.date:
        """The first date for which closures are known; earlier weekdays are assumed to be sessions."""
        return self._closures.certain_from

    @property
    def certain_until(self) -> dt.date:
        """The last date for which closures are known; later weekdays are assumed to be sessions."""
        return self._closures.certain_until

    def closure_reason(self, day: dt.date, exchange: Exchange | None = None) -> str | None:
        """Why there is no session on `day`, for people; None where there is one."""
        closures = self._closures
        if day not in closures.extra_sessions:
            if day.weekday() >= SATURDAY:
                return "weekend"
            if reason := closures.everywhere.get(day):
                return reason
        # The market as a whole is closed by halts only if all exchanges are.
        halts = [closures.by_exchange.get(one, {}).get(day) for one in ([exchange] if exchange else Exchange)]
        return "; ".join(dict.fromkeys(halt for halt in halts if halt)) if all(halts) else None

    def is_session(self, day: dt.date, exchange: Exchange | None = None) -> bool:
        """Whether `day` is a trading date."""
        return self.closure_reason(day, exchange) is None

    def sessions(self, first: dt.date, last: dt.date, exchange: Exchange | None = None) -> list[dt.date]:
        """The trading dates from `first` to `last`, both included, ascending."""
        found: list[dt.date] = []
        for year in range(first.year, last.year + 1):
            found += self._sessions_of(year, exchange)
        return found[bisect_left(found, first) : bisect_right(found, last)]

    def count(self, first: dt.date, last: dt.date, exchange: Exchange | None = None) -> int:
        """How many trading dates there are from `first` to `last`, both included; 0 where `last` is before `first`."""
        if last < first:
            return 0
        whole = sum(len(self._sessions_of(year, exchange)) for year in range(first.year, last.year + 1))
        ending = self._sessions_of(last.year, exchange)
        before = bisect_left(self._sessions_of(first.year, exchange), first)
        after = len(ending) - bisect_right(ending, last)
        return whole - before - after

    def _sessions_of(self, year: int, exchange: Exchange | None) -> list[dt.date]:
        known = self._years.get((year, exchange))
        if known is None:
            ordinals = range(dt.date(year, 1, 1).toordinal(), dt.date(year, 12, 31).toordinal() + 1)
            known = [day for day in map(dt.date.fromordinal, ordinals) if self.is_session(day, exchange)]
            self._years[year, exchange] = known
        return known

    def previous_session(self, day: dt.date, exchange: Exchange | None = None) -> dt.date:
        """The last trading date before `day`, which need not be one itself."""
        day -= _DAY
        while not self.is_session(day, exchange):
            day -= _DAY
        return day

    def next_session(self, day: dt.date, exchange: Exchange | None = None) -> dt.date:
        """The first trading date after `day`, which need not be one itself."""
        day += _DAY
        while not self.is_session(day, exchange):
            day += _DAY
        return day

    def phase(self, exchange: Exchange, at: dt.datetime) -> Phase:
        """What `exchange` does with orders at `at` (aware, any zone). ValueError for a naive `at`."""
        local = _local(at)
        return phase_at(exchange, local.time()) if self.is_session(local.date(), exchange) else Phase.CLOSED

    def is_open(self, exchange: Exchange, at: dt.datetime) -> bool:
        """Whether a bar of `exchange` can change at `at` (aware): in a session and not in its lunch break."""
        return self.phase(exchange, at).is_trading

    def next_close(self, exchange: Exchange, at: dt.datetime) -> dt.datetime:
        """The first instant after `at` (aware) at which a session ends and its daily bars are final, in UTC.

        15:00 at the exchange. The lunch break ends no session.
        """
        local = _local(at)
        day = local.date()
        if local.time() >= MARKET_CLOSE or not self.is_session(day, exchange):
            day = self.next_session(day, exchange)
        return dt.datetime.combine(day, MARKET_CLOSE, EXCHANGE_ZONE).astimezone(dt.UTC)


def _local(at: dt.datetime) -> dt.datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no zone")  # It would be taken for the zone of this machine.
    return at.astimezone(EXCHANGE_ZONE)


def sessions_behind(last: dt.date, calendar: TradingCalendar, now: dt.datetime) -> int:
    """The sessions after `last` that have closed at `now` (aware)."""
    closed = last_closed(now)
    return calendar.count(last + _DAY, closed) if last < closed else 0


@cache
def default_calendar() -> TradingCalendar:
    """The calendar of the packaged closures, read once per process."""
    return TradingCalendar(packaged_closures())
