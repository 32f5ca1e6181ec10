"""cfn-lint, cdk-nag and the rule against wildcard permissions, over both stacks."""

import json
import re

import pytest
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks
from cfnlint import api as cfnlint


@pytest.mark.parametrize("target", ["aws", "localstack"])
@pytest.mark.parametrize("stack", ["api", "observability"])
def test_cfn_lint_is_clean(request, target, stack):
    template = getattr(request.getfixturevalue(target), stack).to_json()
    faults = cfnlint.lint(json.dumps(template), regions=["ap-southeast-1"])
    assert [f"{fault.rule.id} {fault.message}" for fault in faults] == []


def test_no_role_may_do_everything(aws):
    for template in (aws.api, aws.observability):
        for kind in ("AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::SNS::TopicPolicy"):
            for name, found in template.find_resources(kind).items():
                actions = re.findall(r'"Action": (\[[^]]*\]|"[^"]*")', json.dumps(found))
                assert not any("*" in action for action in actions), name


def test_findings_of_nag_are_repaired_or_acknowledged(make_edge, tmp_path):
    made = make_edge("aws", str(tmp_path))
    Validations.of(made.app).add_plugins(AwsSolutionsChecks(made.app))
    # The throw-away functions have findings of their own, which show that the rules ran.
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        made.app.synth()
    report = json.loads((tmp_path / "validation-report.json").read_text(encoding="utf-8"))
    places = {
        construct["constructPath"]
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    }
    assert any(place.startswith("Back/") for place in places)
    assert {place for place in places if not place.startswith("Back/")} == set()
