"""Which language models are asked, in which order, and the name of a text: the same for whoever writes and reads it."""

from __future__ import annotations

from dataclasses import dataclass

from stock_ai.models.base import digest
from stock_ai.models.llm import Language
from stock_ai.settings import LlmProviderName, LlmSettings

PROMPT_VERSION = "explain-2"
"""The folder under `functions/llm_analysis/prompts`; a changed prompt gets a new one, so that no old text is reused."""
TEMPLATE_MODEL = "rules-2"


@dataclass(frozen=True, slots=True)
class Engine:
    """An author: a provider with one of its models, or the template."""

    provider: LlmProviderName
    model: str

    def text_id(self, symbol: str, watermark: str, language: Language) -> str:
        """The `analysis_id` of its text about `symbol` from the data of `watermark`, an `AiAnalysis.analysis_id`."""
        return digest(symbol, watermark, PROMPT_VERSION, self.provider, self.model, language)


def engines(settings: LlmSettings) -> tuple[Engine, ...]:
    """Who is asked, the first one first. The template alone where no provider is chosen and no key is there."""
    models = {
        LlmProviderName.ANTHROPIC: settings.anthropic_model,
        LlmProviderName.OPENAI: settings.openai_model,
        LlmProviderName.TEMPLATE: TEMPLATE_MODEL,
    }
    return tuple(Engine(provider, models[provider]) for provider in settings.order())
