"""What a process builds once and keeps while it is warm."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")

_forget: list[Callable[[], None]] = []


def kept(build: Callable[[], _T]) -> Callable[[], _T]:
    """Let `build` run once per process, and once more after `forget_kept`; has `cache_clear`."""
    once = functools.cache(build)
    _forget.append(once.cache_clear)
    return once


def forget_kept() -> None:
    """Let everything that is kept be built anew at its next use."""
    for forget in _forget:
        forget()
