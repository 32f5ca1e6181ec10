"""What every function stands on: its runtime, its log and its role."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.stacks.findings import acknowledge

RUNTIME = lambda_.Runtime.PYTHON_3_13


def log_group(scope: Construct, id: str, function_name: str) -> logs.LogGroup:
    """The log of the function called `function_name`, kept for a month."""
    return logs.LogGroup(
        scope,
        id,
        log_group_name=f"/aws/lambda/{function_name}",
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )


def function_role(scope: Construct, id: str, statements: list[iam.PolicyStatement]) -> iam.IRole:
    """A role of one function with exactly `statements`: the CDK's own grants add nothing to it."""
    role = iam.Role(
        scope,
        id,
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        inline_policies={"least-privilege": iam.PolicyDocument(statements=statements)},
    )
    acknowledge(role, "AwsSolutions-IAM5[Resource::*]", "IAM knows no resource for X-Ray and network interfaces.")
    return role.without_policy_updates()
