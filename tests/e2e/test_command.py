"""`stock-ai` as a person meets it: wrong input, busy places, stopping, and the commands beside `up`."""

from __future__ import annotations

import json
import signal
import socket
import time
import uuid

import pytest
from pymongo import MongoClient

from tests.e2e.stock_ai_cli import alive, children, get, once, run, serving, until, write_prices

# Enough for a model: ten stocks a session make a cross-section.
SYMBOLS, SESSIONS = 12, 420


@pytest.fixture(scope="module")
def prices(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prices")
    write_prices(folder, symbols=SYMBOLS, sessions=SESSIONS)
    return folder


def _refused(result, *words):
    assert result.returncode == 2, result
    lines = result.stderr.strip().splitlines()
    assert "Traceback" not in result.stderr
    (line,) = [line for line in lines if line.startswith("error: ")]
    for word in words:
        assert word in line, line
    return line


BROKEN = {
    "no such folder": (None, ["nowhere"]),
    "unknown header": ("ticker,when,price\nFPT,2024-01-02,1\n", ["ticker", "symbol", "GiaDongCua"]),
    "bad date": (
        "symbol,date,open,high,low,close,adjusted_close,volume\nFPT,2024-01-02,1,1,1,1,1,1\nFPT,02-31-2024,1,1,1,1,1,1\n",
        ["FPT.csv", "line 3", "date", "02-31-2024"],
    ),
    "bad number": (
        "symbol,date,open,high,low,close,adjusted_close,volume\nFPT,2024-01-02,1,1,1x,1,1,1\n",
        ["FPT.csv", "line 2", "low", "1x"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_bad_data_is_one_clear_line_and_stores_nothing(name, prices, tmp_path):
    text, words = BROKEN[name]
    folder = tmp_path / ("nowhere" if text is None else "data")
    if text is not None:
        folder.mkdir()
        # A good file beside the bad one, first in order: nothing of it may be stored either.
        (folder / "AAA.csv").write_text((prices / "T00.csv").read_text().replace("T00", "AAA"))
        (folder / "FPT.csv").write_text(text)
    _refused(run(tmp_path / "home", "up", "--once", "--source", "csv", "--data", str(folder)), *words)
    assert json.loads(run(tmp_path / "home", "status", "--json").stdout)["bars"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--symbols", "T00,QQQ"], ["QQQ"]),
        (["--since", "2024-02-30"], ["--since", "2024-02-30"]),
        (["--since", "2024-05-01", "--until", "2024-04-01"], ["2024-05-01", "2024-04-01"]),
        (["--port", "99999"], ["--port", "99999"]),
    ],
)
def test_bad_requests_are_one_clear_line(arguments, words, prices, tmp_path):
    once_flag = [] if "--port" in arguments else ["--once"]
    result = run(tmp_path, "up", *once_flag, "--source", "csv", "--data", str(prices), *arguments)
    _refused(result, *words)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MONGODB_URI", "http://user:hunter2@localhost"),
        ("KAFKA_BOOTSTRAP_SERVERS", "localhost"),
        ("REDIS_URL", "localhost:6379"),
        ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"),
        ("MONGODB_URI", "mongodb://user:hunter2@127.0.0.1:1"),
        ("REDIS_URL", "redis://:hunter2@127.0.0.1:1/0"),
        ("BATCH_SIZE", "many"),
        ("BATCH_TIMEOUT", "-1"),
        ("STOCK_AI_KAFKA_PORT", "kafka"),
    ],
)
def test_a_wrong_setting_is_named_and_no_secret_shown(variable, value, tmp_path):
    result = run(tmp_path, "up", "--once", "--source", "simulated", **{variable: value})
    _refused(result, variable)
    assert "hunter2" not in result.stderr + result.stdout


def test_a_busy_port_and_a_second_start_are_one_clear_line(prices, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        _refused(run(tmp_path, "up", "--source", "csv", "--data", str(prices), "--port", str(port)), str(port))
    with serving(tmp_path, "--source", "csv", "--data", str(prices)):
        _refused(run(tmp_path, "up", "--source", "csv", "--data", str(prices), "--port", "0"), "already running")


@pytest.mark.parametrize("moment", ["data_collector", "api_server"])
def test_ctrl_c_stops_every_child_within_five_seconds(moment, prices, tmp_path):
    with serving(tmp_path, "--source", "csv", "--data", str(prices)) as (process, _):
        until(lambda: any(moment in args for args in children(process.pid).values()), 30)
        family = children(process.pid)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(10)
        until(lambda: not alive(family), 5)
        assert time.monotonic() - started < 5
    assert not (tmp_path / "endpoints.json").exists()


def test_commands_beside_a_run_and_after_it(prices, tmp_path):
    refused = run(tmp_path, "status")
    _refused(refused, "stock-ai up")

    summary = once(tmp_path, "--source", "csv", "--data", str(prices))
    assert summary["insights"] == SYMBOLS
    with serving(tmp_path, "--source", "csv", "--data", str(prices)) as (_, api):
        status, health = get(f"{api}/api/v1/health")
        assert status == 200
        assert {"mongodb", "redis", "kafka"} <= set(health["dependencies"])
        beside = json.loads(run(tmp_path, "status", "--json").stdout)
        assert beside["running"] is True
        assert beside["endpoints"]["api"] == api

    trained = run(tmp_path, "train", "--json")
    assert trained.returncode == 0, trained.stderr
    analysed = run(tmp_path, "analyse", "--symbols", "T01", "--json")
    assert analysed.returncode == 0, analysed.stderr
    assert json.loads(analysed.stdout)["analyses"] == 1
    rebuilt = json.loads(run(tmp_path, "rebuild-insights", "--json").stdout)
    assert rebuilt.keys() == {"insights", "analyses", "seconds"}
    assert rebuilt["analyses"] >= rebuilt["insights"] == SYMBOLS
    after = json.loads(run(tmp_path, "status", "--json").stdout)
    assert after["running"] is False
    assert after["bars"] == SYMBOLS * SESSIONS


def test_given_servers_take_the_place_of_embedded_ones(
    prices, tmp_path, mongo_uri, kafka_bootstrap, redis_client, redis_url
):
    database = f"test_{uuid.uuid4().hex[:12]}"
    given = {
        "MONGODB_URI": mongo_uri,
        "MONGODB_DATABASE": database,
        "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "REDIS_URL": redis_url,
    }
    arguments = ("up", "--once", "--json", "--source", "csv", "--data", str(prices), "--symbols", "T00")
    result = run(tmp_path, *arguments, **given)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1])["bars"]["stored"] == SESSIONS
    with MongoClient(mongo_uri) as client:
        assert client[database]["prices"].count_documents({"symbol": "T00"}) == SESSIONS
    assert redis_client.exists("insight:T00")
    assert not any((tmp_path / "market" / name).exists() for name in ("kafka", "mongodb", "redis"))

    # Simulated prices bear real names: they are not let in beside real ones.
    _refused(run(tmp_path, "up", "--once", "--source", "simulated", **given), "MONGODB_DATABASE", database)


