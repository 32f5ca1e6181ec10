"""The training handler with a real server: bars in MongoDB, models in a folder, metrics on standard output."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

import numpy as np
import pytest

from functions.model_training import handler as training
from functions.model_training import wiring
from local.events import schedule_event
from local.session import has_current_model
from stock_ai.errors import RunAbortedError
from stock_ai.market.sessions import Exchange
from stock_ai.ml.manager import ModelManager
from stock_ai.models.base import Interval
from stock_ai.storage.listings import MongoListings
from stock_ai.storage.model_registry import open_registry
from stock_ai.storage.prices import MongoPriceStore
from tests.fakes.messages import bar
from tests.fakes.panels import COLUMNS, random_panel

NOW = dt.datetime(2025, 8, 26, 8, 20, tzinfo=dt.UTC)
STOCKS, FIRST, MORE = 12, 350, 370


@dataclass
class Context:
    function_name: str = "model_training"
    memory_limit_in_mb: int = 2048
    invoked_function_arn: str = "arn:aws:lambda:ap-southeast-1:000000000000:function:test"
    aws_request_id: str = "1"


@pytest.fixture
def models(monkeypatch, mongo_uri, mongo_database, tmp_path):
    for name, value in {
        "MONGODB_URI": mongo_uri,
        "MONGODB_DATABASE": mongo_database.name,
        "MODEL_REGISTRY": str(tmp_path / "models"),
        "PANEL_SNAPSHOT": str(tmp_path / "panel.snapshot"),
    }.items():
        monkeypatch.setenv(name, value)
    wiring.build.cache_clear()
    yield ModelManager(open_registry(str(tmp_path / "models")))
    wiring.build.cache_clear()


def store(database, start, stop):
    """Bars number `start` to `stop` of each stock."""
    for bars in random_panel(STOCKS, MORE):
        rows = zip(*(getattr(bars, name)[start:stop].tolist() for name in ("dates", *COLUMNS)), strict=True)
        messages = [
            bar(
                bars.symbol,
                date,
                interval=Interval.DAY,
                source=bars.source,
                **{name: int(value) for name, value in zip(COLUMNS, numbers, strict=True)},
            )
            for date, *numbers in rows
        ]
        MongoPriceStore(database).upsert(messages)


def trained(capsys):
    """The answer of the handler and the metrics that it wrote."""
    capsys.readouterr()
    answer = training.handler(schedule_event("weekly", NOW, {}), Context())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    (told,) = [line for line in lines if "_aws" in line]
    return answer, {name: values[0] for name, values in told.items() if isinstance(values, list)}


def test_champion_challenger_and_a_spoilt_file(models, mongo_database, capsys, tmp_path):
    store(mongo_database, 0, FIRST)
    first, told = trained(capsys)
    assert first["promoted"] is True
    assert models.current_card().version == first["version"]
    assert told == {
        "ModelsTrained": 1,
        "ModelsPromoted": 1,
        "LogLossMinusBase": pytest.approx(first["log_loss_minus_base"]),
    }

    again, told = trained(capsys)
    assert (again["promoted"], again["version"]) == (False, first["version"])
    assert told == {"ModelsTrained": 1, "ModelsPromoted": 0}

    # A new process meets a changed file: the same bars give the model anew, with sound bytes.
    path = tmp_path / "models" / first["version"] / "model.skops"
    path.write_bytes(path.read_bytes()[:-1])
    wiring.build.cache_clear()
    assert not ModelManager(open_registry(str(tmp_path / "models"))).has_model()
    mended, _ = trained(capsys)
    assert (mended["promoted"], mended["version"]) == (True, first["version"])
    assert mended["reason"].startswith("no champion serves; ")
    assert models.current_card().version == first["version"]

    store(mongo_database, FIRST, MORE)
    second, told = trained(capsys)
    assert second["version"] != first["version"]
    assert told["ModelsPromoted"] == second["promoted"]
    assert told["LogLossMinusChampion"] == pytest.approx(second["log_loss_minus_champion"])
    kept = models.look(second["version"]).card
    assert kept.verdict.champion == first["version"]
    assert np.isfinite(kept.verdict.against_champion.interval).all()


def test_a_run_trains_anew_once_the_newest_bar_is_past_the_champions_days(models, mongo_database, capsys):
    prices = MongoPriceStore(mongo_database)
    assert not has_current_model(models, prices)
    store(mongo_database, 0, FIRST)
    trained(capsys)
    last_day = models.current_card().expires_on
    prices.upsert([bar("S01", last_day)])
    assert has_current_model(models, prices)
    prices.upsert([bar("S02", last_day + dt.timedelta(days=1))])
    assert not has_current_model(models, prices)


def test_an_evaluation_takes_the_stored_bars_and_where_each_stock_trades(models, mongo_database):
    MongoListings(mongo_database).record(Exchange.HNX, ["S01"], NOW.date())
    store(mongo_database, 0, FIRST)
    assert wiring.build().exchanges() == {"S01": Exchange.HNX}
    with pytest.raises(RunAbortedError, match="too few years"):
        training.handler(schedule_event("monthly", NOW, {"do": "evaluate"}), Context())
