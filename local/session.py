"""The stores of a home, opened for a command: those of the running `up`, else started for as long as it takes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pymongo.database import Database

from local.home import Endpoints, Home, World
from local.servers import open_servers
from stock_ai.clock import utc_now
from stock_ai.ml.manager import ModelManager
from stock_ai.ports.prices import PriceStore
from stock_ai.settings import MongoSettings, RedisSettings
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.model_registry import open_registry
from stock_ai.storage.mongo import claim_world, database
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.redis_client import redis_client

if TYPE_CHECKING:
    from stock_ai.indicators import Panel


@dataclass
class Session:
    """A home's servers and what is in them."""

    home: Home
    world: World
    source: str
    endpoints: Endpoints
    shared: bool
    """Whether the servers belong to a running `up`, whose functions work beside this command."""

    @cached_property
    def environment(self) -> dict[str, str]:
        """The environment of every function: the caller's own, with the servers in use."""
        return {
            **os.environ,
            "KAFKA_BOOTSTRAP_SERVERS": self.endpoints.kafka,
            "MONGODB_URI": self.endpoints.mongodb,
            "MONGODB_DATABASE": os.environ.get("MONGODB_DATABASE") or "stock_ai",
            "REDIS_URL": self.endpoints.redis,
            "MODEL_REGISTRY": os.environ.get("MODEL_REGISTRY") or str(self.home.data(self.world, "models")),
            "PANEL_SNAPSHOT": os.environ.get("PANEL_SNAPSHOT")
            or str(self.home.data(self.world, "panels") / "daily.panel"),
        }

    @cached_property
    def database(self) -> Database[dict[str, Any]]:
        """The MongoDB database."""
        return database(MongoSettings.model_validate(self.environment))

    @cached_property
    def insights(self) -> RedisInsightStore:
        """The current insights."""
        return RedisInsightStore(redis_client(RedisSettings.model_validate(self.environment)))

    @cached_property
    def models(self) -> ModelManager:
        """The trained models."""
        return ModelManager(open_registry(self.environment["MODEL_REGISTRY"]))

    def panel(self) -> Panel:
        """Every stored daily bar, by way of the snapshot that the functions keep."""
        # TA-Lib and numpy are for the commands that look at all bars.
        from stock_ai.storage.objects import open_object
        from stock_ai.storage.panels import PanelStore

        stored = open_object(self.environment["PANEL_SNAPSHOT"], "PANEL_SNAPSHOT")
        return PanelStore(self.database, stored, utc_now).refresh()

    def has_model(self) -> bool:
        """See `has_current_model`."""
        return has_current_model(self.models, MongoPriceStore(self.database))


def has_current_model(models: ModelManager, prices: PriceStore) -> bool:
    """Whether a model serves that has not expired at the newest stored daily bar.

    Raises:
        RetryableError: a store is away.
    """
    return models.has_model(max((info.last for info in prices.symbols()), default=None))


@contextmanager
def open_session(home: Home, world: World, source: str) -> Iterator[Session]:
    """Start the servers of one world of a home that the caller holds (`Home.running`).

    Raises:
        InvalidInputError: a setting is wrong, or the database holds the other world's prices.
    """
    with open_servers(home, world) as endpoints:
        session = Session(home, world, source, endpoints, shared=False)
        claim_world(session.database, simulated=world is World.SIMULATED)
        home.remember(world, source)
        yield session


@contextmanager
def connect(home: Home) -> Iterator[Session]:
    """The stores of the last run: shared with it while it runs, started and stopped here when it does not.

    Raises:
        NotFoundError: there has been no run.
    """
    world, source = home.last()
    if home.is_running():
        yield Session(home, world, source, home.read_endpoints(), shared=True)
    else:
        with home.running(), open_session(home, world, source) as session:
            yield session
