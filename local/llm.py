"""How the local API reaches llm_analysis: its real handler, in the API's own process.

The API waits for it in a thread of its own, so an answer that takes longer than a request is still made to its end.
"""

from __future__ import annotations

from infra import topology
from local.worker import invocation_context
from stock_ai.models.llm import Explained


def invoke_llm(request: dict[str, str]) -> Explained:
    """Implements `stock_ai.ports.LlmInvoker`; the handler's own errors come through as they are."""
    # Imported on first use: the API starts without it.
    from functions.llm_analysis.handler import handler

    return Explained.model_validate(handler(request, invocation_context(topology.function("llm_analysis"))))
