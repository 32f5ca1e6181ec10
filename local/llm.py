"""How the local API reaches llm_analysis: its real handler, in the API's own process."""

from __future__ import annotations

from infra import topology
from local.worker import invocation_context
from stock_ai.models import LlmAnalysis


def invoke_llm(request: dict[str, str]) -> LlmAnalysis:
    """Implements `stock_ai.ports.LlmInvoker`; the handler's own errors come through as they are."""
    # Imported on first use: the API starts without it.
    from functions.llm_analysis.handler import handler

    return LlmAnalysis.model_validate(handler(request, invocation_context(topology.function("llm_analysis"))))
