"""The training service: a new current model, or none and the reason."""

import datetime as dt
import json

import pytest

from functions.model_training.service import train_current
from stock_ai.errors import RunAbortedError
from stock_ai.ml.manager import ModelManager
from stock_ai.storage.model_registry import open_registry
from tests.fakes.clock import FixedClock
from tests.fakes.panels import random_panel

NOW = dt.datetime(2025, 8, 23, 1, tzinfo=dt.UTC)


def test_the_new_model_is_current_and_its_key_figures_are_told(tmp_path):
    models = ModelManager(open_registry(str(tmp_path)))
    figures = train_current(random_panel(30, 350), models, FixedClock(NOW))
    card = models.current_card()
    assert json.loads(json.dumps(figures)) == figures
    assert figures["version"] == card.version == models.current().card.version
    assert figures["trained_until"] == card.trained_until.isoformat()
    assert (figures["symbols"], figures["simulated"]) == (30, True)
    assert figures["test_log_loss"] == card.metrics.log_loss
    assert card.created_at == NOW


def test_too_little_data_leaves_the_current_model(tmp_path):
    models = ModelManager(open_registry(str(tmp_path)))
    train_current(random_panel(30, 350), models, FixedClock(NOW))
    before = models.current_card()
    with pytest.raises(RunAbortedError, match="too little data"):
        train_current(random_panel(30, 100), models, FixedClock(NOW))
    assert models.current_card() == before
