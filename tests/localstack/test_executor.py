"""The executor that stands in for Lambda's own: errors, timeouts and deaths come out as Lambda reports them."""

from __future__ import annotations

import base64
import io
import json
import uuid
import zipfile

import pytest

HANDLER = """
import os, sys, time
import boto3

def handler(event, context):
    print("asked to", event.get("do"))
    match event.get("do"):
        case "raise":
            raise ValueError("not that")
        case "exit":
            os._exit(3)
        case "sleep":
            time.sleep(60)
    return {
        "pid": os.getpid(),
        "path": sys.path,
        "remaining": context.get_remaining_time_in_millis(),
        "arn": context.invoked_function_arn,
        "bucket": boto3.client("s3").list_buckets()["ResponseMetadata"]["HTTPStatusCode"],
    }
"""


@pytest.fixture
def deploy(aws):
    """Deploys a module as a function; returns what invokes it: `(FunctionError or None, answer, log)`."""
    client, names = aws("lambda"), []

    def make(source, timeout=10):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr("probe.py", source)
        name = f"probe-{uuid.uuid4().hex[:8]}"
        client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="probe.handler",
            Role="arn:aws:iam::000000000000:role/probe",
            Code={"ZipFile": archive.getvalue()},
            Timeout=timeout,
        )
        names.append(name)
        client.get_waiter("function_active_v2").wait(FunctionName=name)

        def invoke(event):
            answer = client.invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail")
            log = base64.b64decode(answer.get("LogResult", "")).decode()
            return answer.get("FunctionError"), json.load(answer["Payload"]), log

        return invoke

    yield make
    for name in names:
        client.delete_function(FunctionName=name)


def test_a_warm_process_answers_with_what_lambda_gives_a_handler(deploy):
    invoke = deploy(HANDLER)
    error, first, log = invoke({"do": "answer"})
    assert error is None, first
    assert "asked to answer\n" in log
    assert 5_000 < first["remaining"] <= 10_000
    assert first["arn"].startswith("arn:aws:lambda:ap-southeast-1:000000000000:function:probe-")
    assert first["bucket"] == 200
    assert invoke({})[1]["pid"] == first["pid"]


def test_a_handler_sees_its_own_code_and_lambdas_runtime_only(deploy, server):
    path = deploy(HANDLER)({})[1]["path"]
    assert not [folder for folder in path if "site-packages" in folder]
    assert [folder for folder in path if folder.endswith("build/localstack/runtime")]


def test_what_a_handler_raises_is_reported_and_leaves_the_process(deploy):
    invoke = deploy(HANDLER)
    pid = invoke({})[1]["pid"]
    error, answer, log = invoke({"do": "raise"})
    assert error == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "not that")
    assert "ValueError" in log
    assert invoke({})[1]["pid"] == pid


@pytest.mark.parametrize(
    ("deed", "kind", "words"),
    [("exit", "Runtime.ExitError", "status 3"), ("sleep", "Sandbox.Timedout", "timed out after 2.00 seconds")],
)
def test_a_dead_or_hung_process_is_reported_and_replaced(deploy, deed, kind, words):
    invoke = deploy(HANDLER, timeout=2)
    pid = invoke({})[1]["pid"]
    error, answer, _ = invoke({"do": deed})
    assert error == "Unhandled"
    assert answer["errorType"] == kind
    assert words in answer["errorMessage"]
    error, answer, _ = invoke({})
    assert error is None
    assert answer["pid"] != pid


def test_a_module_that_cannot_be_imported_is_reported(deploy):
    error, answer, _ = deploy("import no_such_module")({})
    assert error == "Unhandled"
    assert answer["errorType"] == "Runtime.ImportModuleError"
    assert "no_such_module" in answer["errorMessage"]
