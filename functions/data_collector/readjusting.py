"""Histories that a source has adjusted again: found in what it gives for sessions that are stored already."""

from __future__ import annotations

from collections.abc import Sequence

from functions.data_collector.ports import Ports
from stock_ai.market.symbols import is_index
from stock_ai.models.base import Interval
from stock_ai.observability import logger
from stock_ai.ports.collection import CollectionTask
from stock_ai.ports.sources import SourceBar
from stock_ai.quality.readjusting import readjustment

_ROUNDING_VND = 10
"""VCI rounds to it; two providers of one source never differ by less than it."""


def begun_anew(
    task: CollectionTask, bars: Sequence[SourceBar], source: str, ports: Ports, owner: str
) -> CollectionTask | None:
    """The task as it begins anew with the whole stored history, where a page shows that this was adjusted again.

    After a corporate action a source multiplies every earlier adjusted price by one factor. To take the new prices of a
    page alone would leave a jump at its edge that never happened, so nothing of the page is published: it comes again
    with all the rest. The event is logged before, so that a run that dies in between only finds it again. Prices that
    changed without a common factor are corrections of single bars: logged as a conflict, and published like any other.

    Raises:
        RetryableError: a store is away.
    """
    if task.anew or task.interval is not Interval.DAY or not bars or is_index(task.symbol):
        return None
    info = ports.store.symbol(task.symbol)
    if info is None or info.last < bars[0].time:
        return None
    fetched = {bar.time: bar.adjusted_close for bar in bars if bar.adjusted_close and not bar.provisional}
    held = ports.store.bars(task.symbol, Interval.DAY, bars[0].time, bars[-1].time, limit=len(bars) * 2)
    stored = {bar.time: bar.adjusted_close for bar in held if bar.adjusted_close and not bar.provisional}
    event = readjustment(task.symbol, stored, fetched, source, ports.clock(), _ROUNDING_VND)
    if event is None:
        return None
    ports.quality.log([event])
    told = event.model_dump(mode="json", exclude={"symbol", "source"})
    if not event.consistent:
        logger.warning("stored adjusted prices changed without a common factor", symbol=task.symbol, **told)
        return None
    logger.warning("history adjusted again, collecting all of it", symbol=task.symbol, **told)
    return ports.plans.anew(task, owner, min(task.since, info.first), max(task.until, info.last))
