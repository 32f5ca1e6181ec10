"""The examples of docs/examples do what they say, against the API on a port."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPO_ROOT
from tests.openapi import document as openapi

EXAMPLES = REPO_ROOT / "docs" / "examples"
TOUR = """13 symbols, first ACB, as of 2025-08-22
FPT: SELL with confidence 0.5
asked again: nothing has changed
weekly closes: [0-9]+, [0-9]+
explained: A text\\.
event: done
"""


def run(*command: str | Path, **where) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **where)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def environment(api_url):
    return os.environ | {"STOCK_AI_URL": api_url}


def test_curl(environment):
    said = run("sh", EXAMPLES / "curl.sh", env=environment)
    assert "ACB BCM BID BVH CTG\nFPT GAS GVR HDB HPG\n" in said
    assert "cache-control: public, max-age=" in said
    assert "asked again: 304" in said
    assert "200: A text." in said
    assert "event: done" in said
    assert "urn:stock-ai:problem:invalid-request" in said
    assert re.search(r"application/problem\+json urn:stock-ai:problem:unknown-symbol, request \w+", said)


def test_python(environment):
    said = run(sys.executable, EXAMPLES / "python" / "client.py", env=environment)
    tour, unknown, refused = said.rsplit("\n", 3)[:3]
    assert re.fullmatch(TOUR.rstrip("\n"), tour)
    assert unknown.startswith("unknown-symbol: Unknown symbol: symbol ZZZ is not known")
    assert refused == "invalid-request: query.limit"


def test_without_streams_they_say_so_and_go_on(api_url_without_streams):
    environment = os.environ | {"STOCK_AI_URL": api_url_without_streams}
    said = run(sys.executable, EXAMPLES / "python" / "client.py", env=environment)
    assert "\nstreaming-unavailable: " in said
    assert said.endswith("invalid-request: query.limit\n")
    assert "not streamed here\n" in run("sh", EXAMPLES / "curl.sh", env=environment)


def test_python_watches_and_goes_on_where_it_was(environment):
    command = [sys.executable, "-u", EXAMPLES / "python" / "client.py", "watch", "ACB,BID"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as watching:
        try:
            told = [watching.stdout.readline().split() for _ in range(2)]
        finally:
            watching.terminate()
    assert [symbol for _, symbol, *_ in told] == ["ACB", "BID"]


@pytest.fixture(scope="module")
def typescript(tmp_path_factory):
    """The TypeScript example with the types that are made from the document of this moment."""
    folder = tmp_path_factory.mktemp("typescript")
    shutil.copytree(EXAMPLES / "typescript", folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(REPO_ROOT / "node_modules")
    (folder / "openapi.json").write_text(openapi.text(), encoding="utf-8")
    run(tool("openapi-typescript"), "openapi.json", "--output", "api.d.ts", cwd=folder)
    return folder


def tool(name: str) -> Path:
    """A command of npm's."""
    found = REPO_ROOT / "node_modules" / ".bin" / name
    assert found.exists(), "run: npm ci"
    return found


def test_typescript_compiles_and_runs(typescript, environment):
    shutil.copy(Path(__file__).with_name("routes.ts"), typescript)
    run(tool("tsc"), "--project", ".", cwd=typescript)
    said = run("node", "client.js", cwd=typescript, env=environment)
    *tour, unknown = said.splitlines()
    assert re.fullmatch(TOUR, "\n".join(tour) + "\n")
    assert unknown.startswith("not known: symbol ZZZ is not known")
    routes = run("node", "routes.js", cwd=typescript, env=environment)
    assert json.loads(routes) == {"problems": []}


def test_the_types_refuse_what_the_api_does_not_have(typescript):
    wrong = typescript / "wrong.ts"
    wrong.write_text(
        """import createClient from "openapi-fetch";
import type { paths } from "./api.js";
const api = createClient<paths>({ baseUrl: "" });
await api.GET("/api/v1/nothing");
await api.GET("/api/v1/stocks/{symbol}/prices", { params: { path: { symbol: "FPT" }, query: { interval: "2D" } } });
const { data } = await api.GET("/api/v1/analysis/{symbol}/insight", { params: { path: { symbol: "FPT" } } });
const signal: "BUY" | "SELL" | null | undefined = data?.signal;
console.log(signal, data?.nothing);
""",
        encoding="utf-8",
    )
    compiled = subprocess.run(
        [tool("tsc"), "--project", ".", "--noEmit"], cwd=typescript, capture_output=True, text=True, check=False
    )
    wrong.unlink()
    assert [int(line) for line in re.findall(r"^wrong\.ts\((\d+),", compiled.stdout, re.MULTILINE)] == [4, 5, 7, 8]


def test_the_example_asks_for_the_versions_that_are_tried():
    ours = json.loads((REPO_ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    example = json.loads((EXAMPLES / "typescript" / "package.json").read_text(encoding="utf-8"))
    for name, version in (example["dependencies"] | example["devDependencies"]).items():
        assert version == ours[name], name
