"""What is deployed where: the CDK context (`-c key=value`), checked once.

| key | aws | localstack |
|---|---|---|
| target | `aws` (default) | `localstack` |
| arch | `arm64` (default) or `x86_64` | this machine's own unless given |
| kafka | `provisioned` (default), `serverless` or `host:port[,host:port]` | `host:port`, default `kafka:9092` |
| kafka_secret | name of a secret `{"username", "password"}`, with `host:port` only | - |
| mongodb | `documentdb` (default) or `secret:NAME` | `mongodb://..`, default `mongodb://mongodb:27017` |
| redis | `valkey` (default) or `secret:NAME` | `redis://..`, default `redis://redis:6379` |
| price_source | `simulated` (default) or `vnstock` | the same |
| symbols | what to collect: `VN30`, `HOSE`, `HNX`, `UPCOM`, `ALL` or `FPT,VCB`; the source's default | the same |
| cors_origins | `*` (default) or origins that browsers may call from, `https://a.example[,..]` | the same |
| llm_provider | `template` (default), `anthropic` or `openai`: who explains; needs its key in its secret | the same |
| llm_fallback | `anthropic` or `openai`, asked while the first is away, optional | the same |
| llm_daily_budget_usd | dollars a day, `1` unless given | the same |
| alarm_email | an address, optional | - |
"""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from stock_ai.errors import InvalidInputError

Target = Literal["aws", "localstack"]
Architecture = Literal["arm64", "x86_64"]

PROVISIONED, SERVERLESS = "provisioned", "serverless"
DOCUMENTDB, VALKEY = "documentdb", "valkey"
SECRET = "secret:"  # noqa: S105 - the mark of a name, no secret

_ARM = frozenset({"arm64", "aarch64"})
# AWS Secrets Manager API reference, CreateSecret: what a name may hold.
_SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")
_HOST_PORT = re.compile(r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?):(?P<port>[0-9]{1,5})")
_SYMBOLS = re.compile(r"[A-Z0-9]{2,12}(?:,[A-Z0-9]{2,12})*")
# RFC 6454: what a browser sends has no path, not even a slash.
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class Context:
    """A deployment that has been checked; `Context.read` makes it."""

    target: Target
    arch: Architecture
    kafka: str
    """`provisioned`, `serverless`, or brokers as `host:port[,host:port]`."""
    kafka_secret: str | None
    """Name of the secret with the login to brokers of one's own."""
    mongodb: str
    """`documentdb`, `secret:NAME`, or for LocalStack a URI."""
    redis: str
    """`valkey`, `secret:NAME`, or for LocalStack a URL."""
    price_source: str
    symbols: str
    """Groups or symbols separated by commas; empty leaves it to the source."""
    cors_origins: str
    """`*`, or origins separated by commas."""
    llm_provider: str
    llm_fallback: str | None
    llm_daily_budget_usd: str
    alarm_email: str | None

    @property
    def on_aws(self) -> bool:
        """Whether this goes to AWS itself."""
        return self.target == "aws"

    @property
    def brokers(self) -> tuple[str, ...]:
        """Brokers of one's own as `host:port`; empty where the cluster is made here."""
        return () if self.kafka in (PROVISIONED, SERVERLESS) else tuple(self.kafka.split(","))

    @classmethod
    def read(cls, lookup: Callable[[str], object]) -> Context:
        """From a function that knows the value of a key or gives None, such as `app.node.try_get_context`.

        Raises:
            InvalidInputError: a value is not possible; the message names key and value.
        """
        given = {key: _text(key, lookup(key)) for key in _KEYS}
        target = _one_of("target", given["target"] or "aws", ("aws", "localstack"))
        return _aws(given) if target == "aws" else _localstack(given)


_KEYS = (
    "target",
    "arch",
    "kafka",
    "kafka_secret",
    "mongodb",
    "redis",
    "price_source",
    "symbols",
    "cors_origins",
    "llm_provider",
    "llm_fallback",
    "llm_daily_budget_usd",
    "alarm_email",
)
_SOURCES = ("simulated", "vnstock")
_LANGUAGE_MODELS = ("anthropic", "openai")
_DOLLARS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,2})?")


def machine_arch(machine: str | None = None) -> Architecture:
    """The architecture of this machine as Lambda names it; `machine` is for tests."""
    return "arm64" if (machine or platform.machine()).lower() in _ARM else "x86_64"


def secret_name(value: str) -> str | None:
    """NAME of a value `secret:NAME`, None of any other."""
    return value.removeprefix(SECRET) if value.startswith(SECRET) else None


