"""The invoker against the Lambda API as botocore's own stubber plays it."""

from __future__ import annotations

import io
import json
import socket

import boto3
import pytest
from botocore.config import Config
from botocore.response import StreamingBody
from botocore.stub import Stubber

from api.llm_invoker import LambdaLlmInvoker, StillRunningError, lambda_client
from stock_ai.errors import (
    BudgetSpentError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    RetryableError,
    RunAbortedError,
)
from stock_ai.models.llm import Explained, Served
from tests.fakes.api_services import NOW, make_text
from tests.fakes.clock import FixedClock

REQUEST = {"symbol": "FPT", "language": "en"}


@pytest.fixture
def client():
    return boto3.client(
        "lambda",
        region_name="ap-southeast-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - no account behind it
        config=Config(retries={"total_max_attempts": 1}),
    )


def answering(client, payload, **more):
    body = json.dumps(payload).encode()
    stub = Stubber(client)
    stub.add_response(
        "invoke",
        {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(body), len(body)), **more},
        {"FunctionName": "llm_analysis", "Payload": json.dumps(REQUEST).encode()},
    )
    stub.activate()
    return LambdaLlmInvoker("llm_analysis", lambda: client, FixedClock(NOW))


def test_answer_of_the_function(client):
    explained = Explained(analysis=make_text(), served=Served.STALE)
    assert answering(client, explained.model_dump(mode="json"))(REQUEST) == explained


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("NotFoundError", NotFoundError),
        ("InvalidInputError", InvalidInputError),
        ("RetryableError", RetryableError),
        ("RunAbortedError", RunAbortedError),
        ("RateLimitedError", RateLimitedError),
        ("Sandbox.Timedout", RetryableError),
    ],
)
def test_failure_of_the_function_keeps_its_kind(client, kind, expected):
    invoker = answering(client, {"errorType": kind, "errorMessage": "because"}, FunctionError="Unhandled")
    with pytest.raises(expected, match="because") as raised:
        invoker(REQUEST)
    assert type(raised.value) is expected


def test_a_spent_budget_lasts_until_midnight_at_the_exchange(client):
    """NOW is 10:00 there."""
    invoker = answering(client, {"errorType": "BudgetSpentError", "errorMessage": "spent"}, FunctionError="Unhandled")
    with pytest.raises(BudgetSpentError, match="spent") as raised:
        invoker(REQUEST)
    assert raised.value.retry_after == 14 * 3600


@pytest.mark.parametrize(
    ("code", "expected"),
    [("TooManyRequestsException", RateLimitedError), ("ResourceNotFoundException", RetryableError)],
)
def test_throttled_or_absent_function(client, code, expected):
    stub = Stubber(client)
    stub.add_client_error("invoke", code)
    stub.activate()
    with pytest.raises(RetryableError) as raised:
        LambdaLlmInvoker("llm_analysis", lambda: client)(REQUEST)
    assert type(raised.value) is expected


def test_a_function_that_takes_longer_than_the_wait_goes_on(monkeypatch):
    """Against a server that takes the question and says nothing."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"http://127.0.0.1:{silent.getsockname()[1]}")
        invoker = LambdaLlmInvoker("llm_analysis", lambda: lambda_client(wait_seconds=2.0))
        with pytest.raises(StillRunningError):
            invoker(REQUEST)
