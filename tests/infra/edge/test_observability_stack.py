"""The template of StockAi-Observability."""

import json
import re
from pathlib import Path

import pytest
from aws_cdk.assertions import Match

from infra import topology
from infra.stacks.dashboard import PIPELINE
from stock_ai.observability import NAMESPACE

ROOT = Path(topology.__file__).parents[1]
CONSUMERS = [spec for spec in topology.FUNCTIONS if spec.kafka]


def alarms(template):
    found = [alarm["Properties"] for alarm in template.find_resources("AWS::CloudWatch::Alarm").values()]
    named = {alarm["AlarmName"].removeprefix("stock-ai-"): alarm for alarm in found}
    assert len(named) == len(found)
    return named


@pytest.fixture(params=["aws", "localstack"])
def target(request):
    return request.getfixturevalue(request.param)


def test_every_alarm_reaches_the_topic_and_says_what_to_do(target):
    (topic,) = target.observability.find_resources("AWS::SNS::Topic")
    for name, alarm in alarms(target.observability).items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}], name
        assert 80 < len(alarm["AlarmDescription"]) <= 1024, name
        assert "TreatMissingData" in alarm, name


def test_every_function_has_alarms_for_errors_and_duration(target):
    found = alarms(target.observability)
    for spec in topology.FUNCTIONS:
        name = spec.name.replace("_", "-")
        errors, duration = found[f"{name}-errors"], found[f"{name}-duration"]
        assert (errors["Namespace"], errors["MetricName"], errors["Statistic"]) == ("AWS/Lambda", "Errors", "Sum")
        assert errors["Threshold"] == (1 if spec.schedules else 3)
        assert (duration["MetricName"], duration["Statistic"]) == ("Duration", "Maximum")
        assert duration["Threshold"] == pytest.approx(spec.timeout_seconds * 800)
        assert spec.name.replace("_", "") in json.dumps(errors["Dimensions"]).replace("_", "")


def test_throttling_is_no_alarm_where_it_is_intended(target):
    throttled = {
        name.removesuffix("-throttles") for name in alarms(target.observability) if name.endswith("-throttles")
    }
    assert throttled == {"kafka-consumer", "ai-analysis", "aggregation", "api"}


def test_lag_of_every_consumer_of_kafka(target):
    found = alarms(target.observability)
    lagging = {name for name in found if name.endswith("-lag")}
    assert lagging == {f"{spec.name.replace('_', '-')}-lag" for spec in CONSUMERS}
    for name in lagging:
        assert (found[name]["MetricName"], found[name]["EvaluationPeriods"]) == ("OffsetLag", 3)