def _aws(given: Mapping[str, str | None]) -> Context:
    kafka = given["kafka"] or PROVISIONED
    external = kafka not in (PROVISIONED, SERVERLESS)
    login = given["kafka_secret"]
    if external:
        kafka = _brokers(kafka, f"{PROVISIONED}, {SERVERLESS} or host:port[,host:port]")
        if login is None:
            raise InvalidInputError(f"kafka_secret: needed with kafka={kafka}, the name of the secret with its login")
        _checked("kafka_secret", login, _SECRET_NAME, "the name of a secret")
    elif login is not None:
        raise InvalidInputError(f"kafka_secret: {login!r} has no use with kafka={kafka}")
    email = given["alarm_email"]
    return Context(
        target="aws",
        arch=_arch(given["arch"], "arm64"),
        kafka=kafka,
        kafka_secret=login,
        mongodb=_managed_or_secret("mongodb", given["mongodb"], DOCUMENTDB),
        redis=_managed_or_secret("redis", given["redis"], VALKEY),
        price_source=_one_of("price_source", given["price_source"] or "simulated", _SOURCES),
        symbols=_symbols(given["symbols"]),
        cors_origins=_origins(given["cors_origins"] or "*"),
        llm_provider=_one_of("llm_provider", given["llm_provider"] or "template", ("template", *_LANGUAGE_MODELS)),
        llm_fallback=_fallback(given["llm_fallback"], given["llm_provider"]),
        llm_daily_budget_usd=_checked(
            "llm_daily_budget_usd", given["llm_daily_budget_usd"] or "1", _DOLLARS, "an amount of dollars such as 2.50"
        ),
        alarm_email=None if email is None else _checked("alarm_email", email, _EMAIL, "an e-mail address"),
    )


def _localstack(given: Mapping[str, str | None]) -> Context:
    for key in ("kafka_secret", "alarm_email"):
        if given[key] is not None:
            raise InvalidInputError(f"{key}: {given[key]!r} has no use with target=localstack")
    return Context(
        target="localstack",
        arch=_arch(given["arch"], machine_arch()),
        kafka=_brokers(given["kafka"] or "kafka:9092", "host:port[,host:port]"),
        kafka_secret=None,
        mongodb=_url("mongodb", given["mongodb"] or "mongodb://mongodb:27017", ("mongodb://", "mongodb+srv://")),
        redis=_url("redis", given["redis"] or "redis://redis:6379", ("redis://", "rediss://")),
        price_source=_one_of("price_source", given["price_source"] or "simulated", _SOURCES),
        symbols=_symbols(given["symbols"]),
        cors_origins=_origins(given["cors_origins"] or "*"),
        llm_provider=_one_of("llm_provider", given["llm_provider"] or "template", ("template", *_LANGUAGE_MODELS)),
        llm_fallback=_fallback(given["llm_fallback"], given["llm_provider"]),
        llm_daily_budget_usd=_checked(
            "llm_daily_budget_usd", given["llm_daily_budget_usd"] or "1", _DOLLARS, "an amount of dollars such as 2.50"
        ),
        alarm_email=None,
    )


def _text(key: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InvalidInputError(f"{key}: {value!r} is not text")
    return value.strip() or None if value else None


def _one_of(key: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise InvalidInputError(f"{key}: {value!r} is not {' or '.join(choices)}")
    return value


def _arch(value: str | None, default: Architecture) -> Architecture:
    return cast("Architecture", _one_of("arch", value or default, ("arm64", "x86_64")))


def _checked(key: str, value: str, form: re.Pattern[str], what: str) -> str:
    if not form.fullmatch(value):
        raise InvalidInputError(f"{key}: {value!r} is not {what}")
    return value


def _brokers(value: str, what: str) -> str:
    brokers = [part.strip() for part in value.split(",")]
    for broker in brokers:
        match = _HOST_PORT.fullmatch(broker)
        if match is None or not 0 < int(match["port"]) < 65536:
            raise InvalidInputError(f"kafka: {broker!r} is not {what}")
    return ",".join(brokers)


def _symbols(value: str | None) -> str:
    return "" if value is None else _checked("symbols", value.upper(), _SYMBOLS, "symbols such as FPT,VCB or a group")


def _origins(value: str) -> str:
    if value == "*":
        return value
    what = "an origin such as https://app.example.org, without a path"
    return ",".join(_checked("cors_origins", part.strip(), _ORIGIN, what) for part in value.split(","))


def _fallback(value: str | None, first: str | None) -> str | None:
    if value is None:
        return None
    if first in (None, "template", value):
        raise InvalidInputError(f"llm_fallback: {value!r} has no use with llm_provider={first or 'template'}")
    return _one_of("llm_fallback", value, _LANGUAGE_MODELS)


def _managed_or_secret(key: str, value: str | None, managed: str) -> str:
    if value is None or value == managed:
        return managed
    name = secret_name(value)
    if name is None:
        # It may be a URI with a password, so it is not shown.
        raise InvalidInputError(f"{key}: must be {managed} or {SECRET}NAME; the URI itself belongs into the secret")
    if not _SECRET_NAME.fullmatch(name):
        raise InvalidInputError(f"{key}: {name!r} is not the name of a secret")
    return value


def _url(key: str, value: str, schemes: tuple[str, ...]) -> str:
    if not value.startswith(schemes):
        raise InvalidInputError(f"{key}: must start with {' or '.join(schemes)} with target=localstack")
    return value
