"""The API of a local run: the FastAPI app on uvicorn, with llm_analysis invoked in process.

`python -m local.api_server FD` serves on the listening socket it inherits, so that the port is known and taken before
this process has imported anything.
"""

from __future__ import annotations

import os
import socket
import sys

import uvicorn

from api.app import create_app
from api.settings import ApiSettings
from api.wiring import connect
from local.llm import invoke_llm
from stock_ai.settings import KafkaSettings, LlmSettings, MongoSettings, RedisSettings


def main() -> None:
    """Serve until SIGTERM."""
    listening = socket.socket(fileno=int(sys.argv[1]))
    # Whoever can reach it is on this machine.
    os.environ.setdefault("API_REQUESTS_PER_MINUTE", "0")
    settings = ApiSettings.load()
    services = connect(
        MongoSettings.load(),
        RedisSettings.load(),
        KafkaSettings.load(),
        invoke_llm,
        LlmSettings.load(),
        settings.llm_terms,
    )
    app = create_app(services, settings.http_terms)
    # A stream of events has no end of its own.
    config = uvicorn.Config(app, access_log=False, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
