"""Anthropic's Claude through the official SDK."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING

from pydantic import SecretStr, ValidationError

from functions.llm_analysis.facts import FactSheet
from functions.llm_analysis.provider import Draft
from stock_ai.errors import RetryableError, RunAbortedError
from stock_ai.models import Language

if TYPE_CHECKING:
    from anthropic import Anthropic

PROMPT_VERSION = "explain-1"
"""The folder under `prompts`; a changed prompt gets a new folder, so that old answers are not reused for it."""

_LANGUAGES = {Language.ENGLISH: "English", Language.VIETNAMESE: "Vietnamese"}
_MAX_TOKENS = 1500
_TIMEOUT_SECONDS = 20.0
"""Below the 25 s for which the API waits; two tries fit into the function's 60 s."""


class AnthropicProvider:
    """Implements `Provider`. The SDK is imported at the first text: it takes a second that a kept answer never pays."""

    name = "anthropic"
    prompt_version = PROMPT_VERSION

    def __init__(self, api_key: SecretStr, model: str, base_url: str | None = None) -> None:
        self.model = model
        self._api_key = api_key
        self._base_url = base_url
        self._client: Anthropic | None = None

    def _connected(self) -> Anthropic:
        if self._client is None:
            from anthropic import Anthropic

            # The asker repeats a failed request, so the SDK does not: its waiting would outlast the asker's patience.
            self._client = Anthropic(
                api_key=self._api_key.get_secret_value(),
                base_url=self._base_url,
                timeout=_TIMEOUT_SECONDS,
                max_retries=0,
            )
        return self._client

    def write(self, sheet: FactSheet, language: Language) -> Draft | None:
        """As `Provider.write`. The answer is a forced tool call whose input has the schema of `Draft`."""
        client = self._connected()
        import anthropic

        prompt = resources.files("functions.llm_analysis") / "prompts" / PROMPT_VERSION / "system.md"
        facts = {"symbol": sheet.symbol, "as_of": sheet.as_of.isoformat(), "facts": sheet.rows()}
        try:
            answer = client.messages.create(
                model=self.model,
                max_tokens=_MAX_TOKENS,
                system=prompt.read_text(encoding="utf-8").replace("{language}", _LANGUAGES[language]),
                messages=[{"role": "user", "content": json.dumps(facts, ensure_ascii=False)}],
                tools=[
                    {
                        "name": "explain",
                        "description": "Hand over the finished text.",
                        "input_schema": Draft.model_json_schema(),
                    }
                ],
                tool_choice={"type": "tool", "name": "explain"},
            )
        except anthropic.APIStatusError as error:
            # `from None`: the SDK's error holds the request, whose headers hold the key.
            raise _refusal(error.status_code, self.model) from None
        except anthropic.APIResponseValidationError:
            return None
        except anthropic.APIError as error:
            raise RetryableError(f"Anthropic could not be reached: {type(error).__name__}") from None
        for block in answer.content:
            if block.type == "tool_use":
                try:
                    return Draft.model_validate(block.input)
                except ValidationError:
                    return None
        return None


def _refusal(status: int, model: str) -> RetryableError | RunAbortedError:
    """Status codes as in Anthropic's "Errors" reference; 529 is overloaded."""
    if status in (401, 403):
        return RunAbortedError(f"Anthropic refused the key in ANTHROPIC_API_KEY (status {status})")
    if status == 404:
        return RunAbortedError(f"Anthropic does not know the model in ANTHROPIC_MODEL: {model}")
    if status in (408, 409, 429) or status >= 500:
        return RetryableError(f"Anthropic is busy or away (status {status})")
    return RunAbortedError(f"Anthropic refused the request (status {status})")
