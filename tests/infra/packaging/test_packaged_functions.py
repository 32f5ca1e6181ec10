"""What is deployed works by itself: every function's archives, unpacked, on Python 3.13 and with nothing else."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition

from infra import topology
from infra.packaging import third_party
from infra.packaging.functions import complete_archive, function_archive, topic_setup_archive
from infra.packaging.layers import layer_archive
from local.embedded.kafka import create_topics
from local.events import Record, kafka_event, schedule_event
from stock_ai.clock import utc_now
from stock_ai.models import topics
from tests.infra.packaging.unpacking import unpack, unpack_function

PROCESS = Path(__file__).with_name("lambda_process.py")
SYMBOLS = 31
DAYS = 560
"""Training wants 75 sessions beyond the 265 that give no complete rows."""


def proxy_event(path: str) -> dict:
    """A REST API (v1) proxy event, as in the API Gateway developer guide, "Input format"."""
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": "GET",
        "headers": {"Accept": "*/*", "Host": "abc123.execute-api.ap-southeast-1.amazonaws.com"},
        "multiValueHeaders": {"Accept": ["*/*"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": path.lstrip("/")},
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/{proxy+}",
            "httpMethod": "GET",
            "path": f"/v1{path}",
            "stage": "v1",
            "requestId": "77375676-xmpl-4b79-853a-f982474efe18",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": None,
        "isBase64Encoded": False,
    }


@pytest.fixture(scope="module")
def runtime(arch, interpreter, tmp_path_factory) -> Path:
    """A folder with only what the Lambda runtime carries."""
    folder = tmp_path_factory.mktemp("runtime")
    third_party.install(third_party.runtime_requirements(), arch, folder)
    return folder


@pytest.fixture(scope="module")
def environment(kafka_bootstrap, mongo_uri, redis_url, tmp_path_factory) -> dict[str, str]:
    """Every setting any function may read."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "MONGODB_URI": mongo_uri,
        "MONGODB_DATABASE": f"packaged_{os.getpid()}",
        "REDIS_URL": redis_url,
        "MODEL_REGISTRY": str(tmp_path_factory.mktemp("models")),
        "PANEL_SNAPSHOT": str(tmp_path_factory.mktemp("panels") / "daily.panel"),
        "PRICE_SOURCE": "simulated",
    }


class Packaged:
    """Functions from their archives. All those with the same layers share the folder the layers are unpacked into."""

    def __init__(self, interpreter: Path, runtime: Path, arch: str, environment: dict[str, str], folder: Path) -> None:
        self._interpreter = interpreter
        self._runtime = runtime
        self._arch = arch
        self._environment = environment
        self._folder = folder

    def unpacked(self, function: topology.Function) -> Path:
        """The one folder with the function's code and layers."""
        target = self._folder / function.name
        if not target.exists():
            unpack_function(function, self._arch, target)
        return target

    def invoke(self, name: str, *events: dict) -> list:
        """The answers of the function called `name` to `events`, from one new process."""
        function = topology.function(name)
        settings = {key: self._environment[key] for key in function.settings if key in self._environment}
        return self.run(function.handler, self.unpacked(function), settings, *events)

    def run(self, handler: str, code: Path, settings: dict[str, str], *events: dict) -> list:
        """The answers of `handler` in the folder `code`."""
        asked, answered = self._folder / "events.json", self._folder / "answers.json"
        asked.write_text(json.dumps(events))
        command = [self._interpreter, "-I", "-S", PROCESS, handler, asked, answered, code, self._runtime]
        lambda_variables = {
            "AWS_REGION": "ap-southeast-1",
            "AWS_LAMBDA_FUNCTION_NAME": "packaged",
            "POWERTOOLS_SERVICE_NAME": "packaged",
            "POWERTOOLS_METRICS_NAMESPACE": "StockAI",
            # As on Lambda; spans go by UDP to a port where nobody need listen.
            "LAMBDA_TASK_ROOT": str(code),
            "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1",
            "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:9",
            "PATH": os.environ["PATH"],
        }
        run = subprocess.run(
            command, env=lambda_variables | settings, capture_output=True, text=True, check=False, timeout=240
        )
        assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-4000:]
        return json.loads(answered.read_text())


@pytest.fixture(scope="module")
def packaged(interpreter, runtime, arch, environment, tmp_path_factory) -> Packaged:
    return Packaged(interpreter, runtime, arch, environment, tmp_path_factory.mktemp("functions"))


class Published:
    """What functions have written to a topic since the last look, as events of its mapping."""

    def __init__(self, bootstrap: str, topic: str, batch: int) -> None:
        self._bootstrap, self._batch = bootstrap, batch
        self._consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
        # Another test may have made the topic first, with fewer partitions.
        self._partitions = [TopicPartition(topic, n) for n in self._consumer.partitions_for_topic(topic) or ()]
        self._consumer.assign(self._partitions)
        for partition, end in self._consumer.end_offsets(self._partitions).items():
            self._consumer.seek(partition, end)

    def events(self) -> list[dict]:
        ends = self._consumer.end_offsets(self._partitions)
        found: list[Record] = []
        while any(self._consumer.position(partition) < end for partition, end in ends.items()):
            for records in self._consumer.poll(timeout_ms=1000).values():
                found.extend(Record.of(record) for record in records)
        batches = [found[start : start + self._batch] for start in range(0, len(found), self._batch)]
        return [kafka_event(batch, self._bootstrap) for batch in batches]

    def close(self) -> None:
        self._consumer.close()


