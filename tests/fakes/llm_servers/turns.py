"""What a stub server is told to answer, and what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

DRAFT: dict[str, Any] = {
    "summary": [
        {"text": "FPT closed at 99,000 VND, up 1.2 % on the day.", "facts": ["close", "return_1"]},
        {"text": "Đà tăng còn nguyên.", "facts": ["signal"]},
    ],
    "drivers": [{"text": "It is 3.4 % above its 20-session average.", "facts": ["versus_sma_20"]}],
    "risks": [{"text": "RSI stands at 74.2.", "facts": ["rsi_14"]}],
    "levels": [{"kind": "support", "fact": "level.low_20"}],
    "stance": "bullish",
    "stance_confidence": "medium",
    "horizon": "weeks",
}
"""A whole answer in the form of `functions.llm_analysis.draft.Draft`."""


class Ending(StrEnum):
    """How a stream ends."""

    DONE = "done"
    TRUNCATED = "truncated"
    """In the middle, since it may not be longer."""
    REFUSED = "refused"
    FLAGGED = "flagged"
    """Stopped by the provider's filter of content."""
    ERROR = "error"
    """In the middle, with the error event `name`."""
    FAILED = "failed"
    """As ERROR; with OpenAI as a failed response, which tells its usage."""
    CUT = "cut"
    """In the middle, by a lost connection."""
    EARLY = "early"
    """In the middle, by an orderly close without the last events."""
    PINGS = "pings"
    """In the middle it goes on with nothing but pings until `Turn.gate` is set, and then to its end."""


@dataclass(frozen=True)
class Tokens:
    """What the provider says it has counted; `fresh` is the input outside its cache."""

    fresh: int = 1200
    cache_read: int = 0
    cache_write: int = 0
    output: int = 340


@dataclass(frozen=True)
class Turn:
    """One answer. With a `status` from 400 it is an error, with `name` as its type or code."""

    text: str = field(default_factory=lambda: json.dumps(DRAFT, ensure_ascii=False))
    ending: Ending = Ending.DONE
    status: int = 200
    name: str | None = None
    message: str = "no"
    headers: Mapping[str, str] = field(default_factory=dict)
    tokens: Tokens = Tokens()
    pieces: int = 9
    """In how many deltas the text comes."""
    gate: threading.Event | None = None
    """Not a byte is sent before it is set, or, with PINGS, no end."""

    def deltas(self) -> list[str]:
        """The text in pieces; the first half of them where the stream ends in the middle."""
        size = max(1, -(-len(self.text) // self.pieces))
        cut = [self.text[at : at + size] for at in range(0, len(self.text), size)]
        whole = self.ending in (Ending.DONE, Ending.PINGS)
        return cut if whole else cut[: max(1, len(cut) // 2)]


@dataclass(frozen=True)
class Asked:
    """One request as it came in; header names in lower case."""

    provider: str
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    refused: str | None
    """Why the API would refuse it."""


class RefusedRequestError(Exception):
    """The real API answers 400, or 401, and says this."""

    def __init__(self, message: str, status: int = 400, name: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.status = status
        self.name = name


def known(body: Mapping[str, Any], fields: frozenset[str], required: tuple[str, ...], where: str = "") -> None:
    """Refuse unknown and missing fields of `body`."""
    for name in required:
        if name not in body:
            raise RefusedRequestError(f"{where}{name}: Field required")
    if extra := sorted(set(body) - fields):
        raise RefusedRequestError(f"{where}{extra[0]}: Extra inputs are not permitted")


def demand(holds: object, message: str) -> None:
    """Refuse the request with `message` unless it `holds`."""
    if not holds:
        raise RefusedRequestError(message)
