"""Both stacks over throw-away functions, synthesised once per target."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "1")

from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template

from infra import topology
from infra.stacks.api import ApiStack
from infra.stacks.observability import ObservabilityStack

EMAIL = "night@example.org"


@dataclass
class Edge:
    app: App
    api: ApiStack
    observability: ObservabilityStack

    def template(self, stack):
        return Template.from_stack(stack)


def edge(target):
    app = App()
    context = SimpleNamespace(target=target, alarm_email=EMAIL)
    back = Stack(app, "Back")
    functions = {
        spec.name: lambda_.Function(
            back,
            spec.name,
            function_name=spec.deployed_name,
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline("def handler(event, context): return {}"),
        )
        for spec in topology.FUNCTIONS
    }
    queue = sqs.Queue(back, "Failed")
    api = ApiStack(app, "StockAi-Api", function=functions["api"], context=context)
    observability = ObservabilityStack(
        app, "StockAi-Observability", context=context, functions=functions, api=api.api, queue=queue
    )
    return Edge(app, api, observability)


@pytest.fixture(scope="session")
def aws():
    return edge("aws")


@pytest.fixture(scope="session")
def aws_api(aws):
    return Template.from_stack(aws.api)


@pytest.fixture(scope="session")
def aws_observability(aws):
    return Template.from_stack(aws.observability)


@pytest.fixture(scope="session")
def localstack():
    made = edge("localstack")
    return Template.from_stack(made.api), Template.from_stack(made.observability)
