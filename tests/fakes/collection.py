"""What collecting needs, in memory: a log, plans, and a live market that remembers what it was asked."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stock_ai.errors import InvalidInputError, NotFoundError
from stock_ai.market.sessions import Exchange
from stock_ai.models.base import Interval, PriceBasis
from stock_ai.models.listing import Listing
from stock_ai.ports.collection import CollectionPlan, CollectionTask, PlanProgress
from stock_ai.ports.prices import Move
from stock_ai.ports.sources import SourceBar
from stock_ai.quality.report import CrossCheck, Readjustment

DAY = dt.timedelta(days=1)
FREE = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class MemoryCollectionLog:
    """Implements `stock_ai.ports.CollectionLog`."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], tuple[str, dt.datetime]] = {}

    def last(self, source: str) -> dict[str, tuple[str, dt.datetime]]:
        return {symbol: entry for (owner, symbol), entry in self.entries.items() if owner == source}

    def record(self, source: str, seen: dict[str, tuple[str, dt.datetime]]) -> None:
        self.entries.update({(source, symbol): entry for symbol, entry in seen.items()})


@dataclasses.dataclass
class _Task:
    symbol: str
    interval: Interval
    since: dt.date
    until: dt.date
    left_until: dt.date
    held_until: dt.datetime = FREE
    owner: str = ""
    done: bool = False
    failed: str = ""
    trouble: str = ""
    bars: int = 0
    anew: bool = False


class MemoryCollectionPlans:
    """Implements `stock_ai.ports.CollectionPlans`."""

    def __init__(self) -> None:
        self._plans: dict[str, tuple[CollectionPlan, dt.datetime, dict[str, _Task]]] = {}

    def begin(self, plan: CollectionPlan, now: dt.datetime) -> None:
        if plan.plan_id in self._plans and self._left(plan.plan_id):
            return
        tasks = {
            f"{plan.plan_id}:{symbol}": _Task(symbol, plan.interval, since, plan.until, plan.until)
            for symbol, since in plan.since.items()
        }
        self._plans[plan.plan_id] = plan, now, tasks

    def claim(self, plan_id: str, owner: str, now: dt.datetime, until: dt.datetime) -> CollectionTask | None:
        for task_id, task in sorted(self._plans[plan_id][2].items()):
            if not task.done and task.held_until <= now:
                task.owner, task.held_until = owner, until
                return CollectionTask(task_id, task.symbol, task.interval, task.since, task.left_until, task.anew)
        return None

    def extend(self, task: CollectionTask, owner: str, until: dt.datetime) -> bool:
        return self._change(task, owner, held_until=until)

    def advance(self, task: CollectionTask, owner: str, left_until: dt.date, bars: int) -> bool:
        before = self._task(task).bars
        return self._change(
            task, owner, left_until=left_until, done=left_until < task.since, trouble="", bars=before + bars
        )

    def anew(self, task: CollectionTask, owner: str, since: dt.date, until: dt.date) -> CollectionTask | None:
        kept = self._change(task, owner, since=since, until=until, left_until=until, anew=True)
        return dataclasses.replace(task, since=since, until=until, anew=True) if kept else None

    def give_up(self, task: CollectionTask, owner: str, reason: str) -> None:
        self._change(task, owner, done=True, failed=reason)

    def postpone(self, task: CollectionTask, owner: str, until: dt.datetime, reason: str) -> None:
        self._change(task, owner, held_until=until, owner_after="", trouble=reason)

    def release(self, task: CollectionTask, owner: str) -> None:
        self._change(task, owner, held_until=FREE)

    def progress(self, plan_id: str) -> PlanProgress:
        if plan_id not in self._plans:
            raise NotFoundError(f"plan {plan_id!r} is unknown")
        tasks = list(self._plans[plan_id][2].values())
        return PlanProgress(
            symbols=len(tasks),
            symbols_done=sum(task.done for task in tasks),
            days=sum((task.until - task.since + DAY).days for task in tasks),
            days_left=sum(max(0, (task.left_until - task.since + DAY).days) for task in tasks if not task.done),
            bars=sum(task.bars for task in tasks),
            failed={task.symbol: task.failed for task in tasks if task.failed},
            postponed={task.symbol: task.trouble for task in tasks if task.trouble and not task.done},
        )

    def unfinished(self, source: str) -> list[str]:
        plans = sorted(self._plans.values(), key=lambda each: (each[0].interval is not Interval.DAY, each[1]))
        return [plan.plan_id for plan, _, _ in plans if plan.source == source and self._left(plan.plan_id)]

    def _left(self, plan_id: str) -> bool:
        return any(not task.done for task in self._plans[plan_id][2].values())

    def _task(self, task: CollectionTask) -> _Task:
        return self._plans[task.task_id.rpartition(":")[0]][2][task.task_id]

    def _change(self, task: CollectionTask, owner: str, owner_after: str | None = None, **values: Any) -> bool:
        kept = self._task(task)
        if kept.owner != owner or kept.done:
            return False
        for name, value in values.items():
            setattr(kept, name, value)
        if owner_after is not None:
            kept.owner = owner_after
        return True


WEDNESDAY = 2


