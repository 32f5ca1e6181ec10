"""How a provider is asked, whichever it is: its limits of time and length, and what its refusals mean."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic import SecretStr

from functions.llm_analysis.answer_form import parsed
from functions.llm_analysis.provider import OnText, Reply
from stock_ai.clock import utc_now
from stock_ai.errors import RateLimitedError, RetryableError, RunAbortedError, StockAIError
from stock_ai.models.llm import LlmUsage

CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 40.0
"""From the question to the last word of the answer; the function has 60 s."""
MAX_OUTPUT_TOKENS = 4000
"""About twice the longest draft in Vietnamese, since what a model thinks counts as output too."""

_STATUSES = {
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "insufficient_quota": 402,
    "contract_spend_limit_reached": 402,
    "enforced_spend_limit_reached": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "model_not_found": 404,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "invalid_request_error": 400,
    "overloaded_error": 529,
    "timeout_error": 504,
}
"""Names of errors inside a stream, whose own status is 200, as in Anthropic's "Errors" and OpenAI's "Error codes"."""
_STRONGER_THAN_STATUS = frozenset(
    {"insufficient_quota", "contract_spend_limit_reached", "enforced_spend_limit_reached", "model_not_found"}
)
"""Names that say more than the status they come with: 429 for an empty account, 403 for a model out of reach."""

_NAME = re.compile(r"[a-z0-9_]{1,60}")
"""The form of such names; anything else is not shown, whatever it is."""


class BrokenAnswerError(RetryableError):
    """The answer broke off after it had begun: what it has used is to be paid all the same."""

    def __init__(self, message: str, usage: LlmUsage) -> None:
        super().__init__(message)
        self.usage = usage


@dataclass
class Answer:
    """What has come of an answer so far."""

    text: str = ""
    fault: str | None = None
    """See `Reply`, as named by the provider."""
    failure: StockAIError | None = None
    """What an event of the stream has told instead of the rest of the answer."""
    ended: bool = False
    """The provider itself has said that it is over."""
    usage: LlmUsage = field(default_factory=lambda: LlmUsage(calls=1))

    def reply(self) -> Reply:
        """The answer once it has ended: a fault named by the provider goes before the text."""
        draft, fault = (None, self.fault) if self.fault else parsed(self.text)
        return Reply(draft, fault, self.usage)


@dataclass(frozen=True)
class Service:
    """Whose errors are told, and the settings behind them."""

    title: str
    """As people call it: Anthropic, OpenAI."""
    prefix: str
    """Of its settings: ANTHROPIC, OPENAI."""
    model: str
    api_key: SecretStr = field(repr=False)

    def key(self) -> str:
        """The key.

        Raises:
            RunAbortedError: it is empty, or has characters that cannot be sent, e.g. a pasted line break.
        """
        key = self.api_key.get_secret_value()
        # The HTTP client would show the whole of such a key in its error.
        if not key or not all("!" <= character <= "~" for character in key):
            raise RunAbortedError(f"{self.prefix}_API_KEY is empty or holds characters that no key has, e.g. a space")
        return key

    def refusal(self, status: int, name: str | None, detail: str, headers: Mapping[str, str]) -> StockAIError:
        """What an error of the service means for us.

        `name` is its type or code, `detail` its text: that is told only of a refused request, where nothing else helps.
        """
        if status < 400 or name in _STRONGER_THAN_STATUS:
            status = _STATUSES.get(name or "", 500)
        said = f"status {status}, {name}" if name and _NAME.fullmatch(name) else f"status {status}"
        if status in (401, 403):
            return RunAbortedError(f"{self.title} refused the key in {self.prefix}_API_KEY ({said})")
        if status == 402:
            return RunAbortedError(f"{self.title}: the account of {self.prefix}_API_KEY has no money left ({said})")
        if status == 404:
            return RunAbortedError(
                f"{self.title} does not know the model in {self.prefix}_MODEL: {self.model} ({said})"
            )
        if status == 429:
            return RateLimitedError(f"{self.title} is busy ({said})", retry_after(headers, utc_now()))
        if status in (408, 409) or status >= 500:
            return RetryableError(f"{self.title} is overloaded or away ({said})")
        shown = detail.replace(self.api_key.get_secret_value(), "...")[:200]
        return RunAbortedError(f"{self.title} refused the request ({said}): {shown}")

    def listen(
        self, sdk: Any, start: Callable[[], Any], hear: Callable[[Any, Answer], None], on_text: OnText, seconds: float
    ) -> Answer:
        """Hear a whole streamed answer.

        `sdk` is the module whose errors are raised, `start` opens its stream, `hear` takes one event of it.

        Raises:
            RateLimitedError, RetryableError, RunAbortedError: see `Provider`; `BrokenAnswerError` where it had begun.
        """
        answer = Answer()
        failure = self._heard(sdk, start, hear, on_text, seconds, answer)
        # Raised here, outside of any `except`: the SDK's error holds the request, whose headers hold the key.
        if failure is None:
            return answer
        if type(failure) is RetryableError and answer.usage.input_tokens:
            raise BrokenAnswerError(str(failure), answer.usage)
        raise failure

    def _heard(
        self,
        sdk: Any,
        start: Callable[[], Any],
        hear: Callable[[Any, Answer], None],
        on_text: OnText,
        seconds: float,
        answer: Answer,
    ) -> StockAIError | None:
        import httpx2  # the SDKs' own client, whose errors Anthropic's does not translate inside a stream

        began = time.monotonic()
        late = threading.Event()
        try:
            with start() as stream, _cut_off(stream.response, began + seconds, late):
                for event in stream:
                    before = len(answer.text)
                    hear(event, answer)
                    if answer.failure is not None:
                        return answer.failure
                    if len(answer.text) > before:
                        on_text(answer.text)
        except sdk.APIStatusError as error:
            name = getattr(error, "error_code", None) or getattr(error, "code", None) or error.type
            return self.refusal(error.status_code, name, error.message, error.response.headers)
        except (sdk.APITimeoutError, httpx2.TimeoutException):
            late.set()
        except (sdk.APIConnectionError, httpx2.HTTPError, json.JSONDecodeError):
            pass
        except sdk.APIError as error:  # an error event
            return self.refusal(200, getattr(error, "code", None) or getattr(error, "type", None), error.message, {})
        if answer.ended:
            return None
        if late.is_set():
            reason = f"{self.title} did not finish within {seconds:g} s"
        elif answer.text or answer.usage.input_tokens:
            reason = f"{self.title} broke off in the middle of its answer"
        else:
            reason = f"{self.title} could not be reached or sent nothing"
        return RetryableError(reason)


def retry_after(headers: Mapping[str, str], now: dt.datetime) -> float | None:
    """Seconds to wait by `retry-after-ms` or `retry-after` (seconds, or an HTTP date against `now`); None: not said."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with suppress(ValueError):
            seconds = float(headers.get(name, "")) * unit
            if math.isfinite(seconds):
                return max(seconds, 0.0)
    with suppress(ValueError):
        date = parsedate_to_datetime(headers.get("retry-after", ""))
        aware = date if date.tzinfo else date.replace(tzinfo=dt.UTC)
        return max((aware - now).total_seconds(), 0.0)
    return None


@contextmanager
def _cut_off(response: Any, at: float, late: threading.Event) -> Iterator[None]:
    """End the connection of `response` at `at` (monotonic), and set `late` then.

    The client's own limits are for single reads: a server that keeps a stream alive with pings passes all of them.
    """

    def cut() -> None:
        late.set()
        with suppress(OSError):
            response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(at - time.monotonic(), 0.0), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
