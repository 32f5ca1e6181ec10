"""One maker of a text at a time, in whatever process, and what happens meanwhile told to everybody who waits for it.

A flight is the making of one text. Its events are in a stream; its lead, who makes the text, is a key that expires soon
unless the lead lives and renews it. A stream may hold several flights of the same text, one after the other: each lead
begins with an entry of its own, and one that takes over from a dead lead goes on with the same flight.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, cast

import redis

from stock_ai.errors import RetryableError, StockAIError, told
from stock_ai.models import keys
from stock_ai.models.llm import Explained
from stock_ai.observability import logger
from stock_ai.storage.redis_errors import translated

FLIGHT_SECONDS: Final = 600
"""How long the events of a flight are kept after its last one."""
_LEAD_SECONDS: Final = 10.0
_LONGEST_BLOCK: Final = 1.0
"""Seconds. Below the client's `socket_timeout`, and often enough to notice that the lead has vanished."""
_LENGTH: Final = 1_000
"""About how many entries a stream keeps when one flight after another fails."""

_BEGUN, _DONE, _FAILED = "begun", "done", "failed"
_ENDS = (_DONE, _FAILED)
# Entries are event, data, lead, in this order. All scripts touch one key: a cluster takes no other.
_BEGIN = f"""
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if last and last[2][2] == '{_DONE}' then return 0 end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', {_LENGTH}, '*', 'event', '{_BEGUN}', 'data', '{{}}', 'lead', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""
_EMIT = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not last or last[2][6] ~= ARGV[1] then return 0 end
redis.call('XADD', KEYS[1], '*', 'event', ARGV[3], 'data', ARGV[4], 'lead', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


class LeadGoneError(RetryableError):
    """Nobody makes the text any more, and it has neither been made nor failed: whoever wants it may take over."""


class FlightEvent(NamedTuple):
    """Something that happened in a flight: `phase`, `sentence`, and last of all `done` or `failed`."""

    id: str
    """To go on after it."""
    event: str
    data: dict[str, Any]


class _Entry(NamedTuple):
    id: str
    event: str
    data: str
    lead: str


class Lead:
    """The right to make a text, held from `__enter__` to `__exit__` by renewing it in a thread.

    Its calls raise `LeadGoneError` when somebody else has taken over, `RetryableError` when Redis is away.
    """

    def __init__(self, client: redis.Redis, text_id: str, token: str, lead_seconds: float) -> None:
        self._redis = client
        self._text_id = text_id
        self._token = token
        self._lead_seconds = lead_seconds
        self._over = threading.Event()
        self._renewing = threading.Thread(target=self._renew, name="lead", daemon=True)

    def __enter__(self) -> Self:
        self._renewing.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._renewing.join()
        try:
            self._redis.eval(_RELEASE, 1, keys.llm_lead(self._text_id), self._token)
        except redis.RedisError as failure:
            logger.warning("lead not released, it expires", extra={"error": type(failure).__name__})

    def emit(self, event: str, data: Mapping[str, object]) -> None:
        """Tell everybody who waits."""
        self._add(event, json.dumps(data, ensure_ascii=False))

    def done(self, explained: Explained) -> None:
        """End the flight with its outcome, which is given to late comers for ten minutes."""
        self._add(_DONE, explained.model_dump_json())

    def failed(self, error: StockAIError) -> None:
        """End the flight for those who wait; the next question leads a new one."""
        told = {"kind": type(error).__name__, "message": str(error), "retry_after": getattr(error, "retry_after", None)}
        self._add(_FAILED, json.dumps(told, ensure_ascii=False))

    def _add(self, event: str, data: str) -> None:
        arguments = (self._token, FLIGHT_SECONDS, event, data)
        with translated():
            held = self._redis.eval(_EMIT, 1, keys.llm_flight(self._text_id), *arguments)
        if not held:
            raise LeadGoneError(f"the text {self._text_id} is made by somebody else now")

    def _renew(self) -> None:
        arguments = (self._token, round(self._lead_seconds * 1000))
        while not self._over.wait(self._lead_seconds / 3):
            try:
                self._redis.eval(_RENEW, 1, keys.llm_lead(self._text_id), *arguments)
            except redis.RedisError as error:
                logger.warning("lead not renewed", extra={"error": type(error).__name__})


class RedisFlights:
    """Flights by the id of their text. Every call raises `RetryableError` when Redis is away."""

    def __init__(self, client: redis.Redis, lead_seconds: float = _LEAD_SECONDS) -> None:
        self._redis = client
        self._lead_seconds = lead_seconds

    def lead(self, text_id: str) -> Lead | None:
        """The right to make the text, to be used by `with`; None when there is a flight to follow.

        That is one that somebody else leads, or one that is `done` and still known.
        """
        token = uuid.uuid4().hex
        with translated():
            expires = round(self._lead_seconds * 1000)
            if not self._redis.set(keys.llm_lead(text_id), token, nx=True, px=expires):
                return None
            if self._redis.eval(_BEGIN, 1, keys.llm_flight(text_id), token, FLIGHT_SECONDS):
                return Lead(self._redis, text_id, token, self._lead_seconds)
            self._redis.eval(_RELEASE, 1, keys.llm_lead(text_id), token)
        return None

    def running(self, text_id: str) -> bool:
        """Whether somebody makes the text at present."""
        with translated():
            return bool(self._redis.exists(keys.llm_lead(text_id)))

    def follow(self, text_id: str, timeout_seconds: float, after: str | None = None) -> Iterator[FlightEvent]:
        """The events of the newest flight from its start, or those after the one with the id `after`.

        Ends after `done` or `failed`, or without them when `timeout_seconds` have passed; with 0 seconds it gives what
        has happened so far.

        Raises:
            LeadGoneError: the flight has no end and nobody leads it, or there is none.
        """
        deadline = time.monotonic() + timeout_seconds
        last = self._start(text_id) if after is None else after
        while True:
            patience = min(deadline - time.monotonic(), _LONGEST_BLOCK)
            entries = self._read(text_id, last, patience)
            if not entries and not self.running(text_id):
                # What was written last before the lead went.
                entries = self._read(text_id, last, 0)
                if not entries:
                    raise LeadGoneError(f"nobody makes the text {text_id}")
            for entry in entries:
                last = entry.id
                if entry.event != _BEGUN:
                    yield FlightEvent(entry.id, entry.event, json.loads(entry.data))
                if entry.event in _ENDS:
                    return
            if not entries and time.monotonic() >= deadline:
                return

    def _start(self, text_id: str) -> str:
        """The id after which the newest flight begins."""
        with translated(), self._redis.pipeline(transaction=False) as pipeline:
            pipeline.get(keys.llm_lead(text_id))
            pipeline.xrange(keys.llm_flight(text_id))
            lead, found = cast("tuple[bytes | None, list[Any]]", tuple(pipeline.execute()))
        entries = _entries(found)
        if not entries:
            return "0"
        if lead is not None and lead.decode() != entries[-1].lead and entries[-1].event == _FAILED:
            return entries[-1].id  # The lead is about to begin a new flight.
        ends = [entry.id for entry in entries[:-1] if entry.event in _ENDS]
        return ends[-1] if ends else "0"

    def _read(self, text_id: str, last: str, seconds: float) -> list[_Entry]:
        name = keys.llm_flight(text_id)
        with translated():
            # To Redis a BLOCK of 0 is for ever.
            block = round(seconds * 1000)
            found = self._redis.xread({name: last}, block=block if block > 0 else None)
        # By name under RESP3, pairs of name and entries under RESP2.
        streams = dict(cast("Any", found or ()))
        return [entry for entries in streams.values() for entry in _entries(entries)]


def told_error(data: Mapping[str, Any]) -> StockAIError:
    """The error that a `failed` event tells of."""
    return told(data["kind"], data["message"], data["retry_after"])


def _entries(found: Any) -> list[_Entry]:
    return [
        _Entry(identity.decode(), *(fields[name].decode() for name in (b"event", b"data", b"lead")))
        for identity, fields in found
    ]
