"""Archives of functions: their own code, and for LocalStack that code with its layers in one."""

from __future__ import annotations

import zipfile
from pathlib import Path

from infra import topology
from infra.packaging import archives
from infra.packaging.layers import layer_archive, own_archive

_SEEN_AS = "/var/task"
_FOR_SPEED = 1
"""Compression of complete archives: they never leave this machine."""


def function_archive(function: topology.Function) -> Path:
    """The function's own modules, in the folders its handler is imported by.

    Raises:
        RunAbortedError: a module cannot be compiled.
    """
    folder = Path(*function.handler.split(".")[:-2])
    files = archives.tree(archives.ROOT / folder, f"{folder.as_posix()}/")
    for parent in folder.parents[:-1]:
        files[f"{parent.as_posix()}/__init__.py"] = archives.ROOT / parent / "__init__.py"
    return own_archive(f"function-{function.name}", files, _SEEN_AS)


def topic_setup_archive() -> Path:
    """The modules of the function that creates topics: its own and the topology it reads."""
    infra = archives.ROOT / "infra"
    files = archives.tree(infra / "topic_setup", "infra/topic_setup/")
    files |= {f"infra/{name}": infra / name for name in ("__init__.py", "topology.py")}
    return own_archive("function-topic_setup", files, _SEEN_AS)


def complete_archive(function: topology.Function, arch: str) -> Path:
    """The function's code and the modules of all its layers at the root of one archive.

    LocalStack's free version attaches layers to a function and does not mount them.

    Raises:
        RunAbortedError: a tool failed or a file is missing; the message says which.
    """
    parts = [*(layer_archive(name, arch) for name in function.layers), function_archive(function)]
    key = archives.digest([*(part.name for part in parts), archives.packager_digest()])

    def build(target: Path) -> None:
        files: dict[str, archives.Content] = {}
        for part in parts:
            with zipfile.ZipFile(part) as opened:
                files |= {name.removeprefix("python/"): opened.read(name) for name in opened.namelist()}
        archives.write_zip(target, files, _FOR_SPEED)

    return archives.cached(f"complete-{function.name}-{arch}", key, build)
