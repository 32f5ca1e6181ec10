"""The template of StockAi-Api."""

import json

import pytest
from aws_cdk.assertions import Match

from infra.stacks.api import ACCESS_LOG
from infra.stacks.gateway_problems import PROBLEMS


def only(template, kind):
    (found,) = template.find_resources(kind).values()
    return found["Properties"]


def test_every_path_and_method_goes_to_the_function_without_login(aws, localstack):
    for template in (aws.api, localstack.api):
        methods = [method["Properties"] for method in template.find_resources("AWS::ApiGateway::Method").values()]
        assert len(methods) == 2
        assert only(template, "AWS::ApiGateway::Resource")["PathPart"] == "{proxy+}"
        for method in methods:
            assert (method["HttpMethod"], method["AuthorizationType"]) == ("ANY", "NONE")
            assert method["Integration"]["Type"] == "AWS_PROXY"


def test_only_this_api_may_invoke_the_function(aws):
    permissions = aws.api.find_resources("AWS::Lambda::Permission").values()
    assert len(permissions) == 2
    for permission in permissions:
        assert permission["Properties"]["Principal"] == "apigateway.amazonaws.com"
        assert "test-invoke-stage" not in json.dumps(permission)
        assert "Ref" in json.dumps(permission["Properties"]["SourceArn"])


def test_stage_is_throttled_logged_and_traced(aws):
    stage = only(aws.api, "AWS::ApiGateway::Stage")
    assert (stage["StageName"], stage["TracingEnabled"]) == ("v1", True)
    assert stage["MethodSettings"] == [
        {
            "HttpMethod": "*",
            "ResourcePath": "/*",
            "ThrottlingRateLimit": 50,
            "ThrottlingBurstLimit": 100,
            "LoggingLevel": "ERROR",
            "MetricsEnabled": True,
            # Bodies and headers of callers do not belong into a log.
            "DataTraceEnabled": False,
        }
    ]


def test_access_log_is_json_with_the_agreed_fields_and_an_end(aws):
    stage = only(aws.api, "AWS::ApiGateway::Stage")
    logged = json.loads(stage["AccessLogSetting"]["Format"])
    assert logged == ACCESS_LOG
    assert {"requestId", "ip", "method", "path", "status", "latencyMs", "integrationError"} <= logged.keys()
    assert only(aws.api, "AWS::Logs::LogGroup")["RetentionInDays"] == 30


def test_the_account_lets_the_gateway_write_logs(aws):
    aws.api.resource_count_is("AWS::ApiGateway::Account", 1)
    role = only(aws.api, "AWS::IAM::Role")
    assert "AmazonAPIGatewayPushToCloudWatchLogs" in json.dumps(role["ManagedPolicyArns"])
    aws.api.resource_count_is("AWS::IAM::Policy", 0)


def test_usage_plan_has_rate_and_quota_and_holds_for_the_stage(aws):
    plan = only(aws.api, "AWS::ApiGateway::UsagePlan")
    assert plan["Throttle"] == {"RateLimit": 20, "BurstLimit": 40}
    assert plan["Quota"] == {"Limit": 100_000, "Period": "DAY"}
    assert len(plan["ApiStages"]) == 1


def test_answers_are_compressed_and_text(aws):
    api = only(aws.api, "AWS::ApiGateway::RestApi")
    assert api["MinimumCompressionSize"] == 1024
    assert "BinaryMediaTypes" not in api
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


def filled(template):
    """The body as API Gateway sends it: messageString comes with quotes of its own."""
    text = template.replace("$context.error.messageString", '"Forbidden"').replace("$context.requestId", "id-1")
    assert "$" not in text
    return json.loads(text)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.response.response_type)
def test_gateway_errors_are_problem_documents(aws, problem):
    response = next(
        found["Properties"]
        for found in aws.api.find_resources("AWS::ApiGateway::GatewayResponse").values()
        if found["Properties"]["ResponseType"] == problem.response.response_type
    )
    (template,) = response["ResponseTemplates"].values()
    document = filled(template)
    assert document["type"].startswith("urn:stock-ai:problem:")
    assert document["title"]
    assert document["detail"] == (problem.detail or "Forbidden")
    assert document["request_id"] == "id-1"
    assert response.get("StatusCode") == (str(document["status"]) if "status" in document else None)
    headers = response["ResponseParameters"]
    assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
    assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
    assert headers["gatewayresponse.header.X-Request-Id"] == "context.requestId"


def test_throttled_and_every_other_error_are_covered_and_say_when_to_ask_again(aws):
    responses = {
        found["Properties"]["ResponseType"]: found["Properties"]
        for found in aws.api.find_resources("AWS::ApiGateway::GatewayResponse").values()
    }
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED"} <= responses.keys()
    for kind in ("THROTTLED", "QUOTA_EXCEEDED"):
        assert responses[kind]["StatusCode"] == "429"
        assert int(responses[kind]["ResponseParameters"]["gatewayresponse.header.Retry-After"].strip("'")) > 0


def test_url_is_put_out_for_both_targets(aws, localstack):
    aws.api.has_output("ApiUrl", {"Value": Match.object_like({"Fn::Join": Match.any_value()})})
    (local,) = localstack.api.find_outputs("ApiUrl").values()
    assert local["Value"]["Fn::Join"][1][0] == "http://localhost:4566/_aws/execute-api/"
    assert local["Value"]["Fn::Join"][1][-1] == "/v1/"
    for template in (aws.api, localstack.api):
        template.has_output("ApiId", {"Value": {"Ref": Match.any_value()}})


def test_localstack_is_not_told_what_it_cannot_do(localstack):
    stage = only(localstack.api, "AWS::ApiGateway::Stage")
    assert stage.keys() == {"RestApiId", "DeploymentId", "StageName"}
    for kind in ("AWS::ApiGateway::Account", "AWS::Logs::LogGroup", "AWS::IAM::Role"):
        localstack.api.resource_count_is(kind, 0)
