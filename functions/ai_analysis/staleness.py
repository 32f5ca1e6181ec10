"""How far the stored bars are behind the market."""

from __future__ import annotations

import datetime as dt

import numpy as np

from stock_ai.indicators import Panel
from stock_ai.market.calendar import exchange_date, is_final

_DAY = dt.timedelta(days=1)


def sessions_behind(panel: Panel, now: dt.datetime) -> int | None:
    """Closed weekdays at `now` (aware) for which no symbol has a bar yet; None where nothing is stored.

    Holidays are not known here and count as sessions: after the Tet week the answer is 5 before the first close.
    """
    newest = max((bars.last_date for bars in panel), default=None)
    if newest is None:
        return None
    today = exchange_date(now)
    closed = today if is_final(today, now) else today - _DAY
    return max(0, int(np.busday_count(newest + _DAY, closed + _DAY)))