def test_simulated_says_so_to_the_last_screen(tmp_path):
    with serving(tmp_path, "--source", "simulated") as (process, api):
        until(lambda: get(f"{api}/api/v1/analysis/FPT/insight")[0] == 200, 120, lambda: process.poll() is None)
        for path in ("analysis/FPT/insight", "stocks/FPT", "stocks/FPT/prices", "stocks/FPT/indicators"):
            status, answer = get(f"{api}/api/v1/{path}")
            assert status == 200
            assert '"simulated": true' in json.dumps(answer), path
    # The real world of the same home holds nothing of it.
    assert json.loads(run(tmp_path, "status", "--json").stdout)["simulated"] is True


def test_a_dead_letter_can_be_shown_and_sent_again(prices, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "T00.csv").write_text((prices / "T00.csv").read_text() + "T00,2024-12-31,100,90,80,95,95,100\n")
    assert once(tmp_path / "home", "--source", "csv", "--data", str(folder))["bars"]["quarantined"] == {
        "high_below_body": 1
    }
    (letter,) = json.loads(run(tmp_path / "home", "dead-letters", "list", "--json").stdout)
    shown = json.loads(run(tmp_path / "home", "dead-letters", "show", letter["id"], "--json").stdout)
    assert shown["reason"] == "high_below_body"
    assert shown["source_topic"] == "stock_prices_raw"
    assert json.loads(run(tmp_path / "home", "dead-letters", "redrive", letter["id"], "--json").stdout) == {
        "redriven": 1
    }
    assert json.loads(run(tmp_path / "home", "dead-letters", "list", "--json").stdout) == []
    # It comes through the consumer again at the next run and, still broken, is set aside again.
    once(tmp_path / "home", "--source", "csv", "--data", str(folder))
    (again,) = json.loads(run(tmp_path / "home", "dead-letters", "list", "--json").stdout)
    assert again["id"] != letter["id"]
    _refused(run(tmp_path / "home", "dead-letters", "show", "nonsense"), "nonsense")
