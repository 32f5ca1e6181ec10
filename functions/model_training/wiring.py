"""The adapters of model_training, connected at the first event and kept while the process is warm."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from stock_ai.indicators import Panel
from stock_ai.keeping import kept
from stock_ai.ml.manager import ModelManager
from stock_ai.settings import ModelSettings, MongoSettings
from stock_ai.storage.model_registry import open_registry
from stock_ai.storage.mongo import database
from stock_ai.storage.panels import read_panel


@dataclass(frozen=True, slots=True)
class Ports:
    """What the service needs from outside."""

    panel: Callable[[], Panel]
    models: ModelManager


@kept
def build() -> Ports:
    """Wire adapters from the environment, once per cold start.

    Raises:
        InvalidInputError: a setting is missing or wrong; the message names it.
    """
    return Ports(
        panel=functools.partial(read_panel, database(MongoSettings.load())),
        models=ModelManager(open_registry(ModelSettings.load().registry)),
    )
