"""Settings from the environment: one small class per need, so a function asks only for what it uses.

Any of them, `NAME`, may be given by `NAME_SECRET`: a reference as `stock_ai.secrets.read` takes it.
"""

from __future__ import annotations

import datetime as dt
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from stock_ai import secrets
from stock_ai.errors import InvalidInputError

if TYPE_CHECKING:
    from stock_ai.market.trading_calendar import TradingCalendar


def _split(value: object) -> object:
    return tuple(part.strip().upper() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _scheme(*schemes: str) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(schemes):
            raise ValueError(f"must start with {' or '.join(schemes)}")
        return value

    return AfterValidator(check)


def _host_ports(value: str) -> str:
    for part in value.split(","):
        host, _, port = part.strip().rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError(f"must be host:port[,host:port], got {part.strip()!r}")
    return value


class _SecretSource(PydanticBaseSettingsSource):
    """Gives a setting `NAME` the secret that the variable `NAME_SECRET` refers to; comes after the environment.

    The reference is one of `secrets.read`. An empty value means that the setting is not given. Calling it raises
    `InvalidInputError` where `NAME` is given as well or the secret is not readable, `RetryableError` where Secrets
    Manager is away.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:
        """See `PydanticBaseSettingsSource`."""
        name = str(field.validation_alias or field_name)
        variable = f"{name}_SECRET"
        reference = os.environ.get(variable)
        if not reference:
            return None, name, False
        if name in self.current_state:
            raise InvalidInputError(f"{name}: both {name} and {variable} are given; leave one out")
        try:
            return secrets.read(reference) or None, name, False
        except InvalidInputError as error:
            raise InvalidInputError(f"{variable}: {error}") from error.__cause__

    def __call__(self) -> dict[str, Any]:
        """See `PydanticBaseSettingsSource`."""
        found = (self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items())
        return {name: value for value, name, _ in found if value is not None}


class Settings(BaseSettings):
    """Base of every settings class."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then secrets it refers to."""
        return init_settings, env_settings, _SecretSource(settings_cls)

    @classmethod
    def load(cls) -> Self:
        """Read the environment, and the secrets it refers to.

        Raises:
            InvalidInputError: a variable is missing or wrong; the message names it and never shows a secret.
            RetryableError: Secrets Manager is away or busy.
        """
        try:
            return cls()
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(map(str, fault['loc'])) or cls.__name__}: {fault['msg'].removeprefix('Value error, ')}"
                for fault in error.errors(include_url=False, include_input=False)
            )
            raise InvalidInputError(faults) from None


class MongoSettings(Settings):
    """Where bars, analyses and quarantine live."""

    uri: Annotated[SecretStr, _scheme("mongodb://", "mongodb+srv://")] = Field(validation_alias="MONGODB_URI")
    database: str = Field(default="stock_ai", validation_alias="MONGODB_DATABASE", pattern=r"^[A-Za-z0-9_-]{1,38}$")
    username: str | None = Field(
        default=None, validation_alias="MONGODB_USERNAME", description="Where the URI has none."
    )
    password: SecretStr | None = Field(default=None, validation_alias="MONGODB_PASSWORD")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.username is None) is not (self.password is None):
            raise ValueError("MONGODB_USERNAME and MONGODB_PASSWORD need each other")
        return self


class KafkaSecurity(StrEnum):
    """How brokers know who asks; all but the first over TLS."""

    PLAINTEXT = "plaintext"
    IAM = "iam"
    """The role of the function, at Amazon MSK."""
    SCRAM = "scram"
    """Name and password, by SCRAM-SHA-512."""


class KafkaSettings(Settings):
    """Where messages go."""

    bootstrap_servers: Annotated[str, AfterValidator(_host_ports)] = Field(validation_alias="KAFKA_BOOTSTRAP_SERVERS")
    security: KafkaSecurity = Field(default=KafkaSecurity.PLAINTEXT, validation_alias="KAFKA_SECURITY")
    username: str | None = Field(default=None, validation_alias="KAFKA_USERNAME")
    password: SecretStr | None = Field(default=None, validation_alias="KAFKA_PASSWORD")

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.security is KafkaSecurity.SCRAM and (self.username is None or self.password is None):
            raise ValueError("KAFKA_SECURITY scram needs KAFKA_USERNAME and KAFKA_PASSWORD")
        return self


class RedisSettings(Settings):
    """Where insights live."""

    url: Annotated[SecretStr, _scheme("redis://", "rediss://", "unix://")] = Field(validation_alias="REDIS_URL")
    password: SecretStr | None = Field(
        default=None, validation_alias="REDIS_PASSWORD", description="Where the URL has none."
    )


