"""The API over the small market of the tests, served by uvicorn on a free port."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from api.app import create_app
from api.services import LlmTerms, Services
from tests.fakes.api_world import api_world


@pytest.fixture(scope="module")
def api_url() -> Iterator[str]:
    """Where it answers."""
    yield from _served(api_world())


@pytest.fixture(scope="module")
def api_url_without_streams() -> Iterator[str]:
    """Where it answers as behind API Gateway."""
    world = api_world()
    world.llm_terms = LlmTerms(streaming=False)
    yield from _served(world)


def _served(services: Services) -> Iterator[str]:
    config = uvicorn.Config(create_app(services), access_log=False, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # Whoever connects before the server runs waits for it.
        serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        serving.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        serving.join(30)
        assert not serving.is_alive()
