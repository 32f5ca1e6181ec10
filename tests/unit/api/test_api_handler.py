"""The Lambda door: API Gateway's own event shape in, its answer shape out; imports stay small."""

from __future__ import annotations

import json
import threading
from types import SimpleNamespace

import pytest

from api import handler as door
from api.app import create_app
from api.services import LlmTerms
from api.settings import ApiSettings
from stock_ai.settings import KafkaSettings
from tests.fakes.http_client import Client

CONTEXT = SimpleNamespace(
    function_name="api",
    memory_limit_in_mb=1024,
    invoked_function_arn="arn:aws:lambda:ap-southeast-1:000000000000:function:api",
    aws_request_id="3f2f2c2e-lambda",
)


JSON = {"Content-Type": "application/json"}


def proxy_event(path, method="GET", query=None, body=None, headers=None):
    """A REST API (v1) proxy event, as in the API Gateway developer guide, "Input format"."""
    headers = {"Accept": "*/*", "Host": "abc123.execute-api.ap-southeast-1.amazonaws.com"} | (headers or {})
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "pathParameters": {"proxy": path.lstrip("/")},
        "stageVariables": None,
        "requestContext": {
            "resourceId": "2gxmpl",
            "resourcePath": "/{proxy+}",
            "httpMethod": method,
            "extendedRequestId": "JJbxmplHYosFVYQ=",
            "requestTime": "23/Aug/2025:03:00:00 +0000",
            "path": f"/prod{path}",
            "accountId": "000000000000",
            "protocol": "HTTP/1.1",
            "stage": "prod",
            "requestTimeEpoch": 1755918000000,
            "requestId": "77375676-xmpl-4b79-853a-f982474efe18",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "test"},
            "domainName": "abc123.execute-api.ap-southeast-1.amazonaws.com",
            "apiId": "abc123",
        },
        "body": body,
        "isBase64Encoded": False,
    }


@pytest.fixture
def invoke(services, monkeypatch):
    """The real handler, with the services that `build` would have wired."""
    door._gateway.cache_clear()
    monkeypatch.setattr(door, "build", lambda: (services, ApiSettings.load()))
    yield lambda *args, **kwargs: door.handler(proxy_event(*args, **kwargs), CONTEXT)
    door._gateway.cache_clear()


def test_answers_a_proxy_event(invoke):
    answer = invoke("/api/v1/stocks/fpt/prices", query={"limit": "2", "adjusted": "true"})
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, False)
    body = json.loads(answer["body"])
    assert (body["prices"], len(body["bars"])) == ("adjusted", 2)
    assert answer["headers"]["content-type"] == "application/json"


def test_gateways_request_id_is_in_header_and_problem(invoke):
    answer = invoke("/api/v1/stocks/ZZZ")
    assert answer["statusCode"] == 404
    assert json.loads(answer["body"])["request_id"] == "77375676-xmpl-4b79-853a-f982474efe18"
    assert answer["headers"]["x-request-id"] == "77375676-xmpl-4b79-853a-f982474efe18"
    assert (answer["isBase64Encoded"], answer["headers"]["content-type"]) == (False, "application/problem+json")


def test_unforeseen_error_is_a_problem_and_logged(invoke, services, caplog):
    services.llm.error = KeyError("internal secret")
    answer = invoke("/api/v1/analysis/FPT/llm", method="POST", body='{"language": "vi"}', headers=JSON)
    assert answer["statusCode"] == 500
    assert "secret" not in answer["body"]
    assert "request failed" in caplog.text


def test_not_modified_passes_the_gateway(invoke):
    first = invoke("/api/v1/stocks/FPT")
    again = invoke("/api/v1/stocks/FPT", headers={"If-None-Match": first["headers"]["etag"]})
    assert (again["statusCode"], again["body"]) == (304, "")


def test_answers_are_counted_by_class(invoke, capsys):
    invoke("/api/v1/nowhere")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert [line["Responses4xx"] for line in lines if "Responses4xx" in line] == [[1.0]]


