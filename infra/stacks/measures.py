"""Metrics that alarms and dashboard share. Names and dimensions are those under which the functions write them."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_

from stock_ai.observability import NAMESPACE

FIVE_MINUTES = Duration.minutes(5)
QUARTER = Duration.minutes(15)


def counted(service: str, name: str, *, statistic: str = "Sum", period: Duration = QUARTER) -> cloudwatch.Metric:
    """The metric `name` that the function `service` counts itself; Powertools adds the dimension `service`."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": service},
        statistic=statistic,
        period=period,
    )


def offset_lag(function: lambda_.IFunction) -> cloudwatch.Metric:
    """Records between the end of the topic and the last one processed (AWS Lambda's metric OffsetLag for Kafka)."""
    return function.metric("OffsetLag", statistic="Maximum", period=FIVE_MINUTES)
