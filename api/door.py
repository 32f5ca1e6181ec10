"""What is refused before any route sees it: what no client sends that means well, and what no route could answer.

No route takes a parameter twice or one whose name is more than a word, so a question that has such is wrong, and what
it would mean is not for a framework to choose.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote_plus

from starlette.types import Scope

API: Final = "/api/"
LONGEST_QUERY: Final = 8_192
LARGEST_HEADERS: Final = 16_384
_LONG: Final = 512
_DIGITS: Final = 19
_WORD = re.compile(r"[A-Za-z0-9_]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SEPARATOR = re.compile(rb"%(?:2f|5c|00)", re.IGNORECASE)
_SHOWN: Final = 60
WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


class Refusal(NamedTuple):
    """Why a request is not answered; the members of its problem document."""

    kind: str
    title: str
    status: int
    detail: str
    message: str = ""
    """What is wrong with the field."""
    field: str | None = None
    value: str | None = None
    headers: Mapping[str, str] | None = None


def too_large(body_bytes: int) -> Refusal:
    """Of a body that is longer than `body_bytes`."""
    detail = f"The body of this request is longer than {body_bytes} bytes."
    return Refusal("request-too-large", "Request too large", 413, detail)


def refusal(scope: Scope, headers: Mapping[bytes, bytes], body_bytes: int) -> Refusal | None:
    """Why this request is refused; None for nearly all of them."""
    if sum(map(len, headers.values())) > LARGEST_HEADERS:
        detail = f"The headers of this request are longer than {LARGEST_HEADERS} bytes."
        return Refusal("headers-too-large", "Headers too large", 431, detail)
    query, raw_path = scope["query_string"], _raw_path(scope)
    if b"%" in raw_path and _SEPARATOR.search(raw_path):
        detail = "A slash, a backslash or a null byte is hidden in this path by percent-encoding."
        return Refusal("malformed-path", "Malformed path", 400, detail)
    if not scope["path"].startswith(scope.get("root_path", "") + API):
        return None
    if query and (refused := _query_refusal(query)):
        return refused
    accepted = headers.get(b"accept")
    if accepted is not None and b"*/*" not in accepted and not _accepts(accepted, scope["path"].endswith("/stream")):
        detail = "This API answers in application/json, and its streams in text/event-stream."
        return Refusal(
            "not-acceptable", "Not acceptable", 406, detail, "allows neither", "header.accept", _text(accepted)
        )
    if scope["method"] in WITH_BODY and _has_body(headers):
        if _length(headers) > body_bytes:
            return too_large(body_bytes)
        kind = headers.get(b"content-type", b"")
        if not kind.partition(b";")[0].strip().lower().endswith(b"json"):
            offer = {"Accept-Post": "application/json"}
            detail = "A body has to be application/json, and Content-Type has to say so."
            title, field = "Unsupported media type", "header.content-type"
            return Refusal("unsupported-media-type", title, 415, detail, "is not JSON", field, _text(kind), offer)
    return None


def _raw_path(scope: Scope) -> bytes:
    """The path as it was sent. Mangum leaves it in the event of API Gateway."""
    raw = scope.get("raw_path")
    if raw is None:
        raw = scope.get("aws.event", {}).get("path", "").encode()
    return bytes(raw)


def _length(headers: Mapping[bytes, bytes]) -> int:
    """The length that a body is said to have."""
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() and len(length) < _DIGITS else sys.maxsize


def _has_body(headers: Mapping[bytes, bytes]) -> bool:
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


def _query_refusal(query: bytes) -> Refusal | None:
    if len(query) > LONGEST_QUERY:
        detail = f"The parameters of this request are longer than {LONGEST_QUERY} bytes."
        return Refusal("query-too-long", "Query too long", 414, detail)
    seen: set[str] = set()
    for pair in query.decode("latin-1").split("&"):
        coded_name, _, coded_value = pair.partition("=")
        name = unquote_plus(coded_name)
        if not name and not coded_value:
            continue
        field = f"query.{name[:_SHOWN]}"
        value = unquote_plus(coded_value)
        if name in seen:
            return _invalid(field, "is given more than once", value)
        if not _WORD.fullmatch(name):
            return _invalid(_CONTROL.sub("?", field), "there is no such parameter", value)
        if _CONTROL.search(value):
            return _invalid(field, "holds a control character", value)
        seen.add(name)
    return None


def _invalid(field: str, message: str, value: str) -> Refusal:
    value = value[:_SHOWN]
    return Refusal(
        "invalid-request", "Invalid request", 422, f"{field}: {message} (got {value!r})", message, field, value
    )


@functools.lru_cache(maxsize=128)
def _accepts(accepted: bytes, stream: bool) -> bool:
    """Whether the value of an Accept header allows JSON, or a stream where the route is one."""
    wanted = {"*/*", "application/*", "application/json", "application/problem+json"}
    wanted |= {"text/*", "text/event-stream"} if stream else set()
    for part in accepted[:_LONG].decode("latin-1").lower().split(","):
        name, *parameters = (piece.strip().replace(" ", "") for piece in part.split(";"))
        if name in wanted and not any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters):
            return True
    return not accepted.strip()


def _text(value: bytes) -> str:
    return value[:_SHOWN].decode("latin-1")
