"""The adapters of model_training, connected at the first event and kept while the process is warm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from functions.model_training.service import REPORTS
from stock_ai.clock import utc_now
from stock_ai.indicators import Panel
from stock_ai.keeping import kept
from stock_ai.market.sessions import Exchange
from stock_ai.ml.manager import ModelManager
from stock_ai.settings import ModelSettings, MongoSettings, PanelSettings
from stock_ai.storage.listings import MongoListings
from stock_ai.storage.model_registry import open_registry
from stock_ai.storage.mongo import database
from stock_ai.storage.objects import StoredObject, open_object
from stock_ai.storage.panels import PanelStore


@dataclass(frozen=True, slots=True)
class Ports:
    """What the service needs from outside."""

    panel: Callable[[], Panel]
    exchanges: Callable[[], Mapping[str, Exchange]]
    models: ModelManager
    reports: Mapping[str, StoredObject]


@kept
def build() -> Ports:
    """Wire adapters from the environment, once per cold start.

    Raises:
        InvalidInputError: a setting is missing or wrong; the message names it.
    """
    snapshot = open_object(PanelSettings.load().snapshot, "PANEL_SNAPSHOT")
    registry = ModelSettings.load().registry
    stored = database(MongoSettings.load())
    return Ports(
        panel=PanelStore(stored, snapshot, utc_now).refresh,
        exchanges=MongoListings(stored).exchanges,
        models=ModelManager(open_registry(registry)),
        reports={name: open_object(f"{registry}/evaluation/{name}", "MODEL_REGISTRY") for name in REPORTS},
    )