class FakeMarket:
    """Implements `stock_ai.ports.MarketSource`: a bar on each Wednesday from a symbol's first date.

    What `faults` holds for a symbol is raised first, for "descriptions" by these. `factors` multiply the history of a
    symbol before today, and two providers differ on those of `disputed`. `asked` holds the symbol, first and last date
    of every history that was asked for.
    """

    name = "vnstock"

    def __init__(self, first: Mapping[str, dt.date], today: dt.date, trades_today: bool = True) -> None:
        self.first = dict(first)
        self.today = today
        self.trades_today = trades_today
        self.asked: list[tuple[str, dt.date, dt.date]] = []
        self.boards: list[tuple[str, ...]] = []
        self.faults: dict[str, list[Exception]] = {}
        self.disputed: set[str] = set()
        self.exchanges: dict[str, Exchange] = {}
        self.factors: dict[str, float] = {}
        self.names: dict[str, str] = {}
        self.descriptions_asked = 0

    def symbols(self) -> Sequence[str]:
        return sorted(self.first)

    def check(self, symbols: Sequence[str]) -> None:
        for symbol in symbols:
            if not symbol.isalnum():
                raise InvalidInputError(f"symbol {symbol!r}")

    def bars(self, symbol: str, since: dt.date | None, until: dt.date | None) -> Sequence[SourceBar]:
        start, end = since or dt.date(2000, 7, 28), until or self.today
        self.asked.append((symbol, start, end))
        if self.faults.get(symbol):
            raise self.faults[symbol].pop(0)
        if symbol not in self.first:
            raise NotFoundError(f"symbol {symbol!r} is not listed")
        start, end = max(start, self.first[symbol]), min(end, self.today)
        days = [start + DAY * number for number in range((end - start).days + 1)]
        traded = [day for day in days if day.weekday() == WEDNESDAY and (day < self.today or self.trades_today)]
        return [_bar(symbol, day, PriceBasis.ADJUSTED, self.factors.get(symbol, 1)) for day in traded]

    def intraday(self, symbol: str, interval: Interval, since: dt.date, until: dt.date) -> Sequence[SourceBar]:
        self.asked.append((symbol, since, until))
        return []

    def board(self, symbols: Sequence[str]) -> Sequence[SourceBar]:
        self.boards.append(tuple(symbols))
        return [_bar(symbol, self.today, PriceBasis.RAW) for symbol in symbols] if self.trades_today else []

    def listing(self, group: str) -> Sequence[str]:
        stocks = [symbol for symbol in self.symbols() if symbol != "VNINDEX"]
        if group in set(Exchange):
            return [symbol for symbol in stocks if self.exchanges.get(symbol, Exchange.HOSE) == group]
        return stocks

    def descriptions(self) -> Sequence[Listing]:
        self.descriptions_asked += 1
        if self.faults.get("descriptions"):
            raise self.faults["descriptions"].pop(0)
        return [
            Listing(
                symbol=symbol,
                name=name,
                exchange=self.exchanges.get(symbol, Exchange.HOSE),
                as_of=self.today,
                source=self.name,
            )
            for symbol, name in self.names.items()
        ]

    def opinions(self, symbol: str, since: dt.date, until: dt.date) -> Mapping[str, Sequence[SourceBar]]:
        bars = self.bars(symbol, since, until)
        return {"KBS": bars, "VCI": [bar._replace(volume=1_001) for bar in bars] if symbol in self.disputed else bars}


class MemoryQualityLog:
    """Implements `stock_ai.ports.QualityLog`."""

    def __init__(self) -> None:
        self.events: list[Readjustment] = []
        self.checks: dict[str, CrossCheck] = {}

    def log(self, events: Sequence[Readjustment]) -> None:
        self.events += events

    def record_crosscheck(self, check: CrossCheck) -> None:
        self.checks[check.symbol] = check


class MemoryListings:
    """Implements `stock_ai.ports.Listings`."""

    def __init__(self) -> None:
        self.known: dict[str, Exchange] = {}
        self.described: dict[str, Listing] = {}

    def record(self, exchange: Exchange, symbols: Sequence[str], on: dt.date) -> Sequence[Move]:
        moved = [symbol for symbol in symbols if self.known.get(symbol, exchange) is not exchange]
        moves = [Move(symbol, self.known[symbol], exchange) for symbol in moved]
        self.known |= dict.fromkeys(symbols, exchange)
        return moves

    def exchanges(self) -> dict[str, Exchange]:
        return dict(self.known)

    def describe(self, listings: Iterable[Listing]) -> int:
        changed = 0
        for listing in listings:
            before = self.described.get(listing.symbol)
            said = {name: value for name, value in dataclasses.asdict(listing).items() if value is not None}
            self.described[listing.symbol] = dataclasses.replace(before or listing, **said)
            changed += self.described[listing.symbol] != before
            if listing.exchange is not None:
                self.known.setdefault(listing.symbol, Exchange(listing.exchange))
        return changed

    def all(self) -> dict[str, Listing]:
        return {
            symbol: dataclasses.replace(listing, exchange=self.known.get(symbol))
            for symbol, listing in self.described.items()
        }

    def get(self, symbol: str) -> Listing | None:
        return self.all().get(symbol)


def _bar(symbol: str, day: dt.date, basis: PriceBasis, factor: float = 1) -> SourceBar:
    close = round((20_000 + day.toordinal() % 1_000) * factor)
    adjusted = None if basis is PriceBasis.RAW else close
    return SourceBar(symbol, day, close, close, close, close, adjusted, 1_000, False, basis)
