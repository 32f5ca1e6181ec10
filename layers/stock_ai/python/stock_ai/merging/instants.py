"""Event times at the precision of the stores."""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

from stock_ai import clock
from stock_ai.models.analysis import AiAnalysis
from stock_ai.models.llm import LlmAnalysis

_Analysis = TypeVar("_Analysis", AiAnalysis, LlmAnalysis, AiAnalysis | LlmAnalysis)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)


def to_millisecond(analysis: _Analysis) -> _Analysis:
    """The analysis with its event time cut to the millisecond.

    MongoDB dates and the scores in Redis hold no more, so nothing may be decided or shown by what is finer.
    """
    cut = clock.to_millisecond(analysis.event_time)
    return analysis if cut == analysis.event_time else analysis.model_copy(update={"event_time": cut})


def milliseconds(instant: dt.datetime) -> int:
    """Whole milliseconds from the epoch to `instant` (aware)."""
    return (instant - _EPOCH) // _MILLISECOND


def from_milliseconds(count: int) -> dt.datetime:
    """The instant that many milliseconds after the epoch, in UTC."""
    return _EPOCH + count * _MILLISECOND
