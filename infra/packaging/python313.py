"""A Python 3.13 on this machine: the version Lambda runs, whose bytecode goes into the archives."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "STOCK_AI_PYTHON313"
HOW_TO_GET = (
    f"Python 3.13 was not found: `uv python install 3.13` or `pyenv install 3.13` gets it, and {VARIABLE} may name one."
)
_SECONDS = 20


def version(interpreter: Path) -> str | None:
    """The full version of an interpreter, e.g. `3.13.0`; None when it does not run or is another than 3.13."""
    command = [str(interpreter), "-I", "-c", "import platform, zlib; print(platform.python_version())"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    found = run.stdout.strip()
    return found if found.startswith("3.13.") else None


@functools.cache
def find() -> Path | None:
    """The first that works: named by STOCK_AI_PYTHON313, on PATH, of pyenv, of uv. None when there is none."""
    return next((candidate for candidate in _candidates() if version(candidate) is not None), None)


def _candidates() -> Iterator[Path]:
    if named := os.environ.get(VARIABLE):
        yield Path(named)
    if on_path := shutil.which("python3.13"):
        yield Path(on_path)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from _newest_first(pyenv / "versions", "3.13*")
    yield from _newest_first(Path.home() / ".local" / "share" / "uv" / "python", "cpython-3.13*")


def _newest_first(folder: Path, pattern: str) -> Iterator[Path]:
    for version_folder in sorted(folder.glob(pattern), reverse=True):
        yield version_folder / "bin" / "python3.13"
