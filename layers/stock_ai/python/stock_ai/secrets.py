"""Secrets in AWS Secrets Manager, and what happens when one is rotated while a process is warm."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING

from stock_ai.errors import InvalidInputError, RetryableError, StockAIError
from stock_ai.keeping import forget_kept

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

MAX_AGE_SECONDS = 900
"""How long a secret that was read is taken as current, unless a server refuses it."""

# AWS Secrets Manager API reference, errors of GetSecretValue and common errors.
_TRANSIENT = frozenset({"ThrottlingException", "InternalServiceError", "InternalFailure", "ServiceUnavailable"})

_known: dict[str, str] = {}
"""The text of every secret this process has read, by its name or ARN."""


def read(reference: str) -> str:
    """The text of a secret: `reference` is its name or ARN, or either with `#key` for one key of a JSON object.

    Raises:
        InvalidInputError: there is no such secret or key, or it may not be read; no message shows a value.
        RetryableError: Secrets Manager is away or busy.
    """
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
        forget_kept()


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
