"""Bars from the topic into the store: decode, judge by the hard rules, set faults aside, keep the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from stock_ai.clock import Clock
from stock_ai.errors import PoisonRecordError
from stock_ai.models.price import StockPrice, price_event_id
from stock_ai.ports.prices import PriceStore, QuarantineStore
from stock_ai.ports.streams import Publisher
from stock_ai.quality.rules import Reason, hard_faults
from stock_ai.streaming.records import KafkaRecord, decode
from stock_ai.streaming.rejects import Reject, is_redriven, set_aside, undecodable, undecodable_id

_NUMBERS = ("open", "high", "low", "close", "adjusted_close", "volume")
_LARGEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class ConsumedBars:
    """What became of a batch. The number of records is `stored + unchanged +` the sum of `quarantined`."""

    stored: int
    unchanged: int
    quarantined: dict[str, int] = field(default_factory=dict)


def consume(
    records: Iterable[KafkaRecord],
    store: PriceStore,
    quarantine: QuarantineStore,
    publisher: Publisher,
    clock: Clock,
) -> ConsumedBars:
    """Store the good bars of a batch and set the others aside, each under the first hard rule it breaks.

    Faults go first: if anything fails on the way, the whole batch comes again and nothing is counted twice in a store.
    A redriven bar that is good by now is quarantined no more, whatever it had been set aside for.

    Raises:
        RetryableError: broker or store is away; doing all again is safe.
    """
    now = clock()
    bars: list[StockPrice] = []
    rejects: list[Reject] = []
    redriven: list[str] = []
    for record in records:
        try:
            bar = decode(record, StockPrice)
            _check_size(bar)
        except PoisonRecordError as error:
            rejects.append(undecodable(record, error))
            continue
        faults = hard_faults(bar, now)
        if faults:
            rejects.append(Reject(record, _content_id(bar), faults, _describe(bar)))
            continue
        bars.append(bar)
        if is_redriven(record):
            redriven += undecodable_id(record), _content_id(bar)
    quarantined = set_aside(rejects, publisher, quarantine, clock)
    counts = store.upsert(bars)
    if redriven:
        quarantine.let_through(redriven, now)
    return ConsumedBars(counts.stored, counts.unchanged, quarantined)


def _check_size(bar: StockPrice) -> None:
    """JSON has numbers of any length, a store does not: what is beyond 64 bits is no bar."""
    for name in _NUMBERS:
        value = getattr(bar, name)
        if value is not None and not -_LARGEST <= value <= _LARGEST:
            raise PoisonRecordError(Reason.UNDECODABLE, f"{name}: {str(value)[:40]} does not fit 64 bits")


def _content_id(bar: StockPrice) -> str:
    """The event id computed anew: a faulty bar may carry the id of another, and would hide behind it."""
    return price_event_id(
        bar.symbol, bar.interval, bar.time, bar.open, bar.high, bar.low, bar.close,
        bar.adjusted_close, bar.volume, bar.source, bar.provisional, bar.basis,
    )  # fmt: skip


def _describe(bar: StockPrice) -> str:
    values = ", ".join(f"{name} {getattr(bar, name)}" for name in _NUMBERS)
    return f"{bar.symbol[:40]} {bar.interval} {bar.time.isoformat()}: {values}"
