"""SecantusDB: speaks the MongoDB wire protocol. GPL-2.0, so only ever a process of the user's own install."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from pymongo import MongoClient

from local.embedded.process import HOST, EmbeddedServer


class MongoServer(EmbeddedServer):
    """Syncs each commit: without that a kill lost acknowledged writes."""

    name = "mongodb"
    # Three of forty were hung by SIGTERM under load and kept their folder closed; what is synced needs no goodbye.
    orphaned_by = signal.SIGKILL

    @property
    def address(self) -> str:
        """mongodb://127.0.0.1:PORT"""
        return f"mongodb://{HOST}:{self.port}"

    def _command(self, data: Path) -> list[str]:
        # An explicit, empty configuration keeps the server from reading one of the user's own.
        configuration = data.absolute().with_name("secantusd.toml")
        configuration.touch()
        return [
            str(Path(sys.executable).with_name("secantusd-py")),
            *("--config", str(configuration)),
            *("--host", HOST, "--port", str(self.port)),
            *("--storage-path", str(data.absolute()), "--sync-on-commit"),
        ]

    def _ping(self) -> None:
        with MongoClient[dict[str, object]](self.address, serverSelectionTimeoutMS=2000) as client:
            client.admin.command("ping")
