"""What the analysis is wired from, before it connects to anything."""

import pytest

from functions.ai_analysis.wiring import build
from stock_ai.errors import InvalidInputError


def test_a_closures_file_that_is_not_there_stops_the_cold_start(monkeypatch, tmp_path):
    monkeypatch.setenv("CLOSURES_FILE", str(tmp_path / "absent.yaml"))
    build.cache_clear()
    with pytest.raises(InvalidInputError, match=r"^CLOSURES_FILE .*absent\.yaml"):
        build()