@pytest.fixture
def published(kafka_bootstrap):
    opened = []

    def of(topic: str, batch: int) -> Published:
        opened.append(Published(kafka_bootstrap, topic, batch))
        return opened[-1]

    yield of
    for watched in opened:
        watched.close()


def schedule(detail: dict) -> dict:
    return schedule_event("session", utc_now(), detail)


def body(answer: dict) -> dict:
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])


@pytest.mark.usefixtures("redis_client")
def test_every_function_runs_from_its_archives(packaged, kafka_bootstrap, published):
    """Prices in, one insight with its text out: the whole pipeline, one process of Python 3.13 per step."""
    create_topics(kafka_bootstrap, topology.TOPICS)
    prices = published(topics.STOCK_PRICES_RAW, 2000)
    analyses = published(topics.AI_ANALYSIS_RESULTS, 500)
    texts = published(topics.LLM_ANALYSIS_RESULTS, 500)
    since = (utc_now() - dt.timedelta(days=DAYS)).date().isoformat()

    (collected,) = packaged.invoke("data_collector", schedule({"since": since}))
    assert collected["published"] > SYMBOLS * 150
    stored = packaged.invoke("kafka_consumer", *prices.events())
    assert sum(answer["stored"] for answer in stored) == collected["published"]
    (trained,) = packaged.invoke("model_training", schedule({}))
    (analysed,) = packaged.invoke("ai_analysis", schedule({}))
    assert (analysed["analyses"], analysed["model"]) == (SYMBOLS, trained["version"])
    (aggregated,) = packaged.invoke("aggregation", *analyses.events())
    assert aggregated["insights"] == SYMBOLS
    (explained,) = packaged.invoke("llm_analysis", {"symbol": "FPT", "language": "en"})
    (merged,) = packaged.invoke("aggregation", *texts.events())
    assert merged["insights"] == 1

    index, insight, health = packaged.invoke(
        "api", *(proxy_event(path) for path in ("/", "/api/v1/analysis/FPT/insight", "/api/v1/health"))
    )
    assert body(index)["name"] == "Stock AI"
    assert body(insight)["simulated"] is True
    assert body(insight)["llm"]["analysis_id"] == explained["analysis"]["analysis_id"]
    assert body(health)["status"] == "up"


def test_topics_are_set_up_from_the_archive(packaged, kafka_bootstrap, arch, tmp_path):
    for archive in (layer_archive("stock_ai", arch), layer_archive("base", arch)):
        unpack(archive, tmp_path, "python/")
    unpack(topic_setup_archive(), tmp_path)
    settings = {"KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap, "KAFKA_REPLICATION_FACTOR": "1"}
    packaged.run("infra.topic_setup.handler.handler", tmp_path, settings, {})
    consumer = KafkaConsumer(bootstrap_servers=kafka_bootstrap)
    try:
        assert {topic.name for topic in topology.TOPICS} <= consumer.topics()
    finally:
        consumer.close()


@pytest.mark.parametrize("module", ["boto3", "aws_lambda_powertools.utilities.parameters", "aws_xray_sdk.core"])
def test_what_needs_the_runtimes_packages_finds_them(module, interpreter, runtime, arch, tmp_path):
    unpack(layer_archive("base", arch), tmp_path, "python/")
    program = f"import sys; sys.path[:0] = {[str(tmp_path), str(runtime)]!r}; import {module}"
    subprocess.run([interpreter, "-I", "-S", "-c", program], check=True, timeout=60)


def test_a_complete_archive_is_code_and_layers_at_one_root(arch):
    function = topology.function("api")
    parts = [*(layer_archive(name, arch) for name in function.layers), function_archive(function)]
    with zipfile.ZipFile(complete_archive(function, arch)) as complete:
        merged = complete.namelist()
    wanted = {name.removeprefix("python/") for part in parts for name in zipfile.ZipFile(part).namelist()}
    assert len(merged) == len(set(merged))
    assert set(merged) == wanted


def test_the_driver_itself_sees_nothing_of_this_machine(interpreter, runtime, tmp_path, arch):
    """Without the layers an import fails: nothing is found by way of the environment this test runs in."""
    unpack(function_archive(topology.function("aggregation")), tmp_path)
    program = f"import sys; sys.path[:0] = {[str(tmp_path), str(runtime)]!r}; import functions.aggregation.handler"
    run = subprocess.run(
        [interpreter, "-I", "-S", "-c", program], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert "ModuleNotFoundError: No module named 'aws_lambda_powertools'" in run.stderr, sys.version
