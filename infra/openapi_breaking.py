"""Which changes of an OpenAPI document would break a client of the document before.

What a client sends must still be understood, so requests may not become narrower; what it reads must still be there,
so answers may not become poorer or of another type. Everything else passes: new paths, operations, optional parameters,
answered fields, and values of an answered enumeration, for which docs/api.md tells clients to be ready. An operation
may go when the document before had it deprecated and the day of its sunset is over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
_VERBS = ("get", "head", "post", "put", "patch", "delete", "options")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


_OF_DEPRECATED = frozenset({"Deprecation", "Sunset", "Link"})
"""Headers that may go: what was deprecated then is so no more."""


def breaking_changes(before: Json, now: Json, today: dt.date) -> list[str]:
    """Each change from `before` to `now` that breaks a client of `today`, in words; empty when none does."""
    return list(_Comparison(before, now, today).changes())


class _Comparison:
    """One document compared with one before it."""

    def __init__(self, before: Json, now: Json, today: dt.date) -> None:
        self._before = before
        self._now = now
        self._today = today
        self._compared: set[tuple[int, int, bool]] = set()

    def changes(self) -> Iterator[str]:
        """Every breaking change, path by path."""
        for path, verbs in self._before["paths"].items():
            still = self._now["paths"].get(path, {})
            for verb in _VERBS:
                if verb in verbs:
                    yield from self._operation(f"{verb.upper()} {path}", verbs[verb], still.get(verb))

    def _operation(self, where: str, old: Json, new: Json | None) -> Iterator[str]:
        if new is None:
            if not old.get("deprecated"):
                yield f"{where}: removed, and it was not deprecated"
            elif (sunset := _sunset(old)) is None or sunset >= self._today:
                yield f"{where}: removed, and its sunset is {sunset or 'not told'}"
            return
        if old.get("operationId") != new.get("operationId"):
            yield f"{where}: operationId changed from {old.get('operationId')} to {new.get('operationId')}"
        yield from self._parameters(where, _parameters(old), _parameters(new))
        yield from self._body(where, old.get("requestBody"), new.get("requestBody"))
        for status, response in old["responses"].items():
            if status not in new["responses"]:
                yield f"{where}: response {status} removed"
            else:
                answered = _resolved(self._now, new["responses"][status])
                yield from self._response(f"{where} {status}", _resolved(self._before, response), answered)

    def _parameters(self, where: str, old: dict[str, Json], new: dict[str, Json]) -> Iterator[str]:
        for name, parameter in new.items():
            if parameter.get("required") and not old.get(name, {}).get("required"):
                yield f"{where}: {name} is required now"
        for name, parameter in old.items():
            if name not in new:
                yield f"{where}: {name} removed"  # A query that names it is refused from then on.
            else:
                yield from self._request(f"{where}: {name}", parameter["schema"], new[name]["schema"])

    def _body(self, where: str, old: Json | None, new: Json | None) -> Iterator[str]:
        old, new = old or {}, new or {}
        if new.get("required") and not old.get("required"):
            yield f"{where}: a body is required now"
        contents = new.get("content", {})
        for media_type, content in old.get("content", {}).items():
            if media_type not in contents:
                yield f"{where}: body of {media_type} removed"
            else:
                yield from self._request(f"{where}: body", content["schema"], contents[media_type]["schema"])

    def _response(self, where: str, old: Json, new: Json) -> Iterator[str]:
        for name in old.get("headers", {}):
            if name not in new.get("headers", {}) and name not in _OF_DEPRECATED:
                yield f"{where}: header {name} removed"
        for media_type, content in old.get("content", {}).items():
            if media_type not in new.get("content", {}):
                yield f"{where}: {media_type} removed"
            elif "schema" in content:
                yield from self._answer(where, content["schema"], new["content"][media_type]["schema"])

    def _request(self, where: str, old: Json, new: Json) -> Iterator[str]:
        """Changes after which something that was accepted is refused."""
        if self._is_compared(old, new, asked=True):
            return
        if old.get("default") != new.get("default"):
            yield f"{where}: default changed from {old.get('default')} to {new.get('default')}"
        choices = _by_type(self._before, old)
        offered = _by_type(self._now, new)
        for kind, (was, is_now) in _paired(choices, offered):
            if is_now is None:
                yield f"{where}: {kind} is refused now"
                continue
            yield from _narrower(where, was, is_now)
            for name in set(is_now.get("required", ())) - set(was.get("required", ())):
                yield f"{where}.{name} is required now"
            yield from self._members(where, was, is_now, self._request)

    def _answer(self, where: str, old: Json, new: Json) -> Iterator[str]:
        """Changes after which something that a client reads is missing or of another type."""
        if self._is_compared(old, new, asked=False):
            return
        expected = _by_type(self._before, old)
        answered = _by_type(self._now, new)
        for kind, (is_now, was) in _paired(answered, expected):
            if was is None:
                yield f"{where}: may be {kind} now"
                continue
            gone = _values(was) - _values(is_now) if _values(is_now) else set()
            if gone:
                yield f"{where}: {', '.join(sorted(gone))} removed"
            for name in was.get("required", ()):
                if name in is_now.get("properties", {}) and name not in is_now.get("required", ()):
                    yield f"{where}.{name} may be missing now"
            yield from self._members(where, was, is_now, self._answer)

    def _members(self, where: str, old: Json, new: Json, compare: Any) -> Iterator[str]:
        for name, schema in old.get("properties", {}).items():
            if name not in new.get("properties", {}):
                yield f"{where}.{name} removed"
            else:
                yield from compare(f"{where}.{name}", schema, new["properties"][name])
        for key, shown in (("items", "[]"), ("additionalProperties", ".*")):
            if isinstance(old.get(key), dict) and isinstance(new.get(key), dict):
                yield from compare(f"{where}{shown}", old[key], new[key])

    def _is_compared(self, old: Json, new: Json, *, asked: bool) -> bool:
        """Whether this pair has been compared: a schema is told of once, and may contain itself."""
        pair = (id(_resolved(self._before, old)), id(_resolved(self._now, new)), asked)
        if pair in self._compared:
            return True
        self._compared.add(pair)
        return False


def _sunset(operation: Json) -> dt.date | None:
    """The day of its sunset in UTC, as `api.openapi` tells it."""
    told = operation.get("x-sunset")
    return None if told is None else dt.datetime.fromisoformat(told).astimezone(dt.UTC).date()


def _parameters(operation: Json) -> dict[str, Json]:
    return {f"{one['in']} parameter {one['name']}": one for one in operation.get("parameters", [])}


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _alternatives(document: Json, schema: Json) -> Iterator[Json]:
    schema = _resolved(document, schema)
    options = schema.get("anyOf", schema.get("oneOf"))
    if options is not None:
        for option in options:
            yield from _alternatives(document, option)
    elif isinstance(schema.get("type"), list):
        for kind in schema["type"]:
            yield schema | {"type": kind}
    else:
        yield schema


def _by_type(document: Json, schema: Json) -> dict[str, list[Json]]:
    """The alternatives of `schema` by their type; a schema without one may be anything."""
    found: dict[str, list[Json]] = {}
    for one in _alternatives(document, schema):
        found.setdefault(_kind(one), []).append(one)
    return found


def _kind(schema: Json) -> str:
    if "type" in schema:
        return str(schema["type"])
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    kinds = {"string" if isinstance(value, str) else "null" if value is None else "number" for value in values}
    return kinds.pop() if len(kinds) == 1 else "anything"


def _paired(
    these: dict[str, list[Json]], those: dict[str, list[Json]]
) -> Iterator[tuple[str, tuple[Json, Json | None]]]:
    """Each of `these` with the one of `those` that has its type, and its title where several have."""
    for kind, schemas in these.items():
        partners = those.get(kind) or (those.get("number") if kind == "integer" else None) or those.get("anything", [])
        for schema in schemas:
            same = [one for one in partners if one.get("title") == schema.get("title")]
            found = same or partners
            yield kind, (schema, found[0] if found else None)


def _values(schema: Json) -> set[str]:
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return {repr(value) for value in values}


def _narrower(where: str, was: Json, is_now: Json) -> Iterator[str]:
    if allowed := _values(is_now):
        gone = _values(was) - allowed
        if gone or not _values(was):
            yield f"{where}: {', '.join(sorted(gone)) or 'any other value'} is refused now"
    for key in (*_LOWER, *_UPPER):
        bound, before = is_now.get(key), was.get(key)
        if bound is not None and (before is None or (bound > before if key in _LOWER else bound < before)):
            yield f"{where}: {key} is {bound} now"
    for key in ("pattern", "format"):
        if key in is_now and is_now[key] != was.get(key):
            yield f"{where}: {key} is {is_now[key]} now"
