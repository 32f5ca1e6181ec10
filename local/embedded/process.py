"""A server that runs as our child on one machine: its lock, its start, its log and its end."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import functools
import os
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self, TextIO

from stock_ai.errors import InvalidInputError, RunAbortedError

HOST = "127.0.0.1"
READY_SECONDS = 30.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.02
LOG_TAIL_CHARACTERS = 800

_PR_SET_PDEATHSIG = 1
# Loaded here because nothing may be loaded between fork and exec.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(by: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel to send a signal to this process when the thread that forked it ends. On Linux only.

    By default SIGTERM and not SIGKILL, so that a server keeps its records. The signal follows the *thread*: start
    children from the main thread, or from another one that lives as long as they should.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, by)


class EmbeddedServer(ABC):
    """One server in its own process, reachable on 127.0.0.1 only; use it as a context manager or by `start` and `stop`.

    The folder holds `lock`, `<name>.log` and `data/`. Start it from the main thread (see `die_with_parent`).

    Args:
        folder: where it keeps its data; made when missing, used by one server at a time.
        port: 0 means any free one.
    """

    name: ClassVar[str]
    orphaned_by: ClassVar[signal.Signals] = signal.SIGTERM
    """What ends the server when this process is killed and nobody is left to wait for it."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = port
        self._any_port = port == 0
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: TextIO | None = None

    @abstractmethod
    def _command(self, data: Path) -> list[str]:
        """The command that serves `self.port` and keeps everything in `data`."""

    @abstractmethod
    def _ping(self) -> None:
        """Ask one real question over the server's own protocol; any exception means it is not ready yet."""

    @property
    @abstractmethod
    def address(self) -> str:
        """What a client connects to; known once started."""

    @property
    def pid(self) -> int:
        """The server's process id; `RunAbortedError` when it was not started."""
        if self._process is None:
            raise RunAbortedError(f"{self.name} was not started")
        return self._process.pid

    @property
    def log_path(self) -> Path:
        """Where the server's own output goes."""
        return self.folder / f"{self.name}.log"

    def is_alive(self) -> bool:
        """Whether the process runs now."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            InvalidInputError: the folder is in use or the given port is busy.
            RunAbortedError: the server ended at once or never answered; the message ends with its log.
        """
        if self.is_alive():
            return
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._choose_port()
            self._spawn()
            self._await_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """SIGTERM, wait, then SIGKILL; the folder is free afterwards. Safe to call twice."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.terminate()
                try:
                    self._process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
            self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _take_lock(self) -> None:
        """Lock the folder. The child inherits the lock, so an orphan that is still writing keeps the folder closed."""
        lock = (self.folder / "lock").open("a+")
        deadline = time.monotonic() + STOP_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip()
                # When the holder is dead, its server was told to end and is about to release the folder.
                if _runs(holder) or time.monotonic() > deadline:
                    lock.close()
                    raise InvalidInputError(
                        f"{self.folder} is in use by another Stock AI process (pid {holder or 'unknown'})"
                    ) from None
                time.sleep(POLL_SECONDS)  # flock has no timeout
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _choose_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, 0 if self._any_port else self.port))
            except OSError as error:
                raise InvalidInputError(
                    f"{self.name} port {self.port} cannot be used: {error.strerror}; free it or choose another"
                ) from None
            self.port = probe.getsockname()[1]

    def _spawn(self) -> None:
        if self._lock is None:
            raise RunAbortedError(f"{self.folder} is not locked")
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(self.folder / "data"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C in the terminal is for us; we stop the servers last
                pass_fds=(self._lock.fileno(),),
                preexec_fn=functools.partial(die_with_parent, self.orphaned_by),
            )

    def _await_ready(self) -> None:
        process = self._process
        if process is None:
            raise RunAbortedError(f"{self.name} was not started")
        deadline = time.monotonic() + READY_SECONDS
        failure: Exception | None = None
        while time.monotonic() < deadline:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(POLL_SECONDS)
                raise RunAbortedError(f"{self.name} ended with code {code} while starting: {self._log_tail()}")
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
                self._ping()
            except Exception as error:  # noqa: BLE001 - whatever the client raises, the answer is "not yet"
                failure = error
            else:
                return
        raise RunAbortedError(
            f"{self.name} did not answer within {READY_SECONDS:.0f} s ({failure}): {self._log_tail()}"
        )

    def _log_tail(self) -> str:
        return self.log_path.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:].strip()


def _runs(pid: str) -> bool:
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
