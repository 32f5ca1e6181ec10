"""Layers: what is in them, what is not, and that they are the same every time."""

from __future__ import annotations

import re
import ssl
import zipfile
from pathlib import PurePosixPath

import pytest

from infra.packaging import bytecode, certificates, layers, python313, third_party
from infra.packaging.functions import function_archive
from infra.topology import function
from stock_ai.errors import InvalidInputError, RunAbortedError


@pytest.fixture(params=["base", *third_party.EXTRAS])
def names(request, arch) -> list[str]:
    """The names in one third-party layer."""
    with zipfile.ZipFile(layers.layer_archive(request.param, arch)) as opened:
        return opened.namelist()


def test_the_runtimes_own_packages_are_not_uploaded(names):
    top = {PurePosixPath(name).parts[1] for name in names if name.startswith("python/")}
    assert not top & {"boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six.py", "six.pyc"}


def test_nothing_is_uploaded_that_is_not_read_at_run_time(names):
    unread = re.compile(r"/(tests?|include|examples|__pycache__|bin)/|\.(pyi|pyx|pxd|h|hpp|c|a)$|/RECORD$")
    found = [name for name in names if unread.search(name) and ".dist-info/" not in name]
    # The one file that numpy.testing takes from numpy's tests.
    assert [name for name in found if "/numpy/_core/tests/_natype." not in name] == []


def test_every_package_keeps_its_metadata_and_licences(names):
    described = {PurePosixPath(name).parts[1] for name in names if ".dist-info/" in name}
    assert described
    assert {f"python/{package}/METADATA" for package in described} <= set(names)


def test_modules_lie_where_lambda_looks_for_them(names):
    assert {PurePosixPath(name).parts[0] for name in names} <= {"python", "certs"}


def test_an_extra_repeats_nothing_of_the_base():
    base = {line.split("==")[0] for line in third_party.requirements("base")}
    for extra in third_party.EXTRAS:
        own = {line.split("==")[0] for line in third_party.requirements(extra)}
        assert own
        assert not own & base
    assert not base & third_party.RUNTIME


def test_every_requirement_is_pinned_by_version_and_hash():
    for layer in ("base", *third_party.EXTRAS):
        for line in third_party.requirements(layer):
            assert re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line), line


@pytest.mark.parametrize("name", ["stock_ai", "base", "api"])
def test_two_builds_are_equal(name, arch, empty_cache):
    empty_cache()
    first = layers.layer_archive(name, arch)
    empty_cache()
    second = layers.layer_archive(name, arch)
    assert first != second
    assert (first.name, first.read_bytes()) == (second.name, second.read_bytes())


def test_two_builds_of_a_function_are_equal(empty_cache):
    empty_cache()
    first = function_archive(function("api"))
    empty_cache()
    second = function_archive(function("api"))
    assert first != second
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.usefixtures("interpreter")
def test_bytecode_takes_the_place_of_third_party_sources_and_lies_beside_ours(arch):
    with zipfile.ZipFile(layers.layer_archive("api", arch)) as opened:
        suffixes = {PurePosixPath(name).suffix for name in opened.namelist()}
    assert ".pyc" in suffixes
    assert ".py" not in suffixes
    with zipfile.ZipFile(layers.layer_archive("stock_ai", arch)) as opened:
        ours = set(opened.namelist())
    assert {"python/stock_ai/errors.py", "python/stock_ai/__pycache__/errors.cpython-313.pyc"} <= ours


def test_without_python_3_13_sources_are_packed_and_that_is_said(monkeypatch, capsys, arch, empty_cache):
    monkeypatch.setattr(python313, "find", lambda: None)
    bytecode.mode.cache_clear()
    empty_cache()
    try:
        with zipfile.ZipFile(layers.layer_archive("stock_ai", arch)) as opened:
            assert {PurePosixPath(name).suffix for name in opened.namelist()} == {".py", ".typed", ".yaml"}
        layers.layer_archive("stock_ai", arch)
        assert capsys.readouterr().err.count("Python 3.13 was not found") == 1
    finally:
        bytecode.mode.cache_clear()


@pytest.mark.usefixtures("interpreter")
def test_a_module_that_does_not_compile_is_named(tmp_path):
    (tmp_path / "broken.py").write_text("def (")
    with pytest.raises(RunAbortedError, match=r"broken\.py"):
        bytecode.compile_beside(tmp_path, "/opt")


def test_an_unknown_layer_or_architecture_is_refused(arch):
    with pytest.raises(InvalidInputError, match="'charts'"):
        layers.layer_archive("charts", arch)
    with pytest.raises(InvalidInputError, match="'mips'"):
        layers.layer_archive("base", "mips")


def test_uvs_own_words_are_shown_when_there_is_no_wheel(tmp_path, arch):
    with pytest.raises(RunAbortedError, match=r"wheels cannot be installed:\n(.*\n)*.*stock-ai-no-such-package"):
        third_party.install(("./stock-ai-no-such-package",), arch, tmp_path / "target")


def test_a_cache_key_follows_the_requirements(monkeypatch, arch, tmp_path):
    """A layer's content decides its name, so a deployment sees every change."""
    wanted = layers.layer_archive("api", arch)
    changed = (*third_party.requirements("api")[:-1],)
    monkeypatch.setattr(third_party, "requirements", lambda layer: changed)
    monkeypatch.setattr(layers.archives, "cached", lambda name, key, build: tmp_path / f"{name}-{key}.zip")
    assert layers.layer_archive.__wrapped__("api", arch).name != wanted.name


def test_certificates_of_rds_are_whole(arch, tmp_path):
    with zipfile.ZipFile(layers.layer_archive("base", arch)) as opened:
        bundle = opened.read(certificates.NAME).decode()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=bundle)
    subjects = [dict(part[0] for part in entry["subject"])["commonName"] for entry in context.get_ca_certs()]
    assert len(subjects) == bundle.count("BEGIN CERTIFICATE")
    assert any("ap-southeast-1" in subject for subject in subjects)


def test_missing_certificates_say_what_to_run(tmp_path):
    with pytest.raises(RunAbortedError, match="npm ci"):
        certificates.bundle(tmp_path / "defaults.js")
    (tmp_path / "defaults.js").write_text("exports.defaults = [];")
    with pytest.raises(RunAbortedError, match="form has changed"):
        certificates.bundle(tmp_path / "defaults.js")


@pytest.mark.usefixtures("interpreter")
def test_trimmed_layers_hold_no_caches_of_the_machine(arch):
    with zipfile.ZipFile(layers.layer_archive("base", arch)) as opened:
        assert not [name for name in opened.namelist() if "uv_cache" in name or "direct_url" in name]
        compiled = opened.read("python/tenacity/__init__.pyc")
    assert b"/opt/python/tenacity/__init__.py" in compiled
    assert b"/tmp" not in compiled