class SourceSettings(Settings):
    """Where the collector takes prices from, unless its event says otherwise."""

    source: str = Field(default="simulated", validation_alias="PRICE_SOURCE")
    data: Path | None = Field(
        default=None, validation_alias="PRICE_DATA", description="Folder or parquet file of `csv`."
    )
    symbols: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(), validation_alias="PRICE_SYMBOLS", description="Comma separated; empty means all the source has."
    )
    since: dt.date | None = Field(default=None, validation_alias="PRICE_SINCE")
    until: dt.date | None = Field(default=None, validation_alias="PRICE_UNTIL")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.since and self.until and self.since > self.until:
            raise ValueError(f"PRICE_SINCE {self.since} is after PRICE_UNTIL {self.until}")
        return self


class MarketDataSettings(Settings):
    """How vnstock is asked."""

    per_second: float | None = Field(
        default=None, gt=0, validation_alias="RATE_LIMIT_PER_SECOND", description="Never more than the tier allows."
    )
    api_key: SecretStr | None = Field(
        default=None, validation_alias="VNSTOCK_API_KEY", description="Without one the guest tier's pace holds."
    )


class CalendarSettings(Settings):
    """What an operator knows of the trading calendar beyond the packaged one."""

    closures: Path | None = Field(
        default=None, validation_alias="CLOSURES_FILE", description="YAML as in stock_ai/market/closures.py."
    )

    def calendar(self) -> TradingCalendar:
        """The packaged calendar, with the operator's file on top where there is one.

        Raises:
            InvalidInputError: the file cannot be read or is no closure file; the message names it.
        """
        # Here, since most functions that read settings need no calendar.
        from stock_ai.market.trading_calendar import default_calendar

        if self.closures is None:
            return default_calendar()
        try:
            text = self.closures.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInputError(f"CLOSURES_FILE {self.closures}: {error}") from error
        return default_calendar().extended(text, f"CLOSURES_FILE {self.closures}")


class ModelSettings(Settings):
    """Where trained models are kept: a folder, or `s3://bucket/prefix`."""

    registry: str = Field(validation_alias="MODEL_REGISTRY")


class PanelSettings(Settings):
    """Where the snapshot of all daily bars is kept: a file, or `s3://bucket/key`."""

    snapshot: str = Field(validation_alias="PANEL_SNAPSHOT")


class LlmProviderName(StrEnum):
    """Who writes explanations."""

    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    TEMPLATE = "template"
    """Rules, without a language model."""


class LlmSettings(Settings):
    """Which language models explain, at what cost. Without a key the text comes from the template.

    The API reads these too, to find a text that is written already; on AWS it is given the names but not the keys.
    """

    provider: LlmProviderName | None = Field(
        default=None, validation_alias="LLM_PROVIDER", description="Left out, one whose key is there; else template."
    )
    fallback: LlmProviderName | None = Field(
        default=None, validation_alias="LLM_FALLBACK", description="Left out, the other one whose key is there."
    )
    anthropic_model: str = Field(default="claude-sonnet-5-5", validation_alias="ANTHROPIC_MODEL")
    openai_model: str = Field(default="gpt-6.1-terra", validation_alias="OPENAI_MODEL")
    anthropic_api_key: SecretStr | None = Field(default=None, validation_alias="ANTHROPIC_API_KEY")
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    anthropic_base_url: str | None = Field(default=None, validation_alias="ANTHROPIC_BASE_URL")
    openai_base_url: str | None = Field(default=None, validation_alias="OPENAI_BASE_URL")
    cache_seconds: int = Field(default=6 * 3600, ge=1, validation_alias="LLM_CACHE_SECONDS")
    daily_budget_usd: float = Field(
        default=1.0, ge=0, validation_alias="LLM_DAILY_BUDGET_USD", description="Per day of the exchange's time zone."
    )

    def order(self) -> tuple[LlmProviderName, ...]:
        """The providers to ask, the first one first; no other stands behind the template."""
        keys = {LlmProviderName.ANTHROPIC: self.anthropic_api_key, LlmProviderName.OPENAI: self.openai_api_key}
        ready = [name for name, key in keys.items() if key is not None]
        first = self.provider or next(iter(ready), LlmProviderName.TEMPLATE)
        second = self.fallback or next((name for name in ready if name is not first), None)
        if first is LlmProviderName.TEMPLATE or second in (None, first):
            return (first,)
        return first, second
