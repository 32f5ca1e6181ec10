"""The folder that holds everything a local run keeps: ./.stock-ai, or where STOCK_AI_HOME says."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from stock_ai.errors import InvalidInputError, NotFoundError


class World(StrEnum):
    """Which market the data is of. Each has its own servers' folders and models, so the two can never mix."""

    MARKET = "market"
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the servers of a run are. `api` is None in a run without HTTP."""

    kafka: str
    mongodb: str
    redis: str
    api: str | None = None


class Home:
    """Paths, the lock of a run, and what other commands need to find it."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    @classmethod
    def from_environment(cls) -> Home:
        """STOCK_AI_HOME, else .stock-ai in the working directory."""
        return cls(Path(os.environ.get("STOCK_AI_HOME") or ".stock-ai"))

    def data(self, world: World, name: str) -> Path:
        """The folder called `name` in a world, made when missing."""
        folder = self.path / world / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hold this home for one run.

        Raises:
            InvalidInputError: another run holds it.
        """
        self._make()
        with self._lock_path.open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise InvalidInputError(
                    f"Stock AI is already running in {self.path} (pid {lock.read().strip() or 'unknown'}); "
                    "stop it, or set STOCK_AI_HOME to another folder"
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            try:
                yield
            finally:
                self._endpoints_path.unlink(missing_ok=True)
                lock.truncate(0)

    def is_running(self) -> bool:
        """Whether a run holds this home now."""
        if not self._lock_path.exists():
            return False
        with self._lock_path.open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def write_endpoints(self, endpoints: Endpoints) -> None:
        """Tell other processes where the servers of this run are."""
        _write(
            self._endpoints_path,
            {
                "api": endpoints.api,
                "kafka": endpoints.kafka,
                "mongodb": endpoints.mongodb,
                "redis": endpoints.redis,
            },
        )

    def read_endpoints(self) -> Endpoints:
        """Where the servers of the running `up` are.

        Raises:
            NotFoundError: they are not up yet.
        """
        try:
            return Endpoints(**json.loads(self._endpoints_path.read_text()))
        except FileNotFoundError:
            raise NotFoundError(f"Stock AI is starting in {self.path}; try again in a moment") from None

    def remember(self, world: World, source: str) -> None:
        """Keep which world and source the last run had."""
        _write(self._state_path, {"world": world, "source": source})

    def last(self) -> tuple[World, str]:
        """World and source of the last run.

        Raises:
            NotFoundError: there has been none.
        """
        try:
            state = json.loads(self._state_path.read_text())
        except FileNotFoundError:
            raise NotFoundError(f"nothing in {self.path} yet: run `stock-ai up` first") from None
        return World(state["world"]), str(state["source"])

    def _make(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInputError(f"STOCK_AI_HOME: cannot make {self.path}: {error.strerror}") from None

    @property
    def _lock_path(self) -> Path:
        return self.path / "up.lock"

    @property
    def _endpoints_path(self) -> Path:
        return self.path / "endpoints.json"

    @property
    def _state_path(self) -> Path:
        return self.path / "state.json"


def _write(path: Path, content: dict[str, Any]) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.replace(path)
