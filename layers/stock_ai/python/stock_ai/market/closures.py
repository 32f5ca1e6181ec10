"""Files of market closures: the packaged one, and an operator's own on top of it.

A file is a YAML mapping; every key may be left out:

    certain_from: 2015-01-01        # between these two dates every closure is named
    certain_until: 2026-12-31
    closures:                       # weekdays on which no exchange trades
      2026-01-01: New Year
    closures_by_exchange:           # weekdays on which one exchange alone does not trade
      HOSE:
        2018-01-23: trading system down
    extra_sessions:                 # weekends with trading, and weekdays that an earlier file calls closed
      2027-01-09: makes up for 2027-01-08
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING

from stock_ai.errors import InvalidInputError
from stock_ai.market.sessions import Exchange

if TYPE_CHECKING:
    from yaml import Node

PACKAGED = "closures.yaml"
SATURDAY = 5

_MAP, _NULL, _STR = (f"tag:yaml.org,2002:{kind}" for kind in ("map", "null", "str"))


@dataclass(frozen=True, slots=True)
class Closures:
    """What one or more files say. Every mapping is from a date to the reason for people."""

    certain_from: dt.date = dt.date.max
    """The first date from which every closure is named; after `certain_until` where nothing is certain."""
    certain_until: dt.date = dt.date.min
    everywhere: Mapping[dt.date, str] = field(default_factory=dict)
    by_exchange: Mapping[Exchange, Mapping[dt.date, str]] = field(default_factory=dict)
    extra_sessions: Mapping[dt.date, str] = field(default_factory=dict)

    def extended(self, later: Closures) -> Closures:
        """Both together. Where they disagree about a date, `later` is right."""
        opened, closed = later.extra_sessions.keys(), later.everywhere.keys()
        return Closures(
            certain_from=min(self.certain_from, later.certain_from),
            certain_until=max(self.certain_until, later.certain_until),
            everywhere={**_without(self.everywhere, opened), **later.everywhere},
            by_exchange={
                exchange: {
                    **_without(self.by_exchange.get(exchange, {}), opened),
                    **later.by_exchange.get(exchange, {}),
                }
                for exchange in self.by_exchange.keys() | later.by_exchange.keys()
            },
            extra_sessions={**_without(self.extra_sessions, closed), **later.extra_sessions},
        )


def _without(days: Mapping[dt.date, str], removed: Set[dt.date]) -> dict[dt.date, str]:
    return {day: reason for day, reason in days.items() if day not in removed}


def packaged_closures() -> Closures:
    """The closures that come with the library."""
    text = resources.files(__package__).joinpath(PACKAGED).read_text(encoding="utf-8")
    return read_closures(text, PACKAGED)


def read_closures(text: str, name: str) -> Closures:
    """Reads a closure file; `name` is what messages call it.

    Raises InvalidInputError, with name, line, key and value, for text that is not YAML of the form above: an unknown
    key or exchange, a key or date given twice, something that is not a date, a closure on a weekend, a reason that is
    missing.
    """
    import yaml  # Here, since importing the calendar costs nothing until somebody asks it.

    try:
        # Nodes and not values: they keep a key that is given twice, and the line to tell the operator.
        # Of libyaml where PyYAML was built with it: a sixth of the time.
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise InvalidInputError(f"{name} is not YAML: {' '.join(str(error).split())}") from error
    return _File(name).closures(root)


class _File:
    """The nodes of one file, turned into closures or into an error that names the place."""

    def __init__(self, name: str) -> None:
        self._name = name

    def closures(self, root: Node | None) -> Closures:
        """All that the file says."""
        certain: dict[str, dt.date] = {}
        everywhere: dict[dt.date, str] = {}
        by_exchange: dict[Exchange, dict[dt.date, str]] = {}
        extra: dict[dt.date, str] = {}
        for key, value in self._entries(root, "the file"):
            match key.value:
                case "certain_from" | "certain_until":
                    certain[key.value] = self._date(value, key.value)
                case "closures":
                    everywhere = self._closed(value, "closures")
                case "closures_by_exchange":
                    by_exchange = {
                        self._exchange(exchange): self._closed(days, f"closures_by_exchange.{exchange.value}")
                        for exchange, days in self._entries(value, "closures_by_exchange")
                    }
                case "extra_sessions":
                    extra = {day: reason for day, reason, _ in self._days(value, "extra_sessions")}
                case unknown:
                    raise self._error(key, f"unknown key {unknown!r}")
        for where, days in [
            ("extra_sessions", extra),
            *((f"closures_by_exchange.{x}", d) for x, d in by_exchange.items()),
        ]:
            if both := sorted(days.keys() & everywhere.keys()):
                raise InvalidInputError(f"{self._name}: {both[0]} is both in closures and in {where}")
        read = Closures(everywhere=everywhere, by_exchange=by_exchange, extra_sessions=extra, **certain)
        if len(certain) == 2 and read.certain_from > read.certain_until:
            raise InvalidInputError(f"{self._name}: certain_from {read.certain_from} is after certain_until")
        return read

    def _closed(self, node: Node, where: str) -> dict[dt.date, str]:
        closed = {}
        for day, reason, at in self._days(node, where):
            if day.weekday() >= SATURDAY:
                raise self._error(at, f"{where}: {day} is a {day:%A}, which is no session anyway")
            closed[day] = reason
        return closed

    def _days(self, node: Node, where: str) -> Iterator[tuple[dt.date, str, Node]]:
        for key, value in self._entries(node, where):
            day = self._date(key, where)
            if value.tag != _STR or not value.value.strip():
                raise self._error(value, f"{where}: {day} needs its reason as text")
            yield day, value.value, key

    def _date(self, node: Node, where: str) -> dt.date:
        try:
            day = dt.date.fromisoformat(node.value)
        except (TypeError, ValueError):
            day = None
        # fromisoformat also reads other forms of ISO 8601, such as week dates.
        if day is None or day.isoformat() != node.value:
            raise self._error(node, f"{where}: {node.value!r} is not a date like 2026-01-31")
        return day

    def _exchange(self, node: Node) -> Exchange:
        try:
            return Exchange(node.value)
        except ValueError:
            known = ", ".join(Exchange)
            raise self._error(node, f"closures_by_exchange: {node.value!r} is none of {known}") from None

    def _entries(self, node: Node | None, where: str) -> Iterator[tuple[Node, Node]]:
        if node is None or node.tag == _NULL:
            return
        if node.tag != _MAP:
            raise self._error(node, f"{where} must be a mapping")
        seen = set()
        for key, value in node.value:
            if not isinstance(key.value, str):
                raise self._error(key, f"{where}: a key must be a plain text or date")
            if key.value in seen:
                raise self._error(key, f"{where}: {key.value} is given twice")
            seen.add(key.value)
            yield key, value

    def _error(self, node: Node, message: str) -> InvalidInputError:
        return InvalidInputError(f"{self._name}, line {node.start_mark.line + 1}: {message}")
