"""`stock-ai listings`: what is imported is shown, and a wrong file changes nothing."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from local.cli.listings import app
from stock_ai.errors import InvalidInputError
from tests.fakes.collection import MemoryListings

FILE = "symbol,name,name_en,exchange,sector\nFPT,CTCP FPT [bold],FPT Corporation,HOSE,technology\nZZZ,,,,\n"


@pytest.fixture
def store():
    return MemoryListings()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(FILE)
    return path


def invoke(store, *arguments):
    result = CliRunner().invoke(app, [str(one) for one in arguments], obj=lambda: store)
    if result.exception:
        raise result.exception
    return result.stdout


def test_what_is_imported_is_shown(store, file):
    assert invoke(store, "import", file) == "2 symbols read, 2 changed\n"
    shown = invoke(store, "show")
    assert "CTCP FPT [bold]" in shown
    assert "2 symbols (HOSE 1, none 1)" in shown
    fpt, zzz = json.loads(invoke(store, "show", "--json"))["listings"]
    assert fpt.pop("as_of") >= "2026"
    assert fpt == {
        "symbol": "FPT",
        "exchange": "HOSE",
        "name": "CTCP FPT [bold]",
        "name_en": "FPT Corporation",
        "sector": "technology",
        "sector_label": "Technology",
        "sector_label_vi": "Công nghệ",
        "source": "file",
        "simulated": False,
    }
    assert (zzz["symbol"], zzz["sector"], zzz["sector_label_vi"]) == ("ZZZ", None, None)


def test_importing_again_changes_nothing_and_a_move_is_told(store, file):
    invoke(store, "import", file)
    assert json.loads(invoke(store, "import", file, "--json")) == {"read": 2, "changed": 0, "moved": []}
    file.write_text(FILE.replace("HOSE", "UPCOM"))
    assert "FPT moved from HOSE to UPCOM\n" in invoke(store, "import", file)
    file.write_text(FILE)
    moved = [{"symbol": "FPT", "before": "UPCOM", "after": "HOSE"}]
    assert json.loads(invoke(store, "import", file, "--json"))["moved"] == moved


def test_a_wrong_cell_is_named_and_nothing_is_imported(store, file):
    file.write_text(FILE + "VNM,,,NYSE,\n")
    with pytest.raises(InvalidInputError, match="line 4 column exchange: 'NYSE'"):
        invoke(store, "import", file)
    assert store.all() == {}
    assert invoke(store, "show").endswith("no listings\n")
