"""The API of a run as a child process on a port that is taken before the child has imported anything."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.embedded.process import die_with_parent
from stock_ai.errors import InvalidInputError, RunAbortedError

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
_STOP_SECONDS = 2.0


class ApiProcess:
    """Requests made before the child is ready wait for it."""

    def __init__(self, port: int | None) -> None:
        """Take `port` (None: the default, 0: any free one).

        Raises:
            InvalidInputError: the port is busy or is none.
        """
        port = DEFAULT_PORT if port is None else port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((HOST, port))
        except (OSError, OverflowError) as error:
            self._socket.close()
            reason = error.strerror if isinstance(error, OSError) else "no such port"
            raise InvalidInputError(f"--port: cannot listen on {HOST}:{port}: {reason}") from None
        self._socket.listen(128)
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self._process: subprocess.Popen[bytes]

    @contextmanager
    def serving(self, environment: Mapping[str, str], log_path: Path) -> Iterator[None]:
        """Serve while the body runs. Enter in the main thread: the child ends when the thread that made it does."""
        descriptor = self._socket.fileno()
        self._log = log_path
        with log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.api_server", str(descriptor)],
                env={**environment, "POWERTOOLS_SERVICE_NAME": "api", "POWERTOOLS_TRACE_DISABLED": "true"},
                pass_fds=[descriptor],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self._socket.close()
        try:
            yield
        finally:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def check(self) -> None:
        """Raise when the API has ended.

        Raises:
            RunAbortedError: it has; names its log.
        """
        if self._process.poll() is not None:
            raise RunAbortedError(f"the API ended with code {self._process.returncode}; see {self._log}")
