"""Invoking deployed functions over HTTP, against a server that speaks as much of Lambda's API as is needed."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infra import topology
from local.deployed import DeployedFunction, api_url
from local.function_process import FunctionError
from stock_ai.errors import NotFoundError, RetryableError, RunAbortedError

FUNCTION = topology.function("kafka_consumer")


class Endpoint:
    """Answers each request with `answer`; holds it while `gate` is closed."""

    def __init__(self):
        self.answer = (200, {}, b"null")
        self.requests = []
        self.arrived = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                endpoint.requests.append((self.path, body))
                endpoint.arrived.set()
                endpoint.gate.wait(10)
                status, headers, content = endpoint.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self):
                self.do_POST()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def endpoint(monkeypatch):
    endpoint = Endpoint()
    for name, value in {"ENDPOINT_URL": endpoint.url, "ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    yield endpoint
    endpoint.gate.set()
    endpoint.server.shutdown()
    endpoint.server.server_close()


@pytest.fixture
def function(endpoint):
    function = DeployedFunction(FUNCTION)
    yield function
    function.close()


def test_the_event_goes_to_the_deployed_name_and_the_answer_comes_back(endpoint, function):
    endpoint.answer = (200, {}, b'{"stored": 3}')
    assert function.invoke({"records": {}}) == {"stored": 3}
    [(path, body)] = endpoint.requests
    assert path == "/2015-03-31/functions/stock-ai-kafka-consumer/invocations"
    assert json.loads(body) == {"records": {}}


def test_a_failed_handler_is_the_error_it_raised(endpoint, function):
    content = {"errorType": "RetryableError", "errorMessage": "MongoDB is away", "stackTrace": ["line"]}
    endpoint.answer = (200, {"X-Amz-Function-Error": "Unhandled"}, json.dumps(content).encode())
    with pytest.raises(FunctionError) as raised:
        function.invoke({})
    assert (raised.value.error_type, raised.value.message) == ("RetryableError", "MongoDB is away")
    assert raised.value.stack_trace == ["line"]


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (404, "ResourceNotFoundException", NotFoundError),
        (429, "TooManyRequestsException", RetryableError),
        (500, "ServiceException", RetryableError),
    ],
)
def test_a_refusal_is_typed_and_asked_once(endpoint, function, status, code, error):
    endpoint.answer = (status, {"x-amzn-ErrorType": code}, b'{"Message": "no"}')
    with pytest.raises(error, match="stock-ai-kafka-consumer"):
        function.invoke({})
    assert len(endpoint.requests) == 1


def test_an_absent_endpoint_is_retryable(monkeypatch, endpoint):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(RetryableError, match="stock-ai-kafka-consumer"):
        DeployedFunction(FUNCTION).invoke({})


def test_kill_ends_the_waiting_and_nothing_else(endpoint, function):
    endpoint.gate.clear()
    errors = []

    def invoke():
        try:
            function.invoke({})
        except FunctionError as error:
            errors.append(error)

    waiting = threading.Thread(target=invoke)
    waiting.start()
    assert endpoint.arrived.wait(10)
    function.kill()
    waiting.join(10)
    assert [error.error_type for error in errors] == ["Runtime.ExitError"]
    endpoint.gate.set()
    assert function.invoke({}) is None


def test_after_close_nothing_is_invoked(endpoint, function):
    function.close()
    function.close()
    with pytest.raises(RunAbortedError, match="kafka_consumer"):
        function.invoke({})
    assert endpoint.requests == []


def test_the_api_is_shown_at_the_endpoint_in_use(endpoint):
    endpoint.answer = (
        200,
        {"Content-Type": "text/xml"},
        b"<DescribeStacksResponse><DescribeStacksResult><Stacks><member><Outputs><member>"
        b"<OutputKey>ApiUrl</OutputKey><OutputValue>http://localhost:4566/_aws/execute-api/abc/v1/</OutputValue>"
        b"</member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>",
    )
    assert api_url() == f"{endpoint.url}/_aws/execute-api/abc/v1/"
