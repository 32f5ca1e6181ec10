"""The collector's layers hold all that vnstock's quotes need, without the charts that it asks for."""

from __future__ import annotations

import json
import os
import subprocess

from infra import topology
from infra.packaging import third_party
from tests.fakes.vnstock_stub.plugin import vnstock_stub
from tests.infra.packaging.unpacking import unpack_function

__all__ = ["vnstock_stub"]

PROGRAM = """
import sitecustomize
import datetime as dt, json
from stock_ai.sources.vnstock import library

first, last = dt.date(2025, 1, 2), dt.date(2025, 6, 13)
counts = [len(library.history(provider, "FPT", first, last, "1D")) for provider in ("KBS", "VCI")]
counts += [len(library.board(provider, ["FPT", "VCB"])) for provider in ("KBS", "VCI")]
print(json.dumps([*counts, library.listing("KBS", "VN30")]))
"""


def test_quotes_boards_and_listings_of_both_providers_from_the_archives(arch, interpreter, tmp_path, vnstock_stub):
    code, runtime = tmp_path / "code", tmp_path / "runtime"
    unpack_function(topology.function("data_collector"), arch, code)
    third_party.install(third_party.runtime_requirements(), arch, runtime)
    joined = vnstock_stub.environment()
    # -S keeps this machine's packages away, and the stub's door with them: the program opens that itself.
    path = os.pathsep.join(map(str, (joined.pop("PYTHONPATH"), code, runtime)))
    done = subprocess.run(
        [str(interpreter), "-S", "-c", PROGRAM],
        env={
            "PATH": os.defpath,
            "HOME": str(tmp_path / "no-home"),
            "TMPDIR": str(tmp_path),
            "PYTHONPATH": path,
            **joined,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    kbs, vci, kbs_board, vci_board, names = json.loads(done.stdout.splitlines()[-1])
    assert kbs > 100
    # VCI is asked for a few bars more, which are cut off later.
    assert kbs <= vci <= kbs + 5
    assert (kbs_board, vci_board) == (2, 2)
    assert names == ["ACB", "FPT", "VCB"]
    for package in ("matplotlib", "PIL", "seaborn"):
        assert not (code / package).exists()
