"""Python imports this by its name when it starts: everything that `requests` sends goes to the stub instead.

In force where VNSTOCK_STUB_URL is set. Nothing of `requests` is imported before the process does so itself.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

URL_VARIABLE = "VNSTOCK_STUB_URL"
HOST_HEADER = "X-Stub-Host"


def redirect(adapters: ModuleType, stub: str) -> None:
    """Send what the adapters of `requests` would send to `stub`, with the host it was meant for in a header."""
    original = adapters.HTTPAdapter.send

    def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        url = urlsplit(request.url)
        request.headers[HOST_HEADER] = url.hostname
        request.url = stub + url._replace(scheme="", netloc="").geturl()
        return original(self, request, *args, **kwargs)

    adapters.HTTPAdapter.send = send


class _AfterImport(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Lets `requests.adapters` be imported as ever, and redirects it then."""

    def __init__(self, stub: str) -> None:
        self._stub = stub
        self._spec: Any = None

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name != "requests.adapters" or self._spec is not None:
            return None
        self._spec = importlib.machinery.PathFinder.find_spec(name, path)
        return importlib.machinery.ModuleSpec(name, self, origin=self._spec.origin)

    def exec_module(self, module: ModuleType) -> None:
        self._spec.loader.exec_module(module)
        redirect(module, self._stub)


if _stub := os.environ.get(URL_VARIABLE):
    if "requests.adapters" in sys.modules:
        redirect(sys.modules["requests.adapters"], _stub)
    else:
        sys.meta_path.insert(0, _AfterImport(_stub))
