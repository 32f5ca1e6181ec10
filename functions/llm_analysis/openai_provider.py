"""OpenAI's models through the official SDK: Responses API, streamed, strictly held to the schema of the draft."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from functions.llm_analysis.answer_form import answer_schema
from functions.llm_analysis.asking import CONNECT_SECONDS, MAX_OUTPUT_TOKENS, WHOLE_SECONDS, Answer, Service
from functions.llm_analysis.prompts import repair_request
from functions.llm_analysis.provider import Brief, OnText, Reply
from stock_ai.models.base import digest

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.responses import EasyInputMessageParam

_REASONING = re.compile(r"(o\d|gpt-([5-9]|\d\d)(?!.*chat))")
"""Models that think before they answer, and let us say how long; the others refuse the parameter."""
_REFUSALS = frozenset({"invalid_prompt", "bio_policy", "misalignment_policy_violation"})
"""Codes of a failed response that speak of its content."""


class OpenAiProvider:
    """Implements `Provider`. The SDK is imported at the first text: it takes a second that a kept text never pays.

    Requests with the same system prompt share a `prompt_cache_key`, so that they meet where it is cached.
    """

    name = "openai"

    def __init__(
        self, api_key: SecretStr, model: str, base_url: str | None = None, *, whole_seconds: float = WHOLE_SECONDS
    ) -> None:
        """`base_url` with `/v1`; `whole_seconds` from the question to the end of the answer."""
        self.model = model
        self._service = Service("OpenAI", "OPENAI", model, api_key)
        self._base_url = base_url
        self._seconds = whole_seconds
        self._client: OpenAI | None = None
        self._lock = threading.Lock()

    def write(self, brief: Brief, on_text: OnText) -> Reply:
        """See `Provider.write`."""
        client = self._connected()
        import openai

        def start() -> Any:
            return client.responses.create(
                model=self.model,
                instructions=brief.system,
                input=list(_messages(brief)),
                text={
                    "format": {"type": "json_schema", "name": "explanation", "schema": answer_schema(), "strict": True}
                },
                max_output_tokens=MAX_OUTPUT_TOKENS,
                reasoning={"effort": "low"} if _REASONING.match(self.model) else openai.omit,
                prompt_cache_key=digest(brief.system),
                store=False,
                stream=True,
            )

        return self._service.listen(openai, start, self._hear, on_text, self._seconds).reply()

    def _connected(self) -> OpenAI:
        with self._lock:
            if self._client is None:
                key = self._service.key()
                from openai import OpenAI, Timeout

                self._client = OpenAI(
                    api_key=key,
                    base_url=self._base_url,
                    timeout=Timeout(self._seconds, connect=CONNECT_SECONDS),
                    # `Guarded` tries again, and knows how long the asker still waits.
                    max_retries=0,
                )
            return self._client

    def _hear(self, event: Any, answer: Answer) -> None:
        """Take one event of the stream. Usage comes at the end only, so that of a broken stream stays unknown."""
        if event.type == "response.output_text.delta":
            answer.text += event.delta
        elif event.type == "response.refusal.delta":
            answer.fault = "refused"
        elif event.type in ("response.completed", "response.incomplete"):
            _count(event.response.usage, answer)
            answer.ended = True
            if event.type == "response.incomplete":
                reason = getattr(event.response.incomplete_details, "reason", None)
                answer.fault = "refused" if reason == "content_filter" else "truncated"
        elif event.type == "response.failed":
            _count(event.response.usage, answer)
            self._fail(event.response.error.code, event.response.error.message, answer)
        elif event.type == "error":
            self._fail(event.code, event.message, answer)

    def _fail(self, code: str | None, message: str, answer: Answer) -> None:
        if code in _REFUSALS:
            answer.fault = "refused"
            answer.ended = True
        else:
            answer.failure = self._service.refusal(200, code, message, {})


def _messages(brief: Brief) -> list[EasyInputMessageParam]:
    messages: list[EasyInputMessageParam] = [{"role": "user", "content": brief.facts}]
    if brief.repair is not None:
        messages.append({"role": "assistant", "content": brief.repair.answer.model_dump_json()})
        messages.append({"role": "user", "content": repair_request(brief.repair)})
    return messages


def _count(usage: Any, answer: Answer) -> None:
    if usage is None:
        return
    cached, written = (getattr(usage.input_tokens_details, name, 0) for name in ("cached_tokens", "cache_write_tokens"))
    counted = {
        "input_tokens": usage.input_tokens - cached - written,
        "cache_read_tokens": cached,
        "cache_write_tokens": written,
        "output_tokens": usage.output_tokens,
    }
    answer.usage = answer.usage.model_copy(update=counted)
