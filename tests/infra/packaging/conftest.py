"""Python 3.13 and the machine's own architecture, as Lambda would have them."""

from __future__ import annotations

import pytest

from infra.packaging import python313
from tests.infra.packaging.unpacking import machine_architecture


@pytest.fixture(scope="session")
def arch() -> str:
    """The architecture of this machine, as Lambda names it."""
    return machine_architecture()


@pytest.fixture(scope="session")
def interpreter():
    """A Python 3.13; a test that needs one is skipped where there is none."""
    found = python313.find()
    if found is None:
        pytest.skip(python313.HOW_TO_GET)
    return found


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    """Sends archives to a new folder each time it is called, so that they are built again."""
    from infra.packaging import archives, layers

    count = 0

    def renew():
        nonlocal count
        count += 1
        monkeypatch.setattr(archives, "CACHE", tmp_path / f"packages-{count}")
        layers.layer_archive.cache_clear()

    yield renew
    layers.layer_archive.cache_clear()
