"""Fixtures around the stub: `pytest_plugins = ["tests.fakes.vnstock_stub.plugin"]`, or import the ones you need."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from tests.fakes.vnstock_stub.market import small_market
from tests.fakes.vnstock_stub.server import VnstockStub

LAST_SESSION = dt.date(2025, 6, 13)
"""A Friday; the market of `vnstock_stub` ends with it."""


@pytest.fixture
def vnstock_stub() -> Iterator[VnstockStub]:
    """A healthy stub with the small market. A child process joins by `env={**os.environ, **stub.environment()}`."""
    with VnstockStub(small_market(LAST_SESSION)) as stub:
        yield stub
