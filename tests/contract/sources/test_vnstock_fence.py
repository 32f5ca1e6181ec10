"""The library stays in its fence: no import before the first call, no files, no end of the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.contract.sources.conftest import Prober
from tests.fakes.vnstock_stub.faults import Fault


def python(code, prober):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=prober.work, env=prober._environment, capture_output=True, text=True
    )


@pytest.fixture
def prober(stub, tmp_path):
    prober = Prober(stub, tmp_path)
    yield prober
    prober.close()


def test_importing_the_adapter_imports_nothing_of_vnstock_and_creates_no_file(prober):
    done = python(
        "import sys, stock_ai.sources.vnstock\n"
        "assert not {'vnstock', 'vnai', 'pandas', 'requests'} & set(sys.modules), 'imported'\n",
        prober,
    )
    assert done.returncode == 0, done.stderr
    assert prober.files() == []


def test_a_call_creates_no_file_in_home_or_working_folder(prober):
    assert prober("bars", symbol="FPT", since="2025-06-13")["found"]
    prober.close()
    assert prober.files() == []


def test_home_cannot_be_written(stub, tmp_path):
    prober = Prober(stub, tmp_path, HOME="/proc/nowhere")
    assert prober("bars", symbol="FPT", since="2025-06-13")["found"]
    prober.close()
    assert prober.files() == []


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_the_zone_of_the_machine_changes_nothing(stub, tmp_path, zone):
    prober = Prober(stub, tmp_path, TZ=zone)
    stub.break_down("KBS", Fault.HTML)
    found = prober("bars", symbol="FPT", since="2025-06-05", until="2025-06-10")["found"]
    assert [bar["time"][-2:] for bar in found] == ["05", "06", "09", "10"]
    minutes = prober("intraday", symbol="FPT", interval="1m", since="2025-06-13", until="2025-06-13")["found"]
    assert [bar["time"][11:16] for bar in minutes] == ["02:15", "02:16", "04:29", "06:00"]
    prober.close()


def test_the_librarys_own_limit_is_an_error_and_not_the_end(prober):
    done = python(
        "import datetime as dt, os, sys\n"
        "from stock_ai.errors import PaceExceededError\n"
        "from stock_ai.sources.vnstock import library\n"
        "home, day = os.environ['HOME'], dt.date(2025, 6, 13)\n"
        "for n in range(30):\n"
        "    try:\n"
        "        library.history('KBS', 'FPT', day, day, '1D')\n"
        "    except PaceExceededError as error:\n"
        "        print(n, error.retry_after, file=sys.stderr)\n"
        "        break\n"
        "assert os.environ['HOME'] == home\n",
        prober,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "20 60.0"
    assert prober.files() == []


def test_nothing_on_standard_output_at_a_calm_pace(prober):
    done = python(
        "import datetime as dt\n"
        "from stock_ai.sources.vnstock import library\n"
        "day = dt.date(2025, 6, 13)\n"
        "assert library.history('KBS', 'FPT', day, day, '1D')\n"
        "assert library.listing('VCI', 'VN30')\n",
        prober,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert prober.files() == []
