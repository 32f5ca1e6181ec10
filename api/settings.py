"""Settings of the HTTP API."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from stock_ai.settings import Settings


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class ApiSettings(Settings):
    """Who may call from a browser, and which function writes explanations."""

    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=("*",), validation_alias="API_CORS_ORIGINS", description="Comma separated origins, or *."
    )
    llm_function_name: str = Field(
        default="llm_analysis", validation_alias="LLM_FUNCTION_NAME", description="Name or ARN of the Lambda function."
    )
