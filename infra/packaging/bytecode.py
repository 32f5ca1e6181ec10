"""Bytecode inside the archives.

Where Lambda unpacks them nothing can be written, so without it every cold start compiles every module again: measured
on two cores, importing the API took 2.2 s without and 0.9 s with bytecode.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

from infra.packaging import python313
from stock_ai.errors import RunAbortedError

_SHOWN_LINES = 10


@functools.cache
def mode() -> str:
    """How modules are packed on this machine: `bytecode-3.13.x`, or `sources` where there is no Python 3.13."""
    interpreter = python313.find()
    if interpreter is None:
        print(f"{python313.HOW_TO_GET} Archives go without bytecode: cold starts are slower.", file=sys.stderr)
        return "sources"
    return f"bytecode-{python313.version(interpreter)}"


def compile_beside(folder: Path, seen_as: str) -> None:
    """Add `__pycache__` to a folder of our own modules; sources stay. Does nothing without Python 3.13.

    Args:
        seen_as: where Lambda unpacks `folder`, for tracebacks.

    Raises:
        RunAbortedError: a module cannot be compiled.
    """
    _compile(folder, seen_as, [])


def compile_in_place(folder: Path, seen_as: str) -> None:
    """Put bytecode in the place of the sources of installed packages. Does nothing without Python 3.13.

    Raises:
        RunAbortedError: a module cannot be compiled.
    """
    if _compile(folder, seen_as, ["-b"]):
        for source in folder.rglob("*.py"):
            if source.with_suffix(".pyc").exists():
                source.unlink()


def _compile(folder: Path, seen_as: str, options: list[str]) -> bool:
    interpreter = python313.find()
    if interpreter is None:
        return False
    command = [str(interpreter), "-I", "-W", "ignore", "-m", "compileall", "-q", "-j0", *options]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", seen_as, str(folder)]
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
    if run.returncode:
        lines = (run.stdout + run.stderr).strip().splitlines()[-_SHOWN_LINES:]
        raise RunAbortedError("\n".join(["modules do not compile:", *lines]))
    return True
