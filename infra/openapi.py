"""The OpenAPI document as a file.

`python -m infra.openapi docs` writes docs/openapi.json, and with `--released` also docs/openapi.released.json, the
document that clients of the last release were made from. A test fails when the first differs from the routes, another
one when it would break a client of the second.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from api.app import create_app
from api.services import Services

CURRENT = "openapi.json"
RELEASED = "openapi.released.json"


def document() -> dict[str, Any]:
    """The document of the API as it is now. It is made of the routes alone, so there are no services behind them."""
    return create_app(cast("Services", None)).openapi()


def text() -> str:
    """The document as it is committed."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the document into the folder given as the first argument."""
    folder, *options = sys.argv[1:]
    for name in (CURRENT, RELEASED) if "--released" in options else (CURRENT,):
        (Path(folder) / name).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
