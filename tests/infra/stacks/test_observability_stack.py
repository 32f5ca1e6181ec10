"""Alarms and the dashboard: on metrics that are written, with words for whoever is woken."""

import json
import re
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"
DEGRADED = {"Namespace": "StockAI", "MetricName": "Degraded", "Dimensions": [{"Name": "service", "Value": "api"}]}


def alarms(deployment):
    found = deployment.resources("AWS::CloudWatch::Alarm", "StockAi-Observability").values()
    return {properties["AlarmName"]: properties for properties in found}


def test_the_guide_counts_the_alarms(aws):
    (told,) = re.findall(r"logs, (\d+) alarms", (DOCS / "deployment.md").read_text(encoding="utf-8"))
    assert int(told) == len(alarms(aws))


def test_every_alarm_says_what_to_do_and_tells_when_it_is_over(aws, localstack):
    for deployment in (aws, localstack):
        for name, properties in alarms(deployment).items():
            assert len(properties["AlarmDescription"]) > 80, name
            assert properties["AlarmActions"] == properties["OKActions"] != [], name


def test_degraded_answers_ring_after_a_quarter_of_an_hour(aws, localstack):
    for deployment in (aws, localstack):
        alarm = alarms(deployment)["stock-ai-api-degraded"]
        assert {key: alarm[key] for key in DEGRADED} == DEGRADED
        assert (alarm["Statistic"], alarm["Period"] * alarm["EvaluationPeriods"]) == ("Sum", 900)
        assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (5, "GreaterThanOrEqualToThreshold")
        # The metric is not written while every answer is whole.
        assert alarm["TreatMissingData"] == "notBreaching"
        assert "/api/v1/health" in alarm["AlarmDescription"]


def test_degraded_answers_are_on_the_dashboard(aws):
    (dashboard,) = aws.resources("AWS::CloudWatch::Dashboard").values()
    body = "".join(part if isinstance(part, str) else "_" for part in dashboard["DashboardBody"]["Fn::Join"][1])
    shown = [w["properties"] for w in json.loads(body)["widgets"] if "Degraded" in json.dumps(w)]
    (graph,) = shown
    (metric,) = (metric for metric in graph["metrics"] if "Degraded" in metric)
    assert metric[:4] == ["StockAI", "Degraded", "service", "api"]
