"""Shorter bodies, by brotli or gzip, as the client accepts them (RFC 9110, section 12.5.3).

Where API Gateway stands in front, it compresses, and a body in base64 would be a third longer on its way there.
"""

from __future__ import annotations

import functools
import zlib
from typing import Final

SHORTEST: Final = 1_024
"""Bytes. A shorter body would hardly fit into fewer packets."""
_LONG: Final = 256
"""Characters of a header that nobody sends who means well."""
_BROTLI_QUALITY: Final = 4
_GZIP_LEVEL: Final = 6
_COMPRESSIBLE: Final = (
    "application/json",
    "application/problem+json",
    "text/",
    "image/svg+xml",
    "application/manifest+json",
)
_STREAM: Final = "text/event-stream"


def is_compressible(content_type: str) -> bool:
    """Whether bodies of a type are text, and whole: a stream is passed on as it comes."""
    return content_type.startswith(_COMPRESSIBLE) and not content_type.startswith(_STREAM)


@functools.lru_cache(maxsize=128)
def coding_of(accepted: bytes) -> str | None:
    """`br`, `gzip` or None for the value of an Accept-Encoding header. Of equal weight, brotli goes first."""
    if len(accepted) > _LONG:
        return None
    weights: dict[str, float] = {}
    for part in accepted.decode("latin-1").lower().split(","):
        name, _, parameter = part.partition(";")
        weight = parameter.strip().removeprefix("q=") if parameter else "1"
        try:
            weights[name.strip()] = float(weight)
        except ValueError:
            weights[name.strip()] = 0.0
    anything = weights.get("*", 0.0)
    # `max` keeps the first of equals.
    best = max(("br", "gzip"), key=lambda coding: weights.get(coding, anything))
    return best if weights.get(best, anything) > 0 else None


def compressed(body: bytes, coding: str) -> bytes:
    """The body in a coding that `coding_of` has named; equal for equal bodies."""
    if coding == "br":
        # Not at the top: where API Gateway compresses, the layer goes without.
        import brotli  # type: ignore[import-untyped]

        return bytes(brotli.compress(body, quality=_BROTLI_QUALITY))
    making = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return making.compress(body) + making.flush()
