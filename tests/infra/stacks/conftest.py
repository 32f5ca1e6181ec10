"""Every variant of a deployment, synthesised once; a finding of cdk-nag that nobody acknowledged fails it."""

from __future__ import annotations

import json
import os

import pytest

os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

VARIANTS = {
    "aws": {},
    "localstack": {"target": "localstack"},
    "serverless": {"kafka": "serverless"},
    "external": {
        "kafka": "one.example.org:9096,two.example.org:9096",
        "kafka_secret": "my/kafka",
        "mongodb": "secret:my/mongodb",
        "redis": "secret:my/redis",
        "price_source": "vnstock",
        "symbols": "HOSE,HNX",
        "cors_origins": "https://app.example.org",
        "llm_provider": "anthropic",
        "llm_fallback": "openai",
        "llm_daily_budget_usd": "2.50",
        "alarm_email": "night@example.org",
        "arch": "x86_64",
    },
}


class Deployment:
    """The templates of one variant by the names of their stacks."""

    def __init__(self, folder):
        self.files = sorted(folder.glob("*.template.json"))
        self.templates = {file.name.removesuffix(".template.json"): json.loads(file.read_text()) for file in self.files}

    def resources(self, kind, stack=None):
        """Properties by logical id."""
        return {
            name: resource.get("Properties", {})
            for stack_name, template in self.templates.items()
            if stack in (None, stack_name)
            for name, resource in template["Resources"].items()
            if resource["Type"] == kind
        }

    def functions(self):
        """Our functions by their deployed names."""
        return {
            properties["FunctionName"]: properties
            for properties in self.resources("AWS::Lambda::Function").values()
            if "FunctionName" in properties
        }

    def statements(self, function_name):
        """The policy of a function."""
        role = self.functions()[function_name]["Role"]["Fn::GetAtt"][0]
        (policy,) = self.resources("AWS::IAM::Role")[role]["Policies"]
        return policy["PolicyDocument"]["Statement"]


def listed(value):
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="session")
def synthesise(tmp_path_factory):
    from aws_cdk import App

    from infra import app

    made = {}

    def once(variant):
        if variant not in made:
            folder = tmp_path_factory.mktemp(variant)
            application = App(context={**app.FLAGS, **VARIANTS[variant]}, outdir=str(folder))
            app.build(application)
            application.synth()
            made[variant] = Deployment(folder)
        return made[variant]

    return once


@pytest.fixture(scope="session")
def aws(synthesise):
    return synthesise("aws")


@pytest.fixture(scope="session")
def localstack(synthesise):
    return synthesise("localstack")


@pytest.fixture(scope="session")
def external(synthesise):
    return synthesise("external")