def test_dead_letters_in_the_queue_and_those_that_never_got_there(target):
    found = alarms(target.observability)
    queue = found["dead-letters"]
    assert (queue["Namespace"], queue["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert (queue["Threshold"], queue["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
    for spec in topology.FUNCTIONS:
        watched = f"{spec.name.replace('_', '-')}-undeliverable" in found
        assert watched == bool(spec.kafka or spec.schedules)


def test_quarantined_records(target):
    found = alarms(target.observability)
    bars, analyses = found["bars-quarantined"], found["analyses-quarantined"]
    assert bars["Dimensions"] == [{"Name": "service", "Value": "kafka_consumer"}]
    assert (bars["Threshold"], bars["Period"], bars["ComparisonOperator"]) == (100, 900, "GreaterThanThreshold")
    assert analyses["Dimensions"] == [{"Name": "service", "Value": "aggregation"}]
    assert (analyses["Threshold"], analyses["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")


def test_stale_bars_stay_stale_while_nothing_is_measured(target):
    stale = alarms(target.observability)["stale-bars"]
    assert (stale["MetricName"], stale["Threshold"]) == ("SessionsBehind", 2)
    assert (stale["ComparisonOperator"], stale["TreatMissingData"]) == ("GreaterThanThreshold", "ignore")


def test_silence_is_an_alarm_once_no_weekend_explains_it(target):
    silent = alarms(target.observability)["no-analysis"]
    assert (silent["MetricName"], silent["TreatMissingData"]) == ("Invocations", "breaching")
    assert silent["ComparisonOperator"] == "LessThanThreshold"
    spec = topology.function("ai_analysis")
    assert {schedule.week_day for schedule in spec.schedules} == {"MON-FRI"}
    hours = [int(hour) for schedule in spec.schedules for hour in schedule.hour.split("-")]
    weekend = 3 * 24 - (max(hours) - min(hours))
    assert weekend < silent["EvaluationPeriods"] * silent["Period"] / 3600 <= 7 * 24


def test_days_with_analyses_and_no_signal_are_an_alarm(target):
    mute = alarms(target.observability)["no-signals"]
    (sum_up,) = [query["Expression"] for query in mute["Metrics"] if "Expression" in query]
    measured = {query["Id"]: query["MetricStat"] for query in mute["Metrics"] if "MetricStat" in query}
    assert sum_up == "IF(published > 0, FILL(issued, 0), 1)"
    assert {
        name: (one["Metric"]["Dimensions"][0]["Value"], one["Metric"]["MetricName"], one["Stat"], one["Period"])
        for name, one in measured.items()
    } == {
        "published": ("ai_analysis", "AnalysesPublished", "Sum", 24 * 3600),
        "issued": ("aggregation", "SignalsIssued", "Sum", 24 * 3600),
    }
    assert (mute["Threshold"], mute["ComparisonOperator"]) == (1, "LessThanThreshold")
    assert (mute["EvaluationPeriods"], mute["TreatMissingData"]) == (2, "notBreaching")


def test_api_failures_and_slowness(target):
    found = alarms(target.observability)
    slow, failing = found["api-p95"], found["api-5xx"]
    assert (slow["MetricName"], slow["ExtendedStatistic"], slow["Threshold"]) == ("Latency", "p95", 2000)
    assert {one["Name"] for one in slow["Dimensions"]} == {"ApiName", "Stage"}
    names = {query["MetricStat"]["Metric"]["MetricName"] for query in failing["Metrics"] if "MetricStat" in query}
    assert names == {"5XXError", "Count"}
    assert failing["Threshold"] == 5


def test_degraded_answers_ring_after_a_quarter_of_an_hour(target):
    alarm = alarms(target.observability)["api-degraded"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (NAMESPACE, "Degraded")
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "api"}]
    assert (alarm["Statistic"], alarm["Period"] * alarm["EvaluationPeriods"]) == ("Sum", 900)
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (5, "GreaterThanOrEqualToThreshold")
    # The metric is not written while every answer is whole.
    assert alarm["TreatMissingData"] == "notBreaching"
    assert "/api/v1/health" in alarm["AlarmDescription"]


def test_the_guide_counts_the_alarms(aws):
    (told,) = re.findall(r"logs, (\d+) alarms", (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8"))
    assert int(told) == len(alarms(aws.observability))


def own_metrics(template):
    """(service, name) of our own metrics in alarms and dashboard."""
    metrics = [
        metric
        for alarm in alarms(template).values()
        for metric in (
            alarm,
            *(query["MetricStat"]["Metric"] for query in alarm.get("Metrics", ()) if "MetricStat" in query),
        )
        if metric.get("Namespace") == NAMESPACE
    ]
    return {(metric["Dimensions"][0]["Value"], metric["MetricName"]) for metric in metrics} | set(PIPELINE)


def test_every_own_metric_is_counted_by_the_function_it_is_looked_for_at(aws):
    watched = own_metrics(aws.observability)
    assert len(watched) >= len(PIPELINE) + 1
    for service, name in watched:
        module = topology.function(service).handler.rpartition(".")[0]
        source = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
        assert re.search(rf'add_metric\((?:name=)?"{name}"', source), f"{service} does not count {name}"


def test_topic_is_encrypted_and_open_only_to_alarms_of_this_account(target):
    target.observability.has_resource_properties("AWS::SNS::Topic", {"KmsMasterKeyId": Match.any_value()})
    target.observability.has_resource_properties("AWS::KMS::Key", {"EnableKeyRotation": True})
    (policy,) = target.observability.find_resources("AWS::SNS::TopicPolicy").values()
    refused, allowed = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (refused["Effect"], refused["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert (allowed["Action"], allowed["Principal"]) == ("sns:Publish", {"Service": "cloudwatch.amazonaws.com"})
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    (key,) = target.observability.find_resources("AWS::KMS::Key").values()
    granted = [one for one in key["Properties"]["KeyPolicy"]["Statement"] if "Service" in one["Principal"]]
    assert [(one["Action"], one["Principal"]["Service"]) for one in granted] == [
        (["kms:Decrypt", "kms:GenerateDataKey"], "cloudwatch.amazonaws.com")
    ]


def test_mail_only_where_a_mail_can_be_sent(aws, localstack):
    aws.observability.has_resource_properties(
        "AWS::SNS::Subscription", {"Protocol": "email", "Endpoint": "night@example.org"}
    )
    localstack.observability.resource_count_is("AWS::SNS::Subscription", 0)


def test_one_dashboard_on_aws_shows_the_whole_way(aws, localstack):
    localstack.observability.resource_count_is("AWS::CloudWatch::Dashboard", 0)
    (dashboard,) = aws.observability.find_resources("AWS::CloudWatch::Dashboard").values()
    body = json.dumps(dashboard["Properties"]["DashboardBody"])
    for name in (
        "Count",
        "5XXError",
        "Latency",
        "Degraded",
        "OffsetLag",
        "ApproximateNumberOfMessagesVisible",
        "SessionsBehind",
    ):
        assert f'\\"{name}\\"' in body, name
    for _, name in PIPELINE:
        assert f'\\"{name}\\"' in body, name
