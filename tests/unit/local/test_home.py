"""The home folder: one run at a time, and what other commands learn of it."""

from __future__ import annotations

import pytest

from local.home import Endpoints, Home, World
from stock_ai.errors import InvalidInputError, NotFoundError

ENDPOINTS = Endpoints(kafka="127.0.0.1:1", mongodb="mongodb://127.0.0.1:2", redis="redis://127.0.0.1:3/0", api=None)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def test_one_run_at_a_time(home):
    assert not home.is_running()
    with home.running():
        assert home.is_running()
        with pytest.raises(InvalidInputError, match="already running"), Home(home.path).running():
            pass
    assert not home.is_running()
    with home.running():
        pass


def test_endpoints_live_as_long_as_the_run(home):
    with home.running():
        with pytest.raises(NotFoundError, match="starting"):
            home.read_endpoints()
        home.write_endpoints(ENDPOINTS)
        assert home.read_endpoints() == ENDPOINTS
    with pytest.raises(NotFoundError):
        home.read_endpoints()


def test_the_last_run_is_remembered(home):
    with pytest.raises(NotFoundError, match="stock-ai up"):
        home.last()
    with home.running():
        home.remember(World.MARKET, "csv")
    assert home.last() == (World.MARKET, "csv")


def test_worlds_have_folders_of_their_own(home):
    folders = {home.data(world, "mongodb") for world in World}
    assert len(folders) == 2
    assert all(folder.is_dir() for folder in folders)


def test_a_home_that_cannot_be_made_names_its_variable(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInputError, match="STOCK_AI_HOME"), Home(tmp_path / "file" / "home").running():
        pass
