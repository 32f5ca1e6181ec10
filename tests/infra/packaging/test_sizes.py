"""The check before synthesis: over its limit a function is named, with the table."""

from __future__ import annotations

import pytest

from infra.packaging import sizes
from infra.packaging.sizes import MB, Size
from stock_ai.errors import InvalidInputError


def size(function: str, megabytes: int) -> Size:
    return Size(function, 0, {"base": megabytes * MB})


@pytest.mark.parametrize(
    ("function", "limit"), [("api", 95), ("data_collector", 200), ("ai_analysis", 240), ("aggregation", 250)]
)
def test_the_limit_itself_is_allowed_and_one_byte_more_is_not(function, limit):
    sizes.refuse_over([size(function, limit)], "arm64")
    with pytest.raises(InvalidInputError, match=function):
        sizes.refuse_over([Size(function, 1, {"base": limit * MB})], "arm64")


def test_the_error_holds_the_table_of_all(monkeypatch):
    measured = [size("api", 96), size("aggregation", 20)]
    monkeypatch.setattr(sizes, "sizes", lambda arch: measured)
    with pytest.raises(InvalidInputError) as caught:
        sizes.check("arm64")
    message = str(caught.value)
    assert "too large for Lambda or its budget: api\n" in message
    rows = {line.split()[0]: line for line in message.splitlines()}
    assert "OVER" in rows["api"]
    assert "ok" in rows["aggregation"]


def test_the_exit_code_tells(monkeypatch, capsys):
    monkeypatch.setattr(sizes, "sizes", lambda arch: [size("api", 96)])
    assert sizes.main(["--arch", "x86_64"]) == 1
    assert "function (x86_64)" in capsys.readouterr().out
    monkeypatch.setattr(sizes, "sizes", lambda arch: [size("api", 95)])
    assert sizes.main([]) == 0


def test_every_function_keeps_its_budget(arch):
    sizes.check(arch)
    measured = {found.function: found for found in sizes.sizes(arch)}
    assert measured["ai_analysis"].layers.keys() == {"stock_ai", "base", "indicators", "analysis", "neural"}
    assert measured["api"].total > 10 * MB
