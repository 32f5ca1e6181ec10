"""A worker process answers, fails, times out and dies as a Lambda execution environment does."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from infra.topology import Function
from local.function_process import FunctionError, FunctionProcess, FunctionTimeout
from stock_ai.errors import RunAbortedError


@pytest.fixture
def start(tmp_path):
    started = []

    def make(handler, environment=None, **fields):
        function = Function(
            name="probe",
            memory_mb=512,
            layers=(),
            handler=f"tests.fakes.handlers.{handler}",
            **{"timeout_seconds": 20, **fields},
        )
        process = FunctionProcess(function, environment or {}, tmp_path / "probe.log")
        started.append(process)
        return process

    yield make
    for process in started:
        process.kill()
        process.close()


def test_answers_come_back_with_lambdas_context(start, tmp_path):
    process = start("echo")
    first = process.invoke({"symbol": "FPT", "name": "Tập đoàn"})
    second = process.invoke({})
    assert first["event"] == {"symbol": "FPT", "name": "Tập đoàn"}
    assert first["pid"] == second["pid"] == process.pid
    assert first["request_id"] != second["request_id"]
    assert 0 < second["remaining_ms"] <= 20_000
    assert first["memory"] == 512
    assert first["arn"].endswith(":function:probe")
    assert first["log_group"] == "/aws/lambda/probe"
    process.close()
    assert (tmp_path / "probe.log").read_text().count("echo was called") == 2


def test_only_the_settings_it_names_and_no_credentials_reach_the_function(start, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "outside")
    monkeypatch.setenv("MONGODB_URI", "mongodb://outside")
    given = {"MONGODB_URI": "mongodb://here", "REDIS_URL": "redis://here", "AWS_ACCESS_KEY_ID": "x"}
    seen = start("environment", given, settings=("MONGODB_URI",), variables={"OMP_NUM_THREADS": "1"}).invoke({})
    assert seen["OMP_NUM_THREADS"] == "1"
    assert seen["MONGODB_URI"] == "mongodb://here"
    assert not {"REDIS_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & seen.keys()
    assert seen["POWERTOOLS_SERVICE_NAME"] == seen["AWS_LAMBDA_FUNCTION_NAME"] == "probe"
    assert seen["TZ"] == "UTC"


def test_powertools_finds_service_function_and_request(start, tmp_path):
    process = start("observed")
    request_id = process.invoke({})
    process.close()
    lines = [json.loads(line) for line in (tmp_path / "probe.log").read_text().splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line.get("message") == "observed"]
    assert (line["service"], line["function_name"], line["function_request_id"]) == ("probe", "probe", request_id)
    assert line["function_memory_size"] == 512


def test_a_handlers_error_is_reported_and_the_process_goes_on(start):
    process = start("fail")
    for _ in range(2):
        with pytest.raises(FunctionError) as caught:
            process.invoke({})
        assert (caught.value.error_type, caught.value.message) == ("RetryableError", "MongoDB is away")
        assert any("in fail" in line for line in caught.value.stack_trace)
    assert process.pid is not None


def test_an_answer_that_is_no_json_is_a_marshal_error(start):
    with pytest.raises(FunctionError, match=r"Runtime\.MarshalError"):
        start("answer_with_a_set").invoke({})


@pytest.mark.parametrize("handler", ["nowhere.handler", "echoo"])
def test_an_import_error_is_reported_each_time(start, handler):
    process = start(handler)
    for attempt in (process.start, lambda: process.invoke({})):
        with pytest.raises(FunctionError) as caught:
            attempt()
        assert caught.value.error_type == "Runtime.ImportModuleError"
    assert process.pid is None


@pytest.mark.parametrize(("handler", "how"), [("crash", "signal SIGKILL"), ("leave", "exit code 7")])
def test_a_death_is_an_exit_error_and_the_next_invocation_starts_anew(start, handler, how):
    process = start(handler)
    process.start()
    first = process.pid
    with pytest.raises(FunctionError, match=f"Runtime.ExitError: the process of probe ended with {how}"):
        process.invoke({})
    assert process.pid is None
    process.start()
    assert process.pid not in {None, first}


def test_a_timeout_stops_the_process_and_its_children(start, tmp_path):
    process = start("sleep", timeout_seconds=1)
    process.start()
    began = time.monotonic()
    with pytest.raises(FunctionTimeout, match=r"Task timed out after 1.00 seconds") as caught:
        process.invoke({"started": str(tmp_path / "started")})
    assert caught.value.error_type == "Sandbox.Timedout"
    assert time.monotonic() - began < 5
    for pid in (tmp_path / "started").read_text().split():
        _await_end(int(pid))


def test_after_a_timeout_no_old_answer_is_taken_for_a_new_one(start):
    process = start("sleep_when_asked", timeout_seconds=1)
    first = process.invoke({})
    with pytest.raises(FunctionTimeout):
        process.invoke({"seconds": 60})
    assert process.invoke({}) not in {None, first}


def test_kill_ends_an_invocation_of_another_thread(start, tmp_path):
    process = start("sleep")
    failures = []

    def invoke():
        try:
            process.invoke({"started": str(tmp_path / "started")})
        except FunctionError as error:
            failures.append(error.error_type)

    thread = threading.Thread(target=invoke)
    thread.start()
    _await(lambda: (tmp_path / "started").exists())
    process.kill()
    thread.join(10)
    assert failures == ["Runtime.ExitError"]


def test_threads_take_turns_and_a_thread_that_ends_leaves_the_process_alive(start):
    process = start("sleep_when_asked")
    pids = []
    threads = [threading.Thread(target=lambda: pids.append(process.invoke({"seconds": 0.05}))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pids == [process.pid] * 5


def test_a_closed_process_is_gone_and_refuses(start):
    process = start("echo")
    pid = process.invoke({})["pid"]
    process.close()
    process.close()
    _await_end(pid)
    with pytest.raises(RunAbortedError, match="probe was closed"):
        process.invoke({})


@pytest.mark.parametrize("event", [{}, {"seconds": 300}], ids=["idle", "busy"])
def test_no_child_outlives_a_killed_parent(tmp_path, event):
    handler = "sleep" if event else "echo"
    event = {**event, "started": str(tmp_path / "started")}
    script = f"""
import json, sys
from pathlib import Path
from infra.topology import Function
from local.function_process import FunctionProcess
function = Function("probe", 512, 600, (), handler="tests.fakes.handlers.{handler}")
process = FunctionProcess(function, {{}}, Path({str(tmp_path / "probe.log")!r}))
process.start()
print(process.pid, flush=True)
process.invoke(json.loads({json.dumps(event)!r}))
print("answered", flush=True)
sys.stdin.read()
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    if handler == "sleep":
        _await(lambda: (tmp_path / "started").exists())
    else:
        assert parent.stdout.readline() == "answered\n"
    os.kill(pid, 0)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    _await_end(pid)


def _await(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def _await_end(pid):
    def ended():
        try:
            return (Path("/proc") / str(pid) / "stat").read_text().split()[2] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            try:
                os.kill(pid, 0)  # where there is no /proc
            except ProcessLookupError:
                return True
            return False

    _await(ended)
