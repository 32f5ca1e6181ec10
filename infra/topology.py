"""The list of functions and what triggers each: read by the CDK stacks and by local/, and stated nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from stock_ai.models import topics


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic to be created."""

    name: str
    partitions: int
    retention_hours: int


@dataclass(frozen=True, slots=True)
class KafkaTrigger:
    """A Kafka event-source mapping in provisioned mode (AWS Lambda developer guide, "Using Lambda with Amazon MSK")."""

    topic: str
    batch_size: int
    window_seconds: float
    max_retries: int
    max_age_seconds: int
    dead_letter_topic: str
    bisect_on_error: bool = True
    report_item_failures: bool = True

    def tuned(self, batch_size: int | None, window_seconds: float | None) -> KafkaTrigger:
        """The same trigger with another batch size or window, where given."""
        return replace(
            self,
            batch_size=self.batch_size if batch_size is None else batch_size,
            window_seconds=self.window_seconds if window_seconds is None else window_seconds,
        )


@dataclass(frozen=True, slots=True)
class ScheduleTrigger:
    """A cron schedule in exchange time. Fields use the syntax that EventBridge and APScheduler share."""

    name: str
    minute: str
    hour: str
    week_day: str = "MON-FRI"
    detail: Mapping[str, str] = field(default_factory=dict)
    """The `detail` of the event."""


