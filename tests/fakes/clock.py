"""A clock that stands where it is put."""

from __future__ import annotations

import datetime as dt


class FixedClock:
    """Implements `stock_ai.clock.Clock`."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += dt.timedelta(**delta)
