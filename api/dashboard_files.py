"""The dashboard: its page at `/`, and the files that the page names.

The page names its files under `static/<digest of all files>/`, so a browser keeps them for good, and a module that
another one imports by a relative path lies under the same digest. Only files that are there when they are first asked
for have a name here, so no path leads out of the folder.
"""

from __future__ import annotations

import hashlib
import re
import time
from pathlib import Path
from typing import Final, NamedTuple

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from api.caching import entity_tag

FOLDER: Final = Path(__file__).with_name("dashboard")
PAGE: Final = "index.html"
_STATIC: Final = "static/"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
_SAFE: Final = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "strict-origin-when-cross-origin"}
_FOR_GOOD: Final = "public, max-age=31536000, immutable"
_ASK_FIRST: Final = "no-cache"
_LOOK_SECONDS: Final = 1.0
_RELATIVE = re.compile(r'\b(src|href)="(?![a-z]+:|[/#?])(?=[^"]+\.[a-z0-9]+")')


class File(NamedTuple):
    """One file of the dashboard."""

    content: bytes
    tag: str
    content_type: str


class Dashboard:
    """The files of a folder, read once they are asked for, and again when the folder has changed."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._state: tuple[int, ...] | None = None
        self._looked = float("-inf")
        self._files: dict[str, File] = {}
        self._digest = ""

    def page(self, request: Request) -> Response:
        """The page, for whoever would rather look than read."""
        event = request.scope.get("aws.event", {})
        asked = event.get("requestContext", {}).get("path") or ""
        if event.get("path") == "/" and asked and not asked.endswith("/"):
            # Under a stage the page's own paths would lead beside the stage.
            return RedirectResponse(f"{asked}/", status_code=308)
        files, digest = self._current()
        if PAGE not in files:
            raise HTTPException(404)
        page = files[PAGE].content.decode()
        content = _RELATIVE.sub(lambda found: f'{found[1]}="{_STATIC}{digest}/', page).encode()
        return _answer(File(content, entity_tag(content), _TYPES[".html"]), _ASK_FIRST, {"Vary": "Accept"})

    def file(self, path: str) -> Response | None:
        """The file at a path below the page, with or without a digest before it; None where there is none."""
        files, digest = self._current()
        lifetime = _ASK_FIRST
        if path.startswith(_STATIC):
            asked, _, path = path.removeprefix(_STATIC).partition("/")
            # A page from before a deployment still finds its files, as they are now.
            lifetime = _FOR_GOOD if asked == digest else _ASK_FIRST
        found = files.get(path)
        return None if found is None else _answer(found, lifetime, {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that no route knows."""
        path = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/")
        answer = self.file(path) if scope["type"] == "http" and scope["method"] == "GET" else None
        if answer is None:
            raise HTTPException(404)
        await answer(scope, receive, send)

    def _current(self) -> tuple[dict[str, File], str]:
        """The files and their digest; whether they have changed is looked at once a second."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_SECONDS:
            self._looked = now
            paths = _paths(self._folder)
            state = tuple(path.stat().st_mtime_ns for path in paths)
            if state != self._state:
                self._files, self._digest = _read(self._folder, paths)
                self._state = state
        return self._files, self._digest


def prefers_page(accept: str) -> bool:
    """Whether whoever sent this Accept header is a browser that shows a page, and no program."""
    return "text/html" in accept


def _read(folder: Path, paths: list[Path]) -> tuple[dict[str, File], str]:
    whole = hashlib.blake2b(digest_size=8)
    files = {}
    for path in paths:
        name, content = path.relative_to(folder).as_posix(), path.read_bytes()
        files[name] = File(content, entity_tag(content), _TYPES[path.suffix])
        whole.update(f"{name}\0{len(content)}\0".encode())
        whole.update(content)
    return files, whole.hexdigest()


def _paths(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.rglob("*") if path.suffix in _TYPES and path.is_file() and not path.is_symlink()
    )


def _answer(file: File, lifetime: str, more: dict[str, str]) -> Response:
    headers = {"ETag": file.tag, "Cache-Control": lifetime, **_SAFE, **more}
    return Response(file.content, headers=headers | {"Content-Type": file.content_type})
