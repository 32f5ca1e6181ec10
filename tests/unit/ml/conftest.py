"""One trained model for all tests of models: training takes longer than most of what is tested of it."""

import datetime as dt

import pytest

from stock_ai.indicators import Panel
from stock_ai.ml.card import Recipe
from stock_ai.ml.training import TrainedModel, train
from tests.fakes.panels import random_panel


@pytest.fixture(scope="session")
def panel() -> Panel:
    return random_panel(30, 350)


@pytest.fixture(scope="session")
def trained(panel) -> TrainedModel:
    """The smallest recipe: what is tested of it is the same for all of them."""
    return train(panel, 7, dt.datetime(2025, 8, 26, 8, tzinfo=dt.UTC), Recipe.LOGISTIC)