@dataclass(frozen=True, slots=True)
class Function:
    """One AWS Lambda function."""

    name: str
    memory_mb: int
    timeout_seconds: int
    layers: tuple[str, ...]
    settings: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that are the same wherever it runs."""
    kafka: tuple[KafkaTrigger, ...] = ()
    schedules: tuple[ScheduleTrigger, ...] = ()
    publishes: tuple[str, ...] = ()
    """Topics the function itself writes to."""
    trains: bool = False
    """Writes models to the registry; a function with the setting MODEL_REGISTRY otherwise only reads there."""
    reserved_concurrency: int | None = None
    handler: str = field(default="")

    def __post_init__(self) -> None:
        if not self.handler:
            object.__setattr__(self, "handler", f"functions.{self.name}.handler.handler")

    @property
    def deployed_name(self) -> str:
        """Its name on AWS and LocalStack, e.g. `stock-ai-data-collector`."""
        return f"stock-ai-{self.name.replace('_', '-')}"


def _results(topic: str) -> KafkaTrigger:
    return KafkaTrigger(
        topic=topic,
        batch_size=500,
        window_seconds=0.5,
        max_retries=10,
        max_age_seconds=24 * 3600,
        dead_letter_topic=topics.dead_letter(topic),
    )


_ENGINES = ("LLM_PROVIDER", "LLM_FALLBACK", "ANTHROPIC_MODEL", "OPENAI_MODEL")
"""Which language models are asked: told to whoever writes texts and to whoever looks for one that is written."""

FUNCTIONS: tuple[Function, ...] = (
    Function(
        name="data_collector",
        memory_mb=1024,
        timeout_seconds=900,
        publishes=(topics.STOCK_PRICES_RAW,),
        reserved_concurrency=1,  # The source counts requests: two collectors at once would break its limit.
        layers=("stock_ai", "base", "market_data"),
        settings=(
            "KAFKA_BOOTSTRAP_SERVERS",
            "MONGODB_URI",
            "MONGODB_DATABASE",
            "REDIS_URL",
            "RATE_LIMIT_PER_SECOND",
            "VNSTOCK_API_KEY",
            "PRICE_SOURCE",
            "PRICE_DATA",
            "PRICE_SYMBOLS",
            "PRICE_SINCE",
            "PRICE_UNTIL",
            "CLOSURES_FILE",
        ),
        schedules=(
            # During the session every quarter of an hour, and once after the close when the daily bar is final.
            ScheduleTrigger("session", minute="*/15", hour="9-14", detail={"do": "tick"}),
            ScheduleTrigger("close", minute="10", hour="15", detail={"do": "close"}),
            ScheduleTrigger("intraday", minute="40", hour="15", detail={"do": "intraday"}),
        ),
    ),
    Function(
        name="kafka_consumer",
        memory_mb=1024,
        timeout_seconds=120,
        publishes=(topics.dead_letter(topics.STOCK_PRICES_RAW),),
        layers=("stock_ai", "base"),
        settings=("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI", "MONGODB_DATABASE"),
        kafka=(
            KafkaTrigger(
                topic=topics.STOCK_PRICES_RAW,
                batch_size=2000,
                window_seconds=1,
                max_retries=10,
                max_age_seconds=24 * 3600,
                dead_letter_topic=topics.dead_letter(topics.STOCK_PRICES_RAW),
            ),
        ),
    ),
    Function(
        name="ai_analysis",
        memory_mb=2048,
        timeout_seconds=600,
        publishes=(topics.AI_ANALYSIS_RESULTS,),
        layers=("stock_ai", "base", "indicators", "analysis", "neural"),
        settings=(
            "KAFKA_BOOTSTRAP_SERVERS",
            "MONGODB_URI",
            "MONGODB_DATABASE",
            "MODEL_REGISTRY",
            "PANEL_SNAPSHOT",
            "CLOSURES_FILE",
        ),
        # A tree takes microseconds for a market's rows: threads would only wait for each other, and spin.
        variables={"OMP_NUM_THREADS": "1"},
        schedules=(
            ScheduleTrigger("session", minute="5,20,35,50", hour="9-14"),
            ScheduleTrigger("close", minute="20", hour="15"),
        ),
    ),
    Function(
        name="model_training",
        memory_mb=3008,
        timeout_seconds=900,
        trains=True,
        reserved_concurrency=1,  # Two at once would only race for the same current model.
        layers=("stock_ai", "base", "indicators", "analysis", "neural"),
        settings=("MONGODB_URI", "MONGODB_DATABASE", "MODEL_REGISTRY", "PANEL_SNAPSHOT"),
        schedules=(
            ScheduleTrigger("weekly", minute="0", hour="8", week_day="SAT"),
            ScheduleTrigger("evaluation", minute="0", hour="9", week_day="SAT", detail={"do": "evaluate"}),
        ),
    ),
    Function(
        name="llm_analysis",
        memory_mb=1024,
        timeout_seconds=120,  # A text with one repair is two calls of 40 s at most.
        publishes=(topics.LLM_ANALYSIS_RESULTS,),
        reserved_concurrency=10,  # Every call costs money; more askers than this wait or are told to.
        layers=("stock_ai", "base", "llm"),
        settings=(
            "KAFKA_BOOTSTRAP_SERVERS",
            "MONGODB_URI",
            "MONGODB_DATABASE",
            "REDIS_URL",
            "CLOSURES_FILE",
            "ANTHROPIC_API_KEY",
            "ANTHROPIC_BASE_URL",
            "OPENAI_API_KEY",
            "OPENAI_BASE_URL",
            *_ENGINES,
            "LLM_CACHE_SECONDS",
            "LLM_DAILY_BUDGET_USD",
        ),
    ),
    Function(
        name="aggregation",
        memory_mb=512,
        timeout_seconds=60,
        publishes=(
            topics.dead_letter(topics.AI_ANALYSIS_RESULTS),
            topics.dead_letter(topics.LLM_ANALYSIS_RESULTS),
        ),
        layers=("stock_ai", "base"),
        settings=("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI", "MONGODB_DATABASE", "REDIS_URL"),
        kafka=(_results(topics.AI_ANALYSIS_RESULTS), _results(topics.LLM_ANALYSIS_RESULTS)),
    ),
    Function(
        name="api",
        memory_mb=1024,
        timeout_seconds=29,  # API Gateway gives up on an integration after 29 s.
        layers=("stock_ai", "base", "api", "indicators"),
        settings=(
            "MONGODB_URI",
            "MONGODB_DATABASE",
            "REDIS_URL",
            "KAFKA_BOOTSTRAP_SERVERS",
            "LLM_FUNCTION_NAME",
            *_ENGINES,
            "LLM_DAILY_BUDGET_USD",
            "LLM_REQUESTS_PER_MINUTE",
            "LLM_WAIT_SECONDS",
            "API_STREAMING",
            "API_REQUESTS_PER_MINUTE",
            "API_BODY_BYTES",
            "API_KEEP_SECONDS",
            "API_CORS_ORIGINS",
            "CLOSURES_FILE",
        ),
        handler="api.handler.handler",
    ),
)

TOPICS: tuple[Topic, ...] = (
    *(Topic(name, partitions=6, retention_hours=7 * 24) for name in topics.TOPICS),
    *(Topic(name, partitions=1, retention_hours=14 * 24) for name in topics.DEAD_LETTER_TOPICS),
)


def function(name: str) -> Function:
    """The function called `name`; `KeyError` when there is none."""
    for candidate in FUNCTIONS:
        if candidate.name == name:
            return candidate
    raise KeyError(name)
