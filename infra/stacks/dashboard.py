"""The one dashboard: is it up, is it fast, does data flow, is anything stuck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import topology
from infra.stacks.measures import FIVE_MINUTES, counted, offset_lag

NAME = "stock-ai"
_COLUMNS = 24

PIPELINE = (
    ("data_collector", "BarsPublished"),
    ("kafka_consumer", "BarsStored"),
    ("kafka_consumer", "BarsQuarantined"),
    ("ai_analysis", "AnalysesPublished"),
    ("aggregation", "AnalysesQuarantined"),
    ("aggregation", "SignalsIssued"),
    ("aggregation", "InsightsChanged"),
)
"""Counts along the way of a bar: who counts it, and its name."""


def add_dashboard(
    scope: Construct, functions: Mapping[str, lambda_.IFunction], api: apigateway.RestApi, queue: sqs.IQueue
) -> cloudwatch.Dashboard:
    """The dashboard `stock-ai` over the last day. `functions` are by their names in the topology."""
    stage = api.deployment_stage
    dashboard = cloudwatch.Dashboard(scope, "Dashboard", dashboard_name=NAME, default_interval=Duration.days(1))
    consumers = [functions[spec.name] for spec in topology.FUNCTIONS if spec.kafka and spec.name in functions]
    dashboard.add_widgets(
        _graph("API: requests", [stage.metric_count(period=FIVE_MINUTES, statistic="Sum", label="requests")], 3),
        _graph(
            "API: errors and degraded answers",
            [
                stage.metric_client_error(period=FIVE_MINUTES, statistic="Sum", label="4xx"),
                stage.metric_server_error(period=FIVE_MINUTES, statistic="Sum", label="5xx"),
                counted("api", "Degraded", period=FIVE_MINUTES),
            ],
            3,
        ),
        _graph(
            "API: latency (ms)",
            [
                stage.metric_latency(period=FIVE_MINUTES, statistic=level, label=level)
                for level in ("p50", "p95", "p99")
            ],
            3,
        ),
    )
    dashboard.add_widgets(
        _graph(
            "Functions: runs", [f.metric_invocations(period=FIVE_MINUTES, label=n) for n, f in functions.items()], 3
        ),
        _graph("Functions: errors", [f.metric_errors(period=FIVE_MINUTES, label=n) for n, f in functions.items()], 3),
        _graph(
            "Functions: longest run (ms)",
            [f.metric_duration(period=FIVE_MINUTES, statistic="Maximum", label=n) for n, f in functions.items()],
            3,
        ),
    )
    dashboard.add_widgets(_graph("From bar to insight", [counted(*step) for step in PIPELINE], 1))
    dashboard.add_widgets(
        _graph("Records behind", [offset_lag(function) for function in consumers], 3),
        _graph(
            "Dead letters",
            [queue.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES, statistic="Maximum")],
            3,
        ),
        _graph("Sessions behind", [counted("ai_analysis", "SessionsBehind", statistic="Maximum")], 3),
    )
    return dashboard


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric], per_row: int) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=list(metrics),
        width=_COLUMNS // per_row,
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
    )
