"""Answers that a client or a proxy can keep: a strong ETag from the content, and 304 when it is known already.

Rules: RFC 9110, sections 8.8.3 (ETag), 13.1.2 (If-None-Match, weak comparison) and 15.4.5 (304).
"""

from __future__ import annotations

import hashlib

from fastapi import Request, Response
from pydantic import BaseModel


def entity_tag(body: bytes) -> str:
    """The quoted strong entity tag of a body: equal for equal bytes, in every process."""
    return f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def is_known(if_none_match: str | None, tag: str) -> bool:
    """Whether the value of an If-None-Match header covers `tag`."""
    if if_none_match is None:
        return False
    candidates = {candidate.strip().removeprefix("W/") for candidate in if_none_match.split(",")}
    return "*" in candidates or tag in candidates


def answer(request: Request, content: BaseModel, max_age: int) -> Response:
    """`content` as JSON that may be reused for `max_age` seconds and then costs one question.

    The model is serialised once and not validated again, which `response_model` would do.
    """
    body = content.model_dump_json().encode()
    headers = {"ETag": entity_tag(body), "Cache-Control": f"public, max-age={max_age}"}
    if is_known(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
