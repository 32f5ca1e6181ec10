"""A client of an application in this process."""

from __future__ import annotations

import contextlib
import functools
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from fastapi.testclient import TestClient

_RUNNING = contextlib.ExitStack()


@functools.cache
def _portal() -> BlockingPortal:
    return _RUNNING.enter_context(start_blocking_portal())


class Client(TestClient):
    """A `TestClient` whose requests share one event loop: to start one for each takes longer than to answer it."""

    def __init__(self, app: FastAPI, **options: Any) -> None:
        super().__init__(app, **options)
        self.portal = _portal()
