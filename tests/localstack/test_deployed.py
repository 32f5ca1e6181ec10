"""The stacks deployed to LocalStack do what they are for: proven by calling, since a green stack proves nothing."""

from __future__ import annotations

import json
import signal
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra import topology
from local.events import schedule_event
from stock_ai.clock import utc_now
from stock_ai.models import topics
from stock_ai.settings import KafkaSettings
from stock_ai.streaming.dead_letters import DeadLetters
from stock_ai.streaming.publisher import KafkaPublisher
from tests.e2e.stock_ai_cli import write_prices
from tests.fakes.messages import bar

STOCKS, SESSIONS = 16, 550
SINCE = "2023-06-01"
"""With that many stocks a little more than what training asks for."""
GOOD, BAD = bar("ZZA"), bar("ZZB", close=0)


@pytest.fixture(scope="module")
def settings(servers):
    return KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=servers.kafka)


@pytest.fixture(scope="module")
def letters(settings):
    class Never:
        def known(self):
            return set()

        def settled(self):
            return set()

        def record(self, letter_ids, redriven_at):
            raise AssertionError("nothing is sent again here")

    return DeadLetters(settings, Never())


@dataclass(frozen=True)
class Market:
    """Tidy CSV files, and the stocks of them that are used."""

    folder: Path
    stocks: list[str]


@pytest.fixture(scope="module")
def market(tmp_path_factory, found_shared_data):
    """Real bars where they are at hand, a made market otherwise."""
    if found_shared_data is None:
        folder = tmp_path_factory.mktemp("prices")
        write_prices(folder, STOCKS, SESSIONS)
    else:
        folder = found_shared_data / "vn_daily"
    return Market(folder, sorted(path.stem for path in folder.glob("*.csv"))[:STOCKS])


@pytest.fixture(scope="module")
def summary(deployment, settings, market):
    """One run of the triggers on a market, after a good and a bad bar that somebody published before."""
    publisher = KafkaPublisher(settings)
    for message in (GOOD, BAD):
        publisher.publish(topics.STOCK_PRICES_RAW, "ZZ", message.model_dump_json().encode())
    publisher.flush()
    publisher.close()
    code, output, errors = deployment.triggers_once(
        "--source", "csv", "--data", str(market.folder), "--symbols", ",".join(market.stocks), "--since", SINCE
    )
    assert code == 0, errors
    return json.loads(output.splitlines()[-1])


def test_functions_are_what_the_topology_says_and_answer(deployment):
    for function in topology.FUNCTIONS:
        configuration = deployment.aws("lambda").get_function_configuration(FunctionName=function.deployed_name)
        assert configuration["Timeout"] == function.timeout_seconds
        assert configuration["Handler"] == function.handler
    # Nothing is stored yet, so these get nothing to do: a Saturday has no bars. The others answer further below.
    saturday = {"source": "simulated", "since": "2024-01-06", "until": "2024-01-06"}
    assert deployment.invoke("data_collector", schedule_event("probe", utc_now(), saturday))["read"] == 0
    assert deployment.invoke("kafka_consumer", {"eventSource": "aws:kafka", "records": {}})["stored"] == 0
    assert deployment.invoke("aggregation", {"eventSource": "aws:kafka", "records": {}})["accepted"] == 0
    status, index = deployment.get("/")
    assert (status, index["name"]) == (200, "Stock AI")
    status, health = deployment.get("/api/v1/health")
    assert (status, health["status"]) == (200, "up"), health


def test_a_run_of_the_triggers_accounts_for_every_bar(summary):
    bars = summary["bars"]
    assert summary["source"] == "csv"
    assert bars["read"] > 1000
    assert bars["read"] == bars["published"] == bars["stored"] + bars["unchanged"] + sum(bars["quarantined"].values())
    # One more for the good bar that was there before.
    assert summary["insights"] == STOCKS + 1
    assert {"recover", "collect", "store", "train", "analyse", "aggregate"} == set(summary["seconds"])


