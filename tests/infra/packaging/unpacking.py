"""Archives unpacked as Lambda does it, for tests and benches on this machine."""

from __future__ import annotations

import platform
import zipfile
from pathlib import Path

from infra.packaging.functions import function_archive
from infra.packaging.layers import layer_archive
from infra.topology import Function


def machine_architecture() -> str:
    """The architecture of this machine, as Lambda names it."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


def unpack(archive: Path, target: Path, below: str = "") -> None:
    """The files of `archive` under `below`, without that."""
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            if name.startswith(below):
                path = target / name.removeprefix(below)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(opened.read(name))


def unpack_function(function: Function, arch: str, target: Path) -> None:
    """The function's code and the modules of its layers in one folder."""
    for name in function.layers:
        unpack(layer_archive(name, arch), target, "python/")
    unpack(function_archive(function), target)
