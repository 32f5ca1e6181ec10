"""Every error of the house, one type per reaction.

| type | reaction |
|---|---|
| `RetryableError` | leave the work as it was and try the whole of it again |
| `RateLimitedError` | the same, but not before `retry_after` has passed |
| `PaceExceededError` | the same, without blaming the service, which was not asked |
| `BudgetSpentError` | the same, and tell the asker that it is our own limit |
| `PoisonRecordError` | set the one record aside with its reason and go on |
| `InvalidInputError` | refuse the request and tell the asker which field and value |
| `RunAbortedError` | give up this run; an operator has to look |
"""

from __future__ import annotations


class StockAIError(Exception):
    """Base of every error this project raises on purpose."""


class RetryableError(StockAIError):
    """A dependency is away or busy: the same work may succeed later, unchanged."""


class RateLimitedError(RetryableError):
    """The other side wants us to slow down."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds to wait, where the other side says so."""


class PaceExceededError(RateLimitedError):
    """It is our own pace that forbids the call: the service has not been asked and is not at fault."""


class BudgetSpentError(RateLimitedError):
    """The money of this day is spent; `retry_after` is the time to the next one."""


class PoisonRecordError(StockAIError):
    """One record can never be processed; `reason` is snake_case and stable, `detail` is for people."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class InvalidInputError(StockAIError):
    """What was asked for is wrong; the message names the field and the value."""


class NotFoundError(InvalidInputError):
    """What was asked for is well formed but unknown here."""


class RunAbortedError(StockAIError):
    """The run cannot go on and trying again would not help."""


_TOLD = {kind.__name__: kind for kind in (RetryableError, InvalidInputError, NotFoundError, RunAbortedError)}
_TOLD_WITH_TIME = {kind.__name__: kind for kind in (RateLimitedError, PaceExceededError, BudgetSpentError)}


def told(kind: str, message: str, retry_after: float | None = None) -> StockAIError:
    """The error with which another process has ended, by the name of its type.

    What nobody raised on purpose may pass: of a name that is none of ours, and of the error of a single record, comes
    a `RetryableError` whose message begins with that name.
    """
    if (limited := _TOLD_WITH_TIME.get(kind)) is not None:
        return limited(message, retry_after)
    if (known := _TOLD.get(kind)) is not None:
        return known(message)
    return RetryableError(f"{kind}: {message}")
