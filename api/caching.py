"""Answers that a client or a proxy can keep: a strong ETag from the content, and for how long nothing newer comes.

Rules: RFC 9110, sections 8.8.3 (ETag) and 13.1.2 (If-None-Match, weak comparison); RFC 5861 (stale-while-revalidate).
That what is known is not sent again is the work of `api.answering`, for every answer with a tag.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from fastapi import Request, Response
from pydantic import BaseModel

from api.services import Services
from stock_ai.market.calendar import EXCHANGE_ZONE, MARKET_CLOSE, MARKET_OPEN

if TYPE_CHECKING:
    from api.schemas import Freshness

_LONGEST_SECONDS: Final = 3_600
"""Also while the exchange is closed an analysis may be made anew or a price be corrected."""
_STALE_FACTOR: Final = 4
_DAY: Final = dt.timedelta(days=1)
_SATURDAY: Final = 5


def entity_tag(body: bytes) -> str:
    """The quoted strong entity tag of a body: equal for equal bytes, in every process."""
    return f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def is_known(if_none_match: str | None, tag: str) -> bool:
    """Whether the value of an If-None-Match header covers `tag`, weak or not."""
    if if_none_match is None:
        return False
    candidates = {candidate.strip().removeprefix("W/") for candidate in if_none_match.split(",")}
    return "*" in candidates or tag.removeprefix("W/") in candidates


def seconds_until_open(now: dt.datetime) -> int | None:
    """Seconds until the next weekday's session opens; None from 9:00 to 15:00 of a weekday, when prices change.

    A holiday counts as a weekday: answers are then kept for a shorter time than they could be, and the calendar, which
    takes 20 ms to load, is not needed.
    """
    local = now.astimezone(EXCHANGE_ZONE)
    day, time = local.date(), local.time()
    if day.weekday() < _SATURDAY and MARKET_OPEN <= time < MARKET_CLOSE:
        return None
    if time >= MARKET_OPEN or day.weekday() >= _SATURDAY:
        day += _DAY
        while day.weekday() >= _SATURDAY:
            day += _DAY
    return int((dt.datetime.combine(day, MARKET_OPEN, EXCHANGE_ZONE) - local).total_seconds())


def lifetime(now: dt.datetime, max_age: int, freshness: Freshness | None) -> str:
    """The Cache-Control of an answer that may be used again for `max_age` seconds while data come in.

    What tells of the last session that has closed, and not of a running one, stays true until the next one opens: it
    may be used again for an hour, and after that at once while it is asked for anew.
    """
    if max_age <= 0:
        return "no-cache"
    left = seconds_until_open(now)
    settled = freshness and freshness.sessions_behind == 0 and not freshness.provisional and not freshness.degraded
    if left is None or not settled or left <= max_age:
        return f"public, max-age={max_age}, stale-while-revalidate={_STALE_FACTOR * max_age}"
    age = min(left, _LONGEST_SECONDS)
    return f"public, max-age={age}, stale-while-revalidate={left - age}"


def answer(request: Request, content: BaseModel, max_age: int, headers: Mapping[str, str] | None = None) -> Response:
    """`content` as JSON with its tag and lifetime; `headers` are added.

    The model is serialised once and not validated again, which `response_model` would do.
    """
    services: Services = request.app.state.services
    body = content.model_dump_json().encode()
    told = {
        "ETag": entity_tag(body),
        "Cache-Control": lifetime(services.clock(), max_age, getattr(content, "freshness", None)),
    }
    return Response(body, media_type="application/json", headers=told | dict(headers or {}))