def test_cors_origins_come_from_the_setting(services, monkeypatch):

    monkeypatch.setenv("API_CORS_ORIGINS", "https://a.example, https://b.example")
    client = Client(create_app(services, ApiSettings.load().http_terms))
    allowed = client.get("/", headers={"Origin": "https://b.example"})
    assert allowed.headers["access-control-allow-origin"] == "https://b.example"
    assert "access-control-allow-origin" not in client.get("/", headers={"Origin": "https://c.example"}).headers


def stage_event(path, asked):
    """A proxy event for `path` where the client asked the gateway for `asked`."""
    event = proxy_event(path)
    return event | {"requestContext": event["requestContext"] | {"path": asked}}


@pytest.mark.usefixtures("invoke")
@pytest.mark.parametrize("root", ["/v1", ""])
def test_documentation_and_links_work_under_a_stage(root):
    """Also under a domain of one's own, which has no stage in its paths."""
    page = door.handler(stage_event("/docs", f"{root}/docs"), CONTEXT)
    assert f"'{root}/openapi.json'" in page["body"]
    document = json.loads(door.handler(stage_event("/openapi.json", f"{root}/openapi.json"), CONTEXT)["body"])
    assert document.get("servers", []) == ([{"url": root}] if root else [])
    links = json.loads(door.handler(stage_event("/", f"{root}/"), CONTEXT)["body"])["links"]
    assert links["stocks"] == f"{root}/api/v1/stocks"


@pytest.mark.usefixtures("invoke")
def test_stages_do_not_leak_into_each_other():
    """One process may serve a stage and a domain of one's own."""
    for root in ("/v1", "/v2", ""):
        answer = door.handler(stage_event("/api/v1/stocks/ZZZ", f"{root}/api/v1/stocks/ZZZ"), CONTEXT)
        assert json.loads(answer["body"])["instance"] == f"{root}/api/v1/stocks/ZZZ"
        document = json.loads(door.handler(stage_event("/openapi.json", f"{root}/openapi.json"), CONTEXT)["body"])
        assert document.get("servers", []) == ([{"url": root}] if root else [])


@pytest.mark.usefixtures("invoke")
def test_a_stage_named_like_a_part_of_the_path_is_no_trap():
    answer = door.handler(stage_event("/api/v1/stocks/FPT", "/api/api/v1/stocks/FPT"), CONTEXT)
    assert answer["statusCode"] == 200


def test_a_wrong_setting_is_no_fault_of_the_asker():
    """MongoDB's driver refuses some URIs only when it is made, which here is inside a request."""

    from api.wiring import connect
    from stock_ai.settings import LlmSettings, MongoSettings, RedisSettings

    services = connect(
        MongoSettings(MONGODB_URI="mongodb://127.0.0.1:1/?tls=true&ssl=false"),
        RedisSettings(REDIS_URL="redis://127.0.0.1:1"),
        KafkaSettings(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"),
        None,
        LlmSettings(),
        LlmTerms(),
    )
    answer = Client(create_app(services), raise_server_exceptions=False).get("/api/v1/stocks")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:stock-ai:problem:internal-error")
    assert "MONGODB_URI" not in answer.text


def test_limits_count_the_address_that_the_gateway_saw(invoke, services):
    assert invoke("/api/v1/analysis/FPT/llm", method="POST", headers=JSON)["statusCode"] == 200
    assert list(services.llm_limit.admitted) == ["192.0.2.1"]


def test_a_gateway_gets_no_stream_but_the_way_to_poll(invoke, services, monkeypatch):
    monkeypatch.setenv("API_STREAMING", "false")
    services.llm_terms = ApiSettings.load().llm_terms
    answer = invoke("/api/v1/analysis/FPT/llm/stream")
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["type"]) == (501, "urn:stock-ai:problem:streaming-unavailable")
    assert "POST /api/v1/analysis/FPT/llm" in problem["detail"]
    assert services.llm.asked == []


def test_location_leads_through_the_stage(invoke, services):
    services.llm_terms = LlmTerms(wait_seconds=0.01)
    services.llm.gate = threading.Event()
    event = proxy_event("/api/v1/analysis/FPT/llm", method="POST", headers=JSON)
    answer = door.handler(event, CONTEXT)
    services.llm.gate.set()
    assert answer["statusCode"] == 202
    assert answer["headers"]["location"].startswith("/prod/api/v1/analysis/FPT/llm/")
