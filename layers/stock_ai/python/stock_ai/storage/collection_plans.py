"""Plans of collection and their progress, in MongoDB."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from pymongo import ASCENDING, InsertOne
from pymongo.database import Database

from stock_ai.errors import NotFoundError
from stock_ai.models.base import Interval
from stock_ai.ports.collection import CollectionPlan, CollectionTask, PlanProgress
from stock_ai.storage.mongo import Document, translated

PLANS, TASKS = "collection_plans", "collection_tasks"

_FREE = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY = dt.timedelta(days=1)
_CANDIDATES = 16
"""More than one, since another collector may be quicker."""


class MongoCollectionPlans:
    """Implements `stock_ai.ports.CollectionPlans`: one document for a plan and one for each of its symbols.

    A date is kept as ISO text, a hold as the instant at which it ends and its owner. Whoever holds a task is asked for
    with every write, so one that lost it cannot set it back.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._plans = database[PLANS]
        self._tasks = database[TASKS]

    def begin(self, plan: CollectionPlan, now: dt.datetime) -> None:
        """See `CollectionPlans.begin`. Tasks are made before the plan: one that exists has all of them."""
        with translated():
            if self._plans.find_one({"_id": plan.plan_id}) is not None and self._has_tasks_left(plan.plan_id):
                return
            self._plans.delete_one({"_id": plan.plan_id})
            self._tasks.create_index([("plan", ASCENDING), ("done", ASCENDING)])
            self._tasks.delete_many({"plan": plan.plan_id})
            if plan.since:
                self._tasks.bulk_write([InsertOne(_task(plan, *each)) for each in plan.since.items()], ordered=False)
            self._plans.insert_one(
                {"_id": plan.plan_id, "source": plan.source, "interval": str(plan.interval), "begun_at": now}
            )

    def claim(self, plan_id: str, owner: str, now: dt.datetime, until: dt.datetime) -> CollectionTask | None:
        """See `CollectionPlans.claim`."""
        with translated():
            free = {"plan": plan_id, "done": False, "held_until": {"$lte": now}}
            for found in self._tasks.find(free).sort("_id", ASCENDING).limit(_CANDIDATES):
                taken = self._tasks.update_one(
                    {"_id": found["_id"], "done": False, "held_until": found["held_until"]},
                    {"$set": {"owner": owner, "held_until": until}},
                )
                if taken.matched_count:
                    return CollectionTask(
                        found["_id"],
                        found["symbol"],
                        Interval(found["interval"]),
                        dt.date.fromisoformat(found["since"]),
                        dt.date.fromisoformat(found["left_until"]),
                        anew=found.get("anew", False),
                    )
        return None

    def extend(self, task: CollectionTask, owner: str, until: dt.datetime) -> bool:
        """See `CollectionPlans.extend`."""
        return self._change(task, owner, {"$set": {"held_until": until}})

    def advance(self, task: CollectionTask, owner: str, left_until: dt.date, bars: int) -> bool:
        """See `CollectionPlans.advance`."""
        progress = {"left_until": left_until.isoformat(), "done": left_until < task.since, "trouble": ""}
        return self._change(task, owner, {"$set": progress, "$inc": {"bars": bars}})

    def anew(self, task: CollectionTask, owner: str, since: dt.date, until: dt.date) -> CollectionTask | None:
        """See `CollectionPlans.anew`."""
        span = {"since": since.isoformat(), "until": until.isoformat(), "left_until": until.isoformat()}
        kept = self._change(task, owner, {"$set": span | {"anew": True}})
        return dataclasses.replace(task, since=since, until=until, anew=True) if kept else None

    def give_up(self, task: CollectionTask, owner: str, reason: str) -> None:
        """See `CollectionPlans.give_up`."""
        self._change(task, owner, {"$set": {"done": True, "failed": reason}})

    def postpone(self, task: CollectionTask, owner: str, until: dt.datetime, reason: str) -> None:
        """See `CollectionPlans.postpone`."""
        # Without an owner, so that whoever held it and is late changes nothing.
        self._change(task, owner, {"$set": {"held_until": until, "owner": "", "trouble": reason}})

    def release(self, task: CollectionTask, owner: str) -> None:
        """See `CollectionPlans.release`."""
        self._change(task, owner, {"$set": {"held_until": _FREE}})

    def progress(self, plan_id: str) -> PlanProgress:
        """See `CollectionPlans.progress`."""
        with translated():
            tasks = list(self._tasks.find({"plan": plan_id}))
            if not tasks and self._plans.find_one({"_id": plan_id}) is None:
                raise NotFoundError(f"plan {plan_id!r} is unknown")
        return PlanProgress(
            symbols=len(tasks),
            symbols_done=sum(task["done"] for task in tasks),
            days=sum(_days(task["since"], task["until"]) for task in tasks),
            days_left=sum(_days(task["since"], task["left_until"]) for task in tasks if not task["done"]),
            bars=sum(task["bars"] for task in tasks),
            failed={task["symbol"]: task["failed"] for task in tasks if task["failed"]},
            postponed={task["symbol"]: task["trouble"] for task in tasks if task["trouble"] and not task["done"]},
        )

    def unfinished(self, source: str) -> list[str]:
        """See `CollectionPlans.unfinished`."""
        with translated():
            plans = sorted(self._plans.find({"source": source}), key=_urgency)
            return [str(plan["_id"]) for plan in plans if self._has_tasks_left(plan["_id"])]

    def _change(self, task: CollectionTask, owner: str, change: dict[str, Any]) -> bool:
        with translated():
            return bool(
                self._tasks.update_one({"_id": task.task_id, "owner": owner, "done": False}, change).matched_count
            )

    def _has_tasks_left(self, plan_id: str) -> bool:
        return self._tasks.find_one({"plan": plan_id, "done": False}) is not None


def _task(plan: CollectionPlan, symbol: str, since: dt.date) -> Document:
    return {
        "_id": f"{plan.plan_id}:{symbol}",
        "plan": plan.plan_id,
        "symbol": symbol,
        "interval": str(plan.interval),
        "since": since.isoformat(),
        "until": plan.until.isoformat(),
        "left_until": plan.until.isoformat(),
        "held_until": _FREE,
        "owner": "",
        "done": False,
        "failed": "",
        "trouble": "",
        "bars": 0,
        "anew": False,
    }


def _urgency(plan: Document) -> tuple[bool, dt.datetime]:
    return plan.get("interval", Interval.DAY) != Interval.DAY, plan["begun_at"]


def _days(first: str, last: str) -> int:
    return max(0, (dt.date.fromisoformat(last) - dt.date.fromisoformat(first) + _DAY).days)
