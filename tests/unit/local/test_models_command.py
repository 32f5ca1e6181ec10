"""`stock-ai models`: what is listed is what serves, and changing it needs a reason."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from local.cli.models import Desk, app
from stock_ai.errors import InvalidInputError, NotFoundError
from stock_ai.ml.card import Recipe
from stock_ai.ml.manager import ModelManager
from stock_ai.ml.training import train
from tests.fakes.clock import FixedClock
from tests.fakes.models import MemoryRegistry, verdict
from tests.fakes.panels import random_panel

NOW = dt.datetime(2025, 8, 26, 8, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def trained():
    return train(random_panel(30, 350), 7, NOW, Recipe.LOGISTIC)


@pytest.fixture
def registry(trained):
    """Champions a and b, and c that was not promoted."""
    registry = MemoryRegistry()
    models = ModelManager(registry)
    for version, said in (
        ("a", verdict(reason="the first")),
        ("b", verdict(champion="a", reason="b is better")),
        ("c", verdict(promoted=False, champion="b", reason="c is worse")),
    ):
        card = trained.card.model_copy(update={"version": version})
        models.admit(dataclasses.replace(trained, model=SimpleNamespace(card=card)), said, NOW)
    return registry


def invoke(registry, *arguments):
    desk = Desk(ModelManager(registry), FixedClock(NOW + dt.timedelta(days=1)))
    result = CliRunner().invoke(app, arguments, obj=lambda: desk)
    if result.exception:
        raise result.exception
    return result.stdout


def as_json(registry, *arguments):
    return json.loads(invoke(registry, *arguments, "--json").splitlines()[-1])


def test_list_has_every_model_its_standing_and_its_verdict(registry, trained):
    listed = as_json(registry, "list")
    assert listed["champion"] == "b"
    assert [(one["version"], one["standing"], one["verdict"]["promoted"]) for one in listed["models"]] == [
        ("a", "former", True),
        ("b", "champion", True),
        ("c", "challenger", False),
    ]
    assert {one["expires_on"] for one in listed["models"]} == {trained.card.expires_on.isoformat()}
    assert [(entry["version"], entry["reason"]) for entry in listed["history"]] == [
        ("a", "the first"),
        ("b", "b is better"),
    ]
    shown = invoke(registry, "list")
    for text in ("c is worse", "challenger", "not proven", "2025-08-26 08:00Z  b: b is better"):
        assert text in shown


def test_list_says_why_a_champion_does_not_serve(registry):
    card, blob = registry.kept["b"]
    registry.kept["b"] = (card, blob[:-1])
    listed = as_json(registry, "list")
    assert listed["champion"] == "a"
    assert {one["version"]: bool(one["refused"]) for one in listed["models"]} == {"a": False, "b": True, "c": False}
    assert "former, refused" in invoke(registry, "list")
    registry.kept["b"] = (b"{}", blob)
    assert "the card of model b cannot be read" in invoke(registry, "list").replace("\n", " ")


def test_show_has_the_whole_card_and_checks_the_bytes(registry, trained):
    shown = as_json(registry, "show", "c")
    assert (shown["version"], shown["standing"], shown["refused"]) == ("c", "challenger", None)
    assert shown["unit"] == "VND, points for indices"
    assert shown["metrics"]["log_loss"] == trained.card.metrics.log_loss
    assert "c is worse" in invoke(registry, "show", "c")
    registry.kept["c"] = (registry.kept["c"][0], trained.blob[:-1])
    assert "its SHA-256 is" in as_json(registry, "show", "c")["refused"]
    with pytest.raises(NotFoundError, match="'x'"):
        invoke(registry, "show", "x")


def test_rollback_and_promote_tell_what_they_did_and_keep_the_reason(registry):
    assert as_json(registry, "rollback", "--reason", "b loses") == {
        "version": "a",
        "since": "2025-08-27T08:00:00Z",
        "reason": "b loses",
        "withdrawn": "b",
    }
    assert "c is champion" in invoke(registry, "promote", "c", "--reason", "to try it")
    listed = as_json(registry, "list")
    assert [entry["reason"] for entry in listed["history"]] == ["the first", "b is better", "b loses", "to try it"]
    assert [one["standing"] for one in listed["models"]] == ["former", "withdrawn", "champion"]


@pytest.mark.parametrize("arguments", [("rollback",), ("promote", "a")])
def test_without_a_reason_nothing_changes(registry, arguments):
    before = registry.history
    with pytest.raises(InvalidInputError, match="--reason: empty"):
        invoke(registry, *arguments, "--reason", " ")
    with pytest.raises(SystemExit):
        invoke(registry, *arguments)
    assert registry.history == before


def test_without_a_desk_the_registry_of_the_environment_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("MODEL_REGISTRY", str(tmp_path))
    result = CliRunner().invoke(app, ["list", "--json"])
    assert json.loads(result.stdout) == {"champion": None, "models": [], "history": []}
    monkeypatch.delenv("MODEL_REGISTRY")
    monkeypatch.setenv("STOCK_AI_HOME", str(tmp_path / "home"))
    assert isinstance(CliRunner().invoke(app, ["list"]).exception, NotFoundError)
