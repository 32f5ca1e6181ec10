"""Third-party packages of a layer: their pinned list from the lock file, their wheels, and what is left out of them."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.packaging.archives import ROOT
from stock_ai.errors import RunAbortedError

BASE = "base"
EXTRAS = {
    "api": "api",
    "indicators": "indicators",
    "analysis": "analysis",
    "llm": "llm",
    "market_data": "market-data",
    "neural": "neural",
}
"""Layers and the extras of pyproject.toml that they hold."""

_BENEATH = {"analysis": "indicators", "neural": "analysis"}
"""Layers that are never without another, and repeat nothing of it."""

RUNTIME = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "urllib3", "python-dateutil", "six"})
"""What the Lambda runtime for Python carries itself (AWS Lambda developer guide, "Runtime-included SDK versions")."""

_UNNEEDED = frozenset(
    {
        "contourpy", "cycler", "et-xmlfile", "fonttools", "kiwisolver", "matplotlib", "mplfinance", "openpyxl",
        "pillow", "psutil", "pyparsing", "seaborn", "vnstock-ezchart",
    }
)  # fmt: skip
"""What vnstock asks for and its quotes do without: charts, spreadsheets, a look at the machine."""

_UNNEEDED_BY_LITERT = frozenset({"backports-strenum", "colorama", "flatbuffers", "ml-dtypes", "protobuf", "tqdm"})
"""What ai-edge-litert asks for and its interpreter does without."""

_PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
_PYTHON = "3.13"
_SHOWN_LINES = 15

# Found in wheels and never read at run time. `testing` packages stay: numpy.testing and the like are imported.
_FOLDERS = frozenset({"tests", "test", "__pycache__", "include", "docs", "doc", "examples", "bin"})
_SUFFIXES = frozenset({".pyi", ".pyx", ".pxd", ".pxi", ".h", ".hpp", ".c", ".cpp", ".f", ".f90", ".a", ".lib", ".pyc"})
# FastAPI looks for models of pydantic's first version at its first route and goes on without: 17 ms of a cold start.
# The interpreter of LiteRT is one library; the rest of it is for GPUs, NPUs and compilers.
_UNUSED = frozenset(
    {
        "pydantic/v1",
        "ai_edge_litert/aot",
        "ai_edge_litert/libLiteRt.so",
        "ai_edge_litert/libLiteRtWebGpuAccelerator.so",
        "ai_edge_litert/tools",
        "ai_edge_litert/vendors",
    }
)
# numpy.testing, which scipy imports, takes this one file from among its tests.
_NEEDED = frozenset({"numpy/_core/tests/_natype.py"})
_RECORDS = frozenset({"RECORD", "INSTALLER", "REQUESTED", "WHEEL", "uv_cache.json", "direct_url.json"})


@functools.cache
def requirements(layer: str) -> tuple[str, ...]:
    """The pinned requirements of `layer` with their hashes: for an extra, only those that the base has not.

    Raises:
        RunAbortedError: the lock file cannot be exported.
    """
    if layer == BASE:
        return tuple(line for name, line in _exported(None).items() if name not in RUNTIME)
    base = _exported(None)
    carried = base.keys() | RUNTIME | _UNNEEDED
    if layer in _BENEATH:
        carried |= _exported(EXTRAS[_BENEATH[layer]]).keys()
    if layer == "neural":
        carried |= _UNNEEDED_BY_LITERT
    return tuple(line for name, line in _exported(EXTRAS[layer]).items() if name not in carried)


def runtime_requirements() -> tuple[str, ...]:
    """What the Lambda runtime carries, in the locked versions: what tests put in its place."""
    return tuple(line for name, line in _exported(None).items() if name in RUNTIME)


def install(lines: tuple[str, ...], arch: str, target: Path) -> None:
    """Unpack the wheels of `lines` for Lambda's Python on `arch` into `target`, from uv's cache where they are there.

    Raises:
        RunAbortedError: uv failed, e.g. because there is no wheel for the platform; its last lines are in the message.
    """
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text("\n".join(lines) + "\n")
        options = ["--target", str(target), "--python-version", _PYTHON, "--python-platform", _PLATFORMS[arch]]
        options += ["--no-deps", "--only-binary", ":all:", "--link-mode", "copy", "-r", str(listed)]
        command = ["pip", "install", "--python", sys.executable, *options]
        if _uv([*command, "--offline"]).returncode == 0:
            return
        shutil.rmtree(target, ignore_errors=True)
        run = _uv(command)
    if run.returncode:
        raise RunAbortedError(_failure("wheels cannot be installed", run))


def trim(folder: Path) -> None:
    """Remove tests, headers, typing stubs, documentation and installers' records from a folder of installed packages.

    METADATA and licences stay.
    """
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            unused = path.name in _FOLDERS or path.relative_to(folder).as_posix() in _UNUSED
            if unused and not _holds_metadata(path):
                _remove(path, keeping={folder / name for name in _NEEDED})
        elif (
            path.relative_to(folder).as_posix() in _UNUSED
            or path.suffix in _SUFFIXES
            or (path.name in _RECORDS and path.parent.suffix == ".dist-info")
        ):
            path.unlink()


def _remove(folder: Path, keeping: set[Path]) -> None:
    kept = [path for path in keeping if folder in path.parents and path.exists()]
    if not kept:
        shutil.rmtree(folder)
        return
    for path in folder.iterdir():
        if path.is_dir():
            _remove(path, keeping)
        elif path not in kept:
            path.unlink()


def _holds_metadata(path: Path) -> bool:
    return any(part.endswith(".dist-info") for part in path.parts)


@functools.cache
def _exported(extra: str | None) -> dict[str, str]:
    options = ["--frozen", "--no-dev", "--no-emit-project", "--no-annotate", "--no-header"]
    run = _uv(["export", "--project", str(ROOT), *options, *([] if extra is None else ["--extra", extra])])
    if run.returncode:
        raise RunAbortedError(_failure("uv.lock cannot be exported", run))
    lines = run.stdout.replace("\\\n", " ").splitlines()
    return {re.split(r"[=\[;@\s]", line, maxsplit=1)[0].lower(): line for line in lines if line.strip()}


def _uv(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    beside = Path(sys.executable).with_name("uv")
    command = str(beside) if beside.exists() else shutil.which("uv")
    if command is None:
        raise RunAbortedError("uv is neither beside this Python nor on PATH: `pip install uv` gets it")
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=False)  # noqa: S603


def _failure(what: str, run: subprocess.CompletedProcess[str]) -> str:
    return "\n".join([f"{what}:", *run.stderr.strip().splitlines()[-_SHOWN_LINES:]])
