"""Settings that are kept in AWS Secrets Manager, and what happens when one is rotated while a process is warm."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from stock_ai.errors import InvalidInputError, RetryableError, StockAIError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

_T = TypeVar("_T")

SUFFIX = "_SECRET"
MAX_AGE_SECONDS = 900
"""How long a secret that was read is taken as current, unless a server refuses it."""

# AWS Secrets Manager API reference, errors of GetSecretValue and common errors.
_TRANSIENT = frozenset({"ThrottlingException", "InternalServiceError", "InternalFailure", "ServiceUnavailable"})

_known: dict[str, str] = {}
"""The text of every secret this process has read, by its name or ARN."""
_forget: list[Callable[[], None]] = []


class SecretSource(PydanticBaseSettingsSource):
    """Gives a setting `NAME` the secret that the variable `NAME_SECRET` refers to; comes after the environment.

    A reference is the name or ARN of a secret whose text is the value, or either with `#key`, for one key of a secret
    that is a JSON object. An empty value means that the setting is not given. Calling it raises `InvalidInputError`
    where `NAME` is given as well or the secret is not readable, `RetryableError` where Secrets Manager is away.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:
        """See `PydanticBaseSettingsSource`."""
        name = str(field.validation_alias or field_name)
        variable = name + SUFFIX
        reference = os.environ.get(variable)
        if not reference:
            return None, name, False
        if name in self.current_state:
            raise InvalidInputError(f"{name}: both {name} and {variable} are given; leave one out")
        try:
            return _value(reference) or None, name, False
        except InvalidInputError as error:
            raise InvalidInputError(f"{variable}: {error}") from error.__cause__

    def __call__(self) -> dict[str, Any]:
        """See `PydanticBaseSettingsSource`."""
        found = (self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items())
        return {name: value for value, name, _ in found if value is not None}


def kept(build: Callable[[], _T]) -> Callable[[], _T]:
    """Let `build` run once per process, and once more after a secret was rotated; has `cache_clear`."""
    once = functools.cache(build)
    _forget.append(once.cache_clear)
    return once


def reread() -> None:
    """Read every secret in use again; where one has changed, forget what `kept` has built.

    For an adapter whose server refuses its credentials: the next invocation then connects with the new ones. While
    nothing has changed nothing is forgotten, or a wrong password would make every invocation leave clients behind.
    A secret that cannot be read now is logged and left for the next refusal.
    """
    from stock_ai.observability import logger

    rotated = []
    for name, before in list(_known.items()):
        try:
            if _text(name, force_fetch=True) != before:
                rotated.append(name)
        except StockAIError as error:
            logger.warning("a refused secret could not be read again", extra={"secret": name, "error": str(error)})
    if rotated:
        logger.info("secrets were rotated, the next invocation connects anew", extra={"secrets": rotated})
        for forget in _forget:
            forget()


def _value(reference: str) -> str:
    name, _, key = reference.partition("#")
    text = _text(name)
    if not key:
        return text
    try:
        value = json.loads(text)[key]
    except KeyError:
        raise InvalidInputError(f"secret {name!r} has no key {key!r}") from None
    except (ValueError, TypeError):
        # The decoder's own error would show the text.
        raise InvalidInputError(f"secret {name!r} is not a JSON object") from None
    if not isinstance(value, str):
        raise InvalidInputError(f"key {key!r} of secret {name!r} is not text")
    return value


def _text(name: str, *, force_fetch: bool = False) -> str:
    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

    try:
        text = _provider().get(name, max_age=MAX_AGE_SECONDS, force_fetch=force_fetch)
    except GetParameterError as error:
        raise _fault(name, error.__context__) from error
    if not isinstance(text, str):
        raise InvalidInputError(f"secret {name!r} is binary, not text")
    _known[name] = text
    return text


def _fault(name: str, cause: BaseException | None) -> StockAIError:
    """One of ours for `cause`: Powertools raises one type for everything and leaves the real one as its context."""
    from botocore.exceptions import ClientError

    if not isinstance(cause, ClientError):
        return RetryableError(f"Secrets Manager: {type(cause).__name__} for secret {name!r}")
    code = cause.response["Error"]["Code"]
    if code in _TRANSIENT or cause.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
        return RetryableError(f"Secrets Manager: {code} for secret {name!r}")
    return InvalidInputError(f"secret {name!r} cannot be read: {code}")


@functools.cache
def _provider() -> SecretsProvider:
    """Made at the first secret: it brings boto3, which a machine without AWS need not import."""
    from aws_lambda_powertools.utilities.parameters import SecretsProvider
    from botocore.config import Config

    limits = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    return SecretsProvider(boto_config=limits)
