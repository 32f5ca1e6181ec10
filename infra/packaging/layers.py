"""Archives of layers, laid out as Lambda unpacks them into /opt: modules below python/."""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path

from infra.packaging import archives, bytecode, certificates, third_party
from stock_ai.errors import InvalidInputError

OURS = "stock_ai"
NAMES = (OURS, third_party.BASE, *third_party.EXTRAS)
ARCHITECTURES = ("arm64", "x86_64")
"""As Lambda names them."""

_SEEN_AS = "/opt"


@functools.cache
def layer_archive(name: str, arch: str) -> Path:
    """The archive of layer `name`, from the cache unless something it is made from has changed.

    Raises:
        InvalidInputError: there is no such layer or architecture.
        RunAbortedError: a tool failed or a file is missing; the message says which.
    """
    if name not in NAMES or arch not in ARCHITECTURES:
        raise InvalidInputError(f"layer {name!r} for {arch!r}: layers are {NAMES}, architectures are {ARCHITECTURES}")
    if name == OURS:
        return own_archive(OURS, archives.tree(archives.ROOT / "layers" / OURS), _SEEN_AS)
    return _third_party(name, arch)


def own_archive(name: str, files: dict[str, archives.Content], seen_as: str) -> Path:
    """The archive `name` of our own modules, with bytecode beside them; `seen_as` is where Lambda unpacks it.

    Raises:
        RunAbortedError: a module cannot be compiled.
    """
    key = archives.digest([archives.tree_digest(files), archives.packager_digest(), bytecode.mode()])

    def build(target: Path) -> None:
        archives.write_zip(target, _compiled(files, target.parent / "files", seen_as))

    return archives.cached(name, key, build)


def _third_party(name: str, arch: str) -> Path:
    lines = third_party.requirements(name)
    certificate = certificates.bundle() if name == third_party.BASE else b""
    key = archives.digest([*lines, certificate, arch, archives.packager_digest(), bytecode.mode()])

    def build(target: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            modules = Path(folder) / "python"
            third_party.install(lines, arch, modules)
            third_party.trim(modules)
            bytecode.compile_in_place(Path(folder), _SEEN_AS)
            extra: dict[str, archives.Content] = {certificates.NAME: certificate} if certificate else {}
            archives.write_zip(target, archives.whole_tree(Path(folder)) | extra)

    return archives.cached(f"{name}-{arch}", key, build)


def _compiled(files: dict[str, archives.Content], folder: Path, seen_as: str) -> dict[str, archives.Content]:
    """`files` with bytecode beside the modules, staged in the new `folder`."""
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copyfile(content, target)
        else:
            target.write_bytes(content)
    bytecode.compile_beside(folder, seen_as)
    return archives.whole_tree(folder)