def test_an_insight_is_read_through_the_deployed_api(deployment, summary, market):
    stock = market.stocks[0]
    status, insight = deployment.get(f"/api/v1/analysis/{stock}/insight")
    assert status == 200, insight
    assert insight["symbol"] == stock
    assert insight["simulated"] is False
    assert insight["freshness"]["source"] == "csv"
    assert insight["freshness"]["as_of"] >= "2024-01-01"
    explained = deployment.invoke("llm_analysis", {"symbol": stock, "language": "en"})
    assert (explained["analysis"]["symbol"], explained["analysis"]["provider"]) == (stock, "template")
    status, newest = deployment.get(f"/api/v1/analysis/{stock}/llm?language=en")
    assert (status, newest["analysis_id"]) == (200, explained["analysis"]["analysis_id"])


def test_the_model_was_trained_by_the_deployed_function_and_is_in_its_bucket(deployment, summary, market):
    bucket = deployment.output("StockAi-Data", "ModelBucket")
    keys = [item["Key"] for item in deployment.aws("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert "models/champions.json" in keys
    assert deployment.invoke("ai_analysis", schedule_event("probe", utc_now(), {"symbols": market.stocks[:1]}))["model"]


def test_a_bad_record_is_a_dead_letter_with_its_reason_and_the_good_one_beside_it_is_stored(
    deployment, letters, summary
):
    [letter] = [letter for letter in letters.list(topics.STOCK_PRICES_RAW) if letter.key == "ZZ"]
    assert letter.reason == "non_positive_price"
    assert json.loads(letter.value)["symbol"] == "ZZB"
    assert deployment.get("/api/v1/stocks/ZZA/prices")[0] == 200
    assert deployment.get("/api/v1/stocks/ZZB/prices")[0] == 404


def test_the_triggers_go_on_and_show_the_api_until_they_are_interrupted(deployment, summary, market):
    prices = ("--source", "csv", "--data", str(market.folder), "--symbols", market.stocks[0])
    with deployment.triggers("--json", *prices) as process:
        try:
            shown = next(line for line in process.stderr if line.startswith("API "))
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130, errors
    assert shown.split()[1].startswith(f"{deployment.server.address}/_aws/execute-api/")
    with urllib.request.urlopen(shown.split()[1], timeout=60) as answer:
        assert answer.status == 200
    assert json.loads(output)["bars"]["read"] > 0


def test_the_source_the_deployed_collector_is_set_to_is_not_mixed_with_real_bars(deployment, summary):
    code, _, errors = deployment.triggers_once()
    assert code == 2
    assert "holds real bars and cannot take simulated ones" in errors


def test_an_asynchronous_invocation_that_keeps_failing_ends_in_the_queue(deployment):
    function = topology.function("data_collector").deployed_name
    event = schedule_event("probe", utc_now(), {"no_such_key": 1})
    deployment.aws("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event))
    queue = deployment.output("StockAi-Functions", "FailedInvocationsQueueUrl")
    deadline = time.monotonic() + 60
    while True:
        received = deployment.aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5).get("Messages", [])
        if received or time.monotonic() > deadline:
            break
    [message] = received
    failure = json.loads(message["Body"])
    assert failure["requestContext"]["condition"] == "RetriesExhausted"
    assert failure["requestPayload"]["detail"] == {"no_such_key": 1}
    assert failure["responsePayload"]["errorType"] == "InvalidInputError"


def test_no_address_of_a_store_is_in_an_environment(deployment, servers):
    secrets = deployment.aws("secretsmanager")
    assert secrets.get_secret_value(SecretId="stock-ai/mongodb-uri")["SecretString"] == servers.mongodb
    assert secrets.get_secret_value(SecretId="stock-ai/redis-url")["SecretString"] == servers.redis
    for function in topology.FUNCTIONS:
        configuration = deployment.aws("lambda").get_function_configuration(FunctionName=function.deployed_name)
        variables = configuration["Environment"]["Variables"]
        assert not [name for name, value in variables.items() if "mongodb://" in value or "redis://" in value]
        assert {f"{name}_SECRET" for name in ("MONGODB_URI", "REDIS_URL") if name in function.settings} <= set(
            variables
        )
