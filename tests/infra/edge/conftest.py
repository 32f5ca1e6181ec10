"""Both stacks over throw-away functions, synthesised once per target."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest

os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template

from infra import topology
from infra.context import Context
from infra.stacks.api import ApiStack
from infra.stacks.observability import ObservabilityStack

EMAIL = "night@example.org"


@dataclass
class Edge:
    app: App
    api: ApiStack
    observability: ObservabilityStack


def edge(target, outdir=None):
    app = App(outdir=outdir)
    context = Context.read({"target": target, "alarm_email": EMAIL if target == "aws" else None}.get)
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


@dataclass
class Templates:
    api: Template
    observability: Template


def templates(target):
    made = edge(target)
    return Templates(Template.from_stack(made.api), Template.from_stack(made.observability))


@pytest.fixture(scope="session")
def aws():
    return templates("aws")


@pytest.fixture(scope="session")
def localstack():
    return templates("localstack")


@pytest.fixture(scope="session")
def make_edge():
    return edge
