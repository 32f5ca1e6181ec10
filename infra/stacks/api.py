"""The REST API (v1) in front of the api function: throttling, access log, tracing and the gateway's own errors."""

from __future__ import annotations

import json

from aws_cdk import CfnOutput, RemovalPolicy, Size, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.context import Context
from infra.stacks import gateway_problems
from infra.stacks.findings import acknowledge

STAGE = "v1"
_LOCALSTACK = "http://localhost:4566"
_COMPRESS_FROM_BYTES = 1024

ACCESS_LOG = {
    "requestId": "$context.requestId",
    "traceId": "$context.xrayTraceId",
    "time": "$context.requestTimeEpoch",
    "ip": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "latencyMs": "$context.responseLatency",
    "integrationLatencyMs": "$context.integration.latency",
    "integrationError": "$context.integrationErrorMessage",
    "userAgent": "$context.identity.userAgent",
}
"""Fields of one line of the access log: our name and API Gateway's variable. `time` is in ms since 1970."""


class ApiStack(Stack):
    """Every path and method goes to `function`; CORS and 404 are the application's own business.

    Outputs: `ApiUrl`, ending in the stage and a slash, and `ApiId`. On LocalStack the URL holds its default endpoint.
    """

    def __init__(self, scope: Construct, construct_id: str, *, function: lambda_.IFunction, context: Context) -> None:
        super().__init__(scope, construct_id)
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name="stock-ai",
            description="Vietnamese stocks, analysed: signals with calibrated confidence and explanations.",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            min_compression_size=Size.bytes(_COMPRESS_FROM_BYTES),
            # One role for the account's gateway logs; without it a stage with logging is refused.
            cloud_watch_role=context.on_aws,
            deploy_options=self._logged_stage() if context.on_aws else self._plain_stage(),
        )
        integration = apigateway.LambdaIntegration(function, proxy=True, allow_test_invoke=False)
        for resource in (self.api.root, self.api.root.add_resource("{proxy+}")):
            method = resource.add_method("ANY", integration, authorization_type=apigateway.AuthorizationType.NONE)
            self._acknowledge_open(method)
        gateway_problems.install(self.api)
        self._add_usage_plan()
        self._acknowledge_api(context.on_aws)
        CfnOutput(self, "ApiId", value=self.api.rest_api_id)
        local_url = f"{_LOCALSTACK}/_aws/execute-api/{self.api.rest_api_id}/{STAGE}/"
        CfnOutput(self, "ApiUrl", value=self.api.url if context.on_aws else local_url)

    def _logged_stage(self) -> apigateway.StageOptions:
        access_log = logs.LogGroup(
            self, "AccessLog", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        return apigateway.StageOptions(
            stage_name=STAGE,
            throttling_rate_limit=50,
            throttling_burst_limit=100,
            access_log_destination=apigateway.LogGroupLogDestination(access_log),
            access_log_format=apigateway.AccessLogFormat.custom(json.dumps(ACCESS_LOG)),
            logging_level=apigateway.MethodLoggingLevel.ERROR,
            data_trace_enabled=False,
            metrics_enabled=True,
            tracing_enabled=True,
        )

    def _plain_stage(self) -> apigateway.StageOptions:
        """LocalStack 4.14 ignores throttling, access log and method settings of a stage, so none is claimed."""
        return apigateway.StageOptions(stage_name=STAGE)

    def _add_usage_plan(self) -> None:
        # It holds for requests with one of its keys. No method requires a key, so others meet only the stage's limit.
        plan = self.api.add_usage_plan(
            "Plan",
            name="stock-ai-clients",
            description="For clients that are given a key.",
            throttle=apigateway.ThrottleSettings(rate_limit=20, burst_limit=40),
            quota=apigateway.QuotaSettings(limit=100_000, period=apigateway.Period.DAY),
        )
        plan.add_api_stage(stage=self.api.deployment_stage)

    @staticmethod
    def _acknowledge_open(method: apigateway.Method) -> None:
        for rule in ("AwsSolutions-APIG4", "AwsSolutions-COG4"):
            acknowledge(
                method,
                rule,
                "Public by design: everyone may read the same analyses, and nothing is stored for a caller.",
            )

    def _acknowledge_api(self, on_aws: bool) -> None:
        acknowledge(
            self.api,
            "AwsSolutions-APIG2",
            "The application validates every request and names each wrong field.",
        )
        acknowledge(
            self.api.deployment_stage,
            "AwsSolutions-APIG3",
            "The stage is throttled; whether a web ACL is worth its monthly price is left to the operator.",
        )
        if on_aws:
            acknowledge(
                self.api.node.find_child("CloudWatchRole"),
                "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
                "AmazonAPIGatewayPushToCloudWatchLogs]",
                "The policy that AWS made for this one use: API Gateway writing its logs.",
            )
