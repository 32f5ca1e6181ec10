"""Answers to GET that were given a moment ago, at hand: routing and reading them again would cost far more.

Only what says `Cache-Control: public` is kept, and for less time than it allows every proxy.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from typing import Final, NamedTuple

_MOST_BYTES: Final = 8_000_000
_MOST_ANSWERS: Final = 1_000
_LONGEST: Final = 262_144
"""Bytes of one body."""

Question = tuple[str, bytes, str | None]
"""Path with the stage, query and coding of the body."""
Headers = list[tuple[bytes, bytes]]


class Kept(NamedTuple):
    """An answer with status 200 and its headers, those of one request aside."""

    until: float
    headers: Headers
    body: bytes
    tag: str
    renewed: bool = False
    """Whether somebody who has asked is waiting for a newer one."""


class KeptReads:
    """At most 8 MB of answers, each for at most `seconds`, and for as long again while a newer one is being made.

    Then one who asks waits for the newer answer, and all others who ask the same are still given this one: without it
    they would all read the same from the stores at once.
    """

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._now = now
        self._kept: dict[Question, Kept] = {}
        self._bytes = 0

    def get(self, question: Question) -> Kept | None:
        """The answer to the same question, where it was given a moment ago; None to who has to make it anew."""
        kept = self._kept.get(question)
        if kept is None or (late := self._now() - kept.until) < 0:
            return kept
        if late < self._seconds and not kept.renewed:
            self._kept[question] = kept._replace(until=kept.until + self._seconds, renewed=True)
        return None

    def put(self, question: Question, headers: Headers, body: bytes, tag: str) -> None:
        """Keep an answer, unless it is long."""
        if len(body) > _LONGEST:
            return
        if self._bytes + len(body) > _MOST_BYTES or len(self._kept) >= _MOST_ANSWERS:
            self._kept.clear()
            self._bytes = 0
        before = self._kept.get(question)
        self._bytes += len(body) - (len(before.body) if before else 0)
        self._kept[question] = Kept(self._now() + self._seconds * _share(question), headers, body, tag)


def _share(question: Question) -> float:
    """From a half to the whole: answers that were made together do not all have to be made anew together."""
    return 1 - zlib.crc32(question[0].encode() + question[1]) / 2**33
