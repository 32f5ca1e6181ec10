"""Settings of the HTTP API."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from api.services import LlmTerms
from api.terms import HttpTerms
from stock_ai.settings import Settings

_TERMS = LlmTerms()
_HTTP = HttpTerms()


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class ApiSettings(Settings):
    """Who may call and how much, which function writes explanations and how long a request waits for them."""

    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=_HTTP.cors_origins, validation_alias="API_CORS_ORIGINS", description="Comma separated origins, or *."
    )
    requests_per_minute: int = Field(
        default=300,
        ge=0,
        validation_alias="API_REQUESTS_PER_MINUTE",
        description="Requests that one client may make; 0 sets no limit.",
    )
    body_bytes: int = Field(
        default=_HTTP.body_bytes,
        ge=1_024,
        validation_alias="API_BODY_BYTES",
        description="The longest body of a request that is read.",
    )
    keep_seconds: float = Field(
        default=1.0,
        ge=0,
        le=10,
        validation_alias="API_KEEP_SECONDS",
        description="How long a process gives an answer again that it has at hand; 0 never.",
    )
    llm_function_name: str = Field(
        default="llm_analysis", validation_alias="LLM_FUNCTION_NAME", description="Name or ARN of the Lambda function."
    )
    llm_wait_seconds: float = Field(
        default=_TERMS.wait_seconds,
        ge=1,
        le=25,  # API Gateway gives up on the API after 29 s.
        validation_alias="LLM_WAIT_SECONDS",
    )
    llm_requests_per_minute: int = Field(
        default=_TERMS.requests_per_minute,
        ge=0,
        validation_alias="LLM_REQUESTS_PER_MINUTE",
        description="Texts that one client may have written; 0 sets no limit.",
    )
    streaming: bool = Field(
        default=_TERMS.streaming, validation_alias="API_STREAMING", description="False behind API Gateway."
    )

    @property
    def llm_terms(self) -> LlmTerms:
        """How the API explains."""
        return LlmTerms(self.llm_wait_seconds, self.llm_requests_per_minute, self.streaming)

    @property
    def http_terms(self) -> HttpTerms:
        """On which terms it answers."""
        return HttpTerms(self.cors_origins, self.requests_per_minute, self.body_bytes, self.keep_seconds)
