"""Zip files that are equal for equal content, kept under a name that holds the hash of what they are made from."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "packages"
"""Safe to delete at any time."""

_EARLIEST = (1980, 1, 1, 0, 0, 0)
_REGULAR = 0o100000

Content = Path | bytes


def whole_tree(folder: Path, prefix: str = "") -> dict[str, Content]:
    """Every file below `folder` by its name in an archive, under `prefix`."""
    return {prefix + path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def tree(folder: Path, prefix: str = "") -> dict[str, Content]:
    """The same without Python's caches."""
    return {
        name: content
        for name, content in whole_tree(folder, prefix).items()
        if "__pycache__" not in name.split("/") and not name.endswith(".pyc")
    }


def digest(parts: Iterable[bytes | str]) -> str:
    """A short hash of `parts`, in their order and with their borders."""
    total = hashlib.blake2b(digest_size=12)
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        total.update(len(content).to_bytes(8, "big") + content)
    return total.hexdigest()


def tree_digest(files: Mapping[str, Content]) -> str:
    """The hash of files with their names."""
    return digest(part for name in sorted(files) for part in (name, read(files[name])))


def read(content: Content) -> bytes:
    """The bytes of one entry."""
    return content if isinstance(content, bytes) else content.read_bytes()


def packager_digest() -> str:
    """The hash of this package's own sources: what changes them builds every archive anew."""
    return tree_digest(tree(Path(__file__).parent))


def write_zip(target: Path, files: Mapping[str, Content], compression: int = 6) -> None:
    """Write `files` in the order of their names, with one time and one set of permissions for all."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=compression) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on whatever system the archive is made: Lambda reads its permissions
            mode = 0o755 if _is_library(name) else 0o644
            entry.external_attr = (_REGULAR | mode) << 16
            archive.writestr(entry, read(files[name]))


def cached(name: str, key: str, build: Callable[[Path], None]) -> Path:
    """The archive `name` made from what `key` is the hash of; `build` writes it to the path it gets, when it is new.

    Several processes may build the same one at once: each writes a file of its own, and the last to finish wins.
    """
    target = CACHE / f"{name}-{key}.zip"
    if not target.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE, prefix=f".{name}-") as folder:
            draft = Path(folder) / target.name
            build(draft)
            os.replace(draft, target)  # noqa: PTH105 - the atomic one, by its name
    return target


def unzipped_bytes(archive: Path) -> int:
    """What an archive takes on disk once unpacked, as Lambda counts it."""
    with zipfile.ZipFile(archive) as opened:
        return sum(entry.file_size for entry in opened.infolist())


def _is_library(name: str) -> bool:
    base = name.rsplit("/", 1)[-1]
    return base.endswith(".so") or ".so." in base
