"""The handler with its own wiring: real SDKs before the stub server, real Redis, MongoDB and Kafka."""

import dataclasses

import pytest
from kafka import KafkaConsumer, TopicPartition

from functions.llm_analysis import wiring
from functions.llm_analysis.handler import handler
from infra import topology
from infra.topology import Topic
from local.embedded.kafka import create_topics
from local.worker import invocation_context
from stock_ai.errors import NotFoundError, RunAbortedError
from stock_ai.market.calendar import exchange_date
from stock_ai.models import topics
from stock_ai.models.llm import Explained, LlmAnalysis, Served
from stock_ai.storage.flights import RedisFlights
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.llm_usage import RedisLlmUsage
from tests.fakes.api_services import make_analysis
from tests.fakes.clock import FixedClock
from tests.fakes.llm_servers.server import LlmServers
from tests.fakes.llm_servers.turns import Turn
from tests.fakes.llm_servers.writing import faithful, stubborn

KEY = "sk-never-show-me-0123456789"


@pytest.fixture
def servers():
    with LlmServers() as running:
        yield running


@pytest.fixture
def configure(monkeypatch, kafka_bootstrap, mongo_uri, mongo_database, redis_url, redis_client, servers):
    create_topics(kafka_bootstrap, [Topic(topics.LLM_ANALYSIS_RESULTS, 1, 1)])
    RedisInsightStore(redis_client).apply([make_analysis()])
    for name in ("LLM_PROVIDER", "LLM_FALLBACK", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "REDIS_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    fixed = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "MONGODB_URI": mongo_uri,
        "MONGODB_DATABASE": mongo_database.name,
        "REDIS_URL": redis_url,
        "ANTHROPIC_BASE_URL": servers.anthropic_url,
        "OPENAI_BASE_URL": servers.openai_url,
    }

    def make(**settings):
        for name, value in (fixed | settings).items():
            monkeypatch.setenv(name, value)
        wiring.build.cache_clear()

    yield make
    wiring.build.cache_clear()


def ask(**event):
    # Time enough for a repair on a machine that is busy with other tests.
    function = dataclasses.replace(topology.function("llm_analysis"), timeout_seconds=120)
    context = invocation_context(function)
    return Explained.model_validate(handler({"symbol": "FPT", "language": "en"} | event, context))


def published(kafka_bootstrap):
    """Every text on the topic."""
    reader = KafkaConsumer(bootstrap_servers=kafka_bootstrap, group_id=None)
    try:
        partition = TopicPartition(topics.LLM_ANALYSIS_RESULTS, 0)
        reader.assign([partition])
        reader.seek_to_beginning(partition)
        end = reader.end_offsets([partition])[partition]
        values = []
        while reader.position(partition) < end:
            values += [record.value for batch in reader.poll(1000).values() for record in batch]
        return [LlmAnalysis.model_validate_json(value) for value in values]
    finally:
        reader.close()


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
def test_a_language_model_writes_once(configure, servers, kafka_bootstrap, redis_client, provider):
    servers.script(faithful)
    configure(**{f"{provider.upper()}_API_KEY": KEY})
    first, second = ask(), ask()
    text = first.analysis
    assert (first.served, second.served, second.analysis) == (Served.WRITTEN, Served.CACHED, text)
    assert (text.provider, text.grounding.faults, text.usage.calls) == (provider, 0, 1)
    assert text.grounding.claims > 0
    assert len(servers.asked(provider)) == 1
    assert published(kafka_bootstrap).count(text) == 1
    told = [event.event for event in RedisFlights(redis_client).follow(text.analysis_id, 0)]
    assert told[-1] == "done"
    assert "sentence" in told
    day = RedisLlmUsage(redis_client, FixedClock(text.event_time), 1.0).day(exchange_date(text.event_time))
    assert day.held_usd == 0
    assert day.spent_usd == pytest.approx(text.usage.cost_usd, abs=1e-6)
    assert text.usage.cost_usd > 0


def test_an_author_who_insists_on_its_faults_is_replaced_by_the_template(configure, servers, kafka_bootstrap):
    servers.script(stubborn)
    configure(ANTHROPIC_API_KEY=KEY)
    explained = ask()
    assert (explained.served, explained.analysis.provider) == (Served.SUBSTITUTE, "template")
    assert explained.analysis.usage.calls == len(servers.asked("anthropic")) == 2
    assert explained.analysis not in published(kafka_bootstrap)
    # The outcome is given on for a while: nobody pays for the same failure again and again.
    assert ask() == explained
    assert len(servers.asked("anthropic")) == 2


def test_a_wrong_key_is_told_by_its_setting_and_never_shown(configure, servers, capfd):
    servers.script(Turn(status=401, name="authentication_error"))
    configure(ANTHROPIC_API_KEY=KEY)
    with pytest.raises(RunAbortedError, match="ANTHROPIC_API_KEY") as refused:
        ask()
    assert KEY not in str(refused.value)
    written = capfd.readouterr()
    assert KEY not in written.out + written.err


def test_without_any_key_the_template_writes(configure, servers, kafka_bootstrap):
    configure()
    explained = ask(language="vi")
    assert (explained.served, explained.analysis.provider) == (Served.WRITTEN, "template")
    assert explained.analysis.grounding.faults == 0
    assert published(kafka_bootstrap).count(explained.analysis) == 1
    assert servers.asked("anthropic") == servers.asked("openai") == []
    with pytest.raises(NotFoundError):
        ask(symbol="VCB")
