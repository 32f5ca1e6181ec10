"""Rules for every template of every variant: cdk-nag at synthesis, cfn-lint, and our own."""

import json
import re

import pytest
from cfnlint import api as cfnlint

from infra.stacks.policies import ON_ALL
from tests.infra.stacks.conftest import VARIANTS, listed

# The CDK makes a function depend on its role, which it names anyway.
_OF_THE_CDK = {"W3005"}
_OUTSIDE_IAM = {"AWS::KMS::Key", "AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"}


@pytest.fixture(params=VARIANTS)
def deployment(request, synthesise):
    return synthesise(request.param)


def test_cfn_lint_is_clean(deployment):
    faults = [
        f"{stack}: {fault.rule.id} {fault.message}"
        for stack, template in deployment.templates.items()
        for fault in cfnlint.lint(json.dumps(template), regions=["ap-southeast-1"])
        if fault.rule.id not in _OF_THE_CDK
    ]
    assert faults == []


def _statements(deployment):
    for kind in ("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for name, properties in deployment.resources(kind).items():
            inline = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            own = [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
            for document in inline + own:
                for statement in listed(document["Statement"]):
                    yield name, statement


def test_no_action_is_a_wildcard(deployment):
    found = [(name, statement["Action"]) for name, statement in _statements(deployment)]
    assert found
    assert [entry for entry in found if any("*" in action for action in listed(entry[1]))] == []


def test_only_actions_without_a_resource_are_allowed_on_all(deployment):
    for name, statement in _statements(deployment):
        if "*" in listed(statement["Resource"]):
            assert set(listed(statement["Action"])) <= ON_ALL, name


def test_a_resource_ends_in_a_wildcard_for_models_and_versions_only(deployment):
    for name, statement in _statements(deployment):
        for resource in listed(statement["Resource"]):
            text = json.dumps(resource)
            if "*" in text and resource != "*":
                assert text.endswith('/models/*"]]}') or "TriggerCustomResource" in name, (name, text)


def test_everything_runs_python_3_13_or_is_of_the_cdk(deployment):
    runtimes = {properties["Runtime"] for properties in deployment.functions().values()}
    assert runtimes == {"python3.13"}


def test_nothing_secret_is_in_a_template(deployment):
    for stack, template in deployment.templates.items():
        text = json.dumps(template)
        assert not re.search(r"mongodb(\+srv)?://[^/@\"]+:[^/@\"]+@", text), stack
        assert not re.search(r"rediss?://[^/@\"]*:[^/@\"]+@", text), stack
    for properties in deployment.resources("AWS::SecretsManager::Secret").values():
        if properties.get("Name") in {"stock-ai/anthropic", "stock-ai/openai", "stock-ai/market-data"}:
            assert set(json.loads(properties["SecretString"]).values()) == {""}


def test_no_environment_holds_a_secret(deployment):
    names = {"MONGODB_PASSWORD", "REDIS_PASSWORD", "KAFKA_PASSWORD", "ANTHROPIC_API_KEY", "MONGODB_USERNAME"}
    names |= {"VNSTOCK_API_KEY", "OPENAI_API_KEY"}
    for name, properties in deployment.functions().items():
        variables = properties["Environment"]["Variables"]
        assert not names & set(variables), name
        assert "resolve:secretsmanager" not in json.dumps(variables), name
