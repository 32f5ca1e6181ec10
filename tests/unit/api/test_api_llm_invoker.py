"""The invoker against the Lambda API as botocore's own stubber plays it."""

from __future__ import annotations

import io
import json

import boto3
import pytest
from botocore.config import Config
from botocore.response import StreamingBody
from botocore.stub import Stubber

from api.llm_invoker import LambdaLlmInvoker
from stock_ai.errors import InvalidInputError, NotFoundError, RetryableError
from tests.fakes.api_services import make_text

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
    return LambdaLlmInvoker("llm_analysis", lambda: client)


def test_answer_of_the_function(client):
    invoker = answering(client, make_text().model_dump(mode="json"))
    assert invoker(REQUEST) == make_text()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("NotFoundError", NotFoundError),
        ("InvalidInputError", InvalidInputError),
        ("RetryableError", RetryableError),
        ("RunAbortedError", RetryableError),
        ("Sandbox.Timedout", RetryableError),
    ],
)
def test_failure_of_the_function_keeps_its_kind(client, kind, expected):
    invoker = answering(client, {"errorType": kind, "errorMessage": "because"}, FunctionError="Unhandled")
    with pytest.raises(expected, match="because") as raised:
        invoker(REQUEST)
    assert type(raised.value) is expected


def test_throttled_or_absent_function_is_retryable(client):
    stub = Stubber(client)
    stub.add_client_error("invoke", "TooManyRequestsException", http_status_code=429)
    stub.activate()
    with pytest.raises(RetryableError):
        LambdaLlmInvoker("llm_analysis", lambda: client)(REQUEST)
