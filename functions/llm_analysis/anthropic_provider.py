"""Anthropic's Claude through the official SDK: Messages API, streamed, held to the schema of the draft."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from functions.llm_analysis.answer_form import answer_schema
from functions.llm_analysis.asking import CONNECT_SECONDS, MAX_OUTPUT_TOKENS, WHOLE_SECONDS, Answer, Service
from functions.llm_analysis.prompts import repair_request
from functions.llm_analysis.provider import Brief, OnText, Reply

if TYPE_CHECKING:
    from anthropic import Anthropic
    from anthropic.types import MessageParam, OutputConfigParam

_FAULTS = {"refusal": "refused", "max_tokens": "truncated", "model_context_window_exceeded": "truncated"}
"""By `stop_reason`."""
_WITHOUT_EFFORT = re.compile(r"claude-(sonnet|haiku)-4-5")
"""Models that do not think unless told to, and refuse to be told how hard to try."""


class AnthropicProvider:
    """Implements `Provider`. The SDK is imported at the first text: it takes a second that a kept text never pays.

    The answer is asked for as `output_config.format` and not as a forced tool call, which models since Claude 5.5
    refuse. The system prompt is marked for Anthropic's prompt cache.
    """

    name = "anthropic"

    def __init__(
        self, api_key: SecretStr, model: str, base_url: str | None = None, *, whole_seconds: float = WHOLE_SECONDS
    ) -> None:
        """`base_url` without `/v1`; `whole_seconds` from the question to the end of the answer."""
        self.model = model
        self._service = Service("Anthropic", "ANTHROPIC", model, api_key)
        self._base_url = base_url
        self._seconds = whole_seconds
        self._client: Anthropic | None = None
        self._lock = threading.Lock()

    def write(self, brief: Brief, on_text: OnText) -> Reply:
        """See `Provider.write`."""
        client = self._connected()
        import anthropic

        def start() -> Any:
            return client.messages.create(
                model=self.model,
                max_tokens=MAX_OUTPUT_TOKENS,
                system=[{"type": "text", "text": brief.system, "cache_control": {"type": "ephemeral"}}],
                messages=_messages(brief),
                output_config=self._output(),
                stream=True,
            )

        return self._service.listen(anthropic, start, _hear, on_text, self._seconds).reply()

    def _output(self) -> OutputConfigParam:
        output: OutputConfigParam = {"format": {"type": "json_schema", "schema": answer_schema()}}
        if not _WITHOUT_EFFORT.match(self.model):
            # Somebody waits, and the facts are few: left alone, these models think for longer than they write.
            output["effort"] = "low"
        return output

    def _connected(self) -> Anthropic:
        with self._lock:
            if self._client is None:
                key = self._service.key()
                from anthropic import Anthropic, Timeout

                self._client = Anthropic(
                    api_key=key,
                    base_url=self._base_url,
                    timeout=Timeout(self._seconds, connect=CONNECT_SECONDS),
                    # `Guarded` tries again, and knows how long the asker still waits.
                    max_retries=0,
                )
            return self._client


def _messages(brief: Brief) -> list[MessageParam]:
    messages: list[MessageParam] = [{"role": "user", "content": brief.facts}]
    if brief.repair is not None:
        messages.append({"role": "assistant", "content": brief.repair.answer.model_dump_json()})
        messages.append({"role": "user", "content": repair_request(brief.repair)})
    return messages


def _hear(event: Any, answer: Answer) -> None:
    """Take one event of the stream. Usage comes at the start and, cumulative, at the end."""
    if event.type == "message_start":
        _count(event.message.usage, answer)
    elif event.type == "content_block_delta" and event.delta.type == "text_delta":
        answer.text += event.delta.text
    elif event.type == "message_delta":
        _count(event.usage, answer)
        answer.fault = _FAULTS.get(event.delta.stop_reason)
    elif event.type == "message_stop":
        answer.ended = True


def _count(usage: Any, answer: Answer) -> None:
    counted = {
        "input_tokens": usage.input_tokens,
        "cache_read_tokens": usage.cache_read_input_tokens,
        "cache_write_tokens": usage.cache_creation_input_tokens,
        "output_tokens": usage.output_tokens,
    }
    known = {name: tokens for name, tokens in counted.items() if tokens is not None}
    answer.usage = answer.usage.model_copy(update=known)
