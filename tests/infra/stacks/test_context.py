"""Context values that are possible, and one clear line for those that are not."""

import subprocess
import sys

import pytest

from infra.context import Context, machine_arch
from stock_ai.errors import InvalidInputError


def read(**values):
    return Context.read(values.get)


def test_defaults_for_aws():
    context = read()
    assert (context.target, context.arch, context.kafka) == ("aws", "arm64", "provisioned")
    assert (context.mongodb, context.redis, context.alarm_email) == ("documentdb", "valkey", None)
    assert context.brokers == ()


def test_defaults_for_localstack():
    context = read(target="localstack")
    assert context.arch == machine_arch()
    assert (context.kafka, context.mongodb) == ("kafka:9092", "mongodb://mongodb:27017")
    assert context.redis == "redis://redis:6379"


@pytest.mark.parametrize(
    ("machine", "arch"), [("aarch64", "arm64"), ("arm64", "arm64"), ("x86_64", "x86_64"), ("AMD64", "x86_64")]
)
def test_architectures_of_machines(machine, arch):
    assert machine_arch(machine) == arch


def test_origins():
    assert read().cors_origins == "*"
    assert read(cors_origins="https://a.example, http://localhost:3000").cors_origins == (
        "https://a.example,http://localhost:3000"
    )


def test_brokers_of_ones_own():
    assert Context.read({"kafka": "a:1, b:2", "kafka_secret": "k"}.get).brokers == ("a:1", "b:2")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"target": "azure"}, "target: 'azure' is not aws or localstack"),
        ({"arch": "mips"}, "arch: 'mips' is not arm64 or x86_64"),
        ({"kafka": "x"}, "kafka: 'x' is not provisioned, serverless or host:port[,host:port]"),
        ({"kafka": "a:0", "kafka_secret": "k"}, "kafka: 'a:0' is not"),
        ({"kafka": "a:70000", "kafka_secret": "k"}, "kafka: 'a:70000' is not"),
        ({"kafka": "a:9096"}, "kafka_secret: needed with kafka=a:9096"),
        ({"kafka": "a:9096", "kafka_secret": "no blanks"}, "kafka_secret: 'no blanks' is not the name of a secret"),
        ({"kafka_secret": "k"}, "kafka_secret: 'k' has no use with kafka=provisioned"),
        ({"mongodb": "secret:"}, "mongodb: '' is not the name of a secret"),
        ({"redis": "secret:a b"}, "redis: 'a b' is not the name of a secret"),
        ({"llm_provider": "gpt"}, "llm_provider: 'gpt' is not template or anthropic or openai"),
        ({"llm_fallback": "openai"}, "llm_fallback: 'openai' has no use with llm_provider=template"),
        (
            {"llm_provider": "openai", "llm_fallback": "openai"},
            "llm_fallback: 'openai' has no use with llm_provider=openai",
        ),
        ({"llm_daily_budget_usd": "-1"}, "llm_daily_budget_usd: '-1' is not an amount of dollars"),
        ({"alarm_email": "nobody"}, "alarm_email: 'nobody' is not an e-mail address"),
        ({"target": "localstack", "alarm_email": "a@b.c"}, "alarm_email: 'a@b.c' has no use with target=localstack"),
        ({"target": "localstack", "kafka": "provisioned"}, "kafka: 'provisioned' is not host:port"),
        ({"target": "localstack", "mongodb": "documentdb"}, "mongodb: must start with mongodb://"),
        ({"target": "localstack", "redis": "http://x"}, "redis: must start with redis://"),
        ({"price_source": "csv"}, "price_source: 'csv' is not simulated or vnstock"),
        ({"symbols": "F-T"}, "symbols: 'F-T' is not symbols such as FPT,VCB"),
        ({"cors_origins": "https://a.example/"}, "cors_origins: 'https://a.example/' is not an origin such as"),
        ({"cors_origins": "https://a.example,*"}, "cors_origins: '*' is not an origin such as"),
        ({"arch": 3}, "arch: 3 is not text"),
    ],
)
def test_what_is_not_possible_is_named(values, message):
    with pytest.raises(InvalidInputError) as caught:
        read(**values)
    assert str(caught.value).startswith(message)


def test_a_uri_with_a_password_is_not_shown():
    with pytest.raises(InvalidInputError) as caught:
        read(mongodb="mongodb+srv://me:hunter2@example.org")
    assert "hunter2" not in str(caught.value)


def test_the_application_ends_with_one_line_and_status_2():
    script = "import sys; from infra import app; app.FLAGS = {**app.FLAGS, 'kafka': 'x'}; sys.exit(app.main())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("kafka: 'x' is not provisioned")
    assert "Traceback" not in done.stderr
