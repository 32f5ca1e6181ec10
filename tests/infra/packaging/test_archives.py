"""Archives: equal content gives equal bytes, and nothing is built twice."""

from __future__ import annotations

import os
import threading
import zipfile

import pytest

from infra.packaging import archives


def test_equal_files_give_equal_bytes_whatever_their_times_and_order(tmp_path):
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    source = tmp_path / "a.py"
    source.write_text("a = 1\n")
    archives.write_zip(first, {"a.py": source, "b.so": b"\x7fELF"})
    os.utime(source, (0, 0))
    source.chmod(0o600)
    archives.write_zip(second, {"b.so": b"\x7fELF", "a.py": source})
    assert first.read_bytes() == second.read_bytes()


def test_lambda_can_read_everything_and_load_libraries(tmp_path):
    target = tmp_path / "any.zip"
    archives.write_zip(target, {"a.py": b"", "lib/b.so": b"", "lib/libc.so.1.2": b""})
    with zipfile.ZipFile(target) as opened:
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in opened.infolist()}
    assert modes == {"a.py": 0o644, "lib/b.so": 0o755, "lib/libc.so.1.2": 0o755}


def test_a_tree_leaves_caches_out(tmp_path):
    (tmp_path / "package" / "__pycache__").mkdir(parents=True)
    (tmp_path / "package" / "__pycache__" / "a.cpython-313.pyc").write_bytes(b"")
    (tmp_path / "package" / "a.py").write_text("")
    assert set(archives.tree(tmp_path, "functions/")) == {"functions/package/a.py"}


def test_digests_tell_borders_and_names_apart():
    assert archives.digest(["ab", "c"]) != archives.digest(["a", "bc"])
    assert archives.tree_digest({"a": b"x"}) != archives.tree_digest({"b": b"x"})


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr(archives, "CACHE", tmp_path / "packages")
    return tmp_path / "packages"


def test_what_is_in_the_cache_is_not_built_again(cache):
    builds = []

    def build(target):
        builds.append(target)
        archives.write_zip(target, {"a": b"1"})

    assert archives.cached("api", "1", build) == archives.cached("api", "1", build)
    assert archives.cached("api", "2", build).name == "api-2.zip"
    assert len(builds) == 2
    assert sorted(path.name for path in cache.iterdir()) == ["api-1.zip", "api-2.zip"]


def test_a_build_that_fails_leaves_nothing(cache):
    def build(target):
        target.write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        archives.cached("api", "1", build)
    assert list(cache.iterdir()) == []


def test_two_builds_at_once_give_one_whole_archive(cache):
    together = threading.Barrier(2, timeout=30)

    def build(target):
        together.wait()
        archives.write_zip(target, {"a": b"1" * 100_000})

    threads = [threading.Thread(target=archives.cached, args=("api", "1", build)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [path.name for path in cache.iterdir()] == ["api-1.zip"]
    assert archives.unzipped_bytes(cache / "api-1.zip") == 100_000
