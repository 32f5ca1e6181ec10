"""Finding a Python 3.13: the named one first, and never one that does not work."""

from __future__ import annotations

import pytest

from infra.packaging import python313


@pytest.fixture
def home(monkeypatch, tmp_path):
    """A home without any Python, and nothing on PATH."""
    for variable in (python313.VARIABLE, "PYENV_ROOT"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    python313.find.cache_clear()
    yield tmp_path
    python313.find.cache_clear()


def pretend(path, says):
    """An interpreter that prints a version, whatever it is asked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(0o755)
    return path


def test_there_is_none(home):
    assert python313.find() is None
    assert python313.VARIABLE in python313.HOW_TO_GET


@pytest.mark.parametrize(
    "place",
    [
        "path/python3.13",
        ".pyenv/versions/3.13.5/bin/python3.13",
        ".local/share/uv/python/cpython-3.13.5-x/bin/python3.13",
    ],
)
def test_each_place_is_searched(home, place):
    interpreter = pretend(home / place, "echo 3.13.5")
    assert python313.find() == interpreter


def test_the_named_one_comes_first(home, monkeypatch):
    pretend(home / "path" / "python3.13", "echo 3.13.5")
    named = pretend(home / "mine", "echo 3.13.1")
    monkeypatch.setenv(python313.VARIABLE, str(named))
    assert python313.find() == named


@pytest.mark.parametrize("says", ["echo 3.12.4", "exit 1"])
def test_one_that_does_not_work_is_passed_over(home, monkeypatch, says):
    """pyenv puts a python3.13 on PATH that fails unless that version is the chosen one."""
    pretend(home / "path" / "python3.13", says)
    monkeypatch.setenv("PYENV_ROOT", str(home / "pyenv"))
    working = pretend(home / "pyenv" / "versions" / "3.13.0" / "bin" / "python3.13", "echo 3.13.0")
    assert python313.find() == working
