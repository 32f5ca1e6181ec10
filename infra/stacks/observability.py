"""Alarms that are worth waking somebody for, the topic that carries them, and one dashboard."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import topology
from infra.context import Context
from infra.stacks.dashboard import add_dashboard
from infra.stacks.measures import FIVE_MINUTES, QUARTER, counted, offset_lag

_LOGS = "Read its log group of the last minutes, level ERROR first."
_MAX_LAG = 10_000
_MANY_DEGRADED = 5
"""Answers in five minutes: a store that is slow once makes a few."""
_MAX_SESSIONS_BEHIND = 2
_SILENT_HOURS = 68
"""Longer than the 66 hours from Friday's last analysis to Monday's first; CloudWatch looks back 7 days at most."""

_Missing = cloudwatch.TreatMissingData
_Comparison = cloudwatch.ComparisonOperator


class ObservabilityStack(Stack):
    """`functions` are by their names in the topology; `queue` holds the invocations and batches given up for good."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        context: Context,
        functions: Mapping[str, lambda_.IFunction],
        api: apigateway.RestApi,
        queue: sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        self._action = actions.SnsAction(self._topic(context))
        for name, function in functions.items():
            self._watch_function(topology.function(name), function)
        self._watch_records(queue)
        self._watch_freshness(functions["ai_analysis"])
        self._watch_api(api)
        if context.on_aws:  # LocalStack 4.14 has no dashboards.
            add_dashboard(self, functions, api, queue)

    def _topic(self, context: Context) -> sns.Topic:
        """The topic of all alarms: encrypted, reached over TLS, written to by the alarms of this account only."""
        publisher = iam.ServicePrincipal("cloudwatch.amazonaws.com")
        # The key that AWS manages for SNS cannot be used by CloudWatch.
        key = kms.Key(
            self,
            "AlarmKey",
            description="Stock AI alarms",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,
        )
        topic = sns.Topic(self, "Alarms", display_name="Stock AI alarms", master_key=key, enforce_ssl=True)
        from_our_alarms = {
            "ArnLike": {
                "aws:SourceArn": self.format_arn(
                    service="cloudwatch",
                    resource="alarm",
                    resource_name="stock-ai-*",
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
            },
            "StringEquals": {"aws:SourceAccount": self.account},
        }
        key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                principals=[publisher],
                # Within a key's own policy * is the key itself.
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"], principals=[publisher], resources=[topic.topic_arn], conditions=from_our_alarms
            )
        )
        if context.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(context.alarm_email))
        return topic

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        description: str,
        *,
        threshold: float = 1,
        comparison: cloudwatch.ComparisonOperator = _Comparison.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        periods: int = 1,
        missing: cloudwatch.TreatMissingData = _Missing.NOT_BREACHING,
        low_samples: str | None = None,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"stock-ai-{name}",
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            comparison_operator=comparison,
            evaluation_periods=periods,
            treat_missing_data=missing,
            evaluate_low_sample_count_percentile=low_samples,
        )
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)

    def _watch_function(self, spec: topology.Function, function: lambda_.IFunction) -> None:
        name = spec.name.replace("_", "-")
        # A failed run of a schedule is a run lost; a batch or a request is tried again, so one error may heal itself.
        tolerated = 1 if spec.schedules else 3
        self._alarm(
            f"{name}-errors",
            function.metric_errors(period=QUARTER, statistic="Sum"),
            f"{spec.name} failed {tolerated} or more times in 15 minutes. {_LOGS} A dependency that is away heals by "
            "itself: nothing is lost while the dead letters stay empty. After a deployment: roll back.",
            threshold=tolerated,
        )
        limit = spec.timeout_seconds * 1000 * 0.8
        self._alarm(
            f"{name}-duration",
            function.metric_duration(period=QUARTER, statistic="Maximum"),
            f"{spec.name} took over 80 % of its {spec.timeout_seconds} s. Look in its trace for the slow call; if "
            "there is only more to do than before, give it more time or memory in infra/topology.py.",
            threshold=limit,
        )
        # Where concurrency is reserved, invocations that wait are the intended pacing.
        if spec.reserved_concurrency is None:
            self._alarm(
                f"{name}-throttles",
                function.metric_throttles(period=FIVE_MINUTES, statistic="Sum"),
                f"{spec.name} was refused for 15 minutes because the account's concurrency is used up. See which "
                "function uses it (metric ConcurrentExecutions), then ask for a higher quota.",
                periods=3,
            )
        if spec.kafka or spec.schedules:
            self._alarm(
                f"{name}-undeliverable",
                function.metric("DestinationDeliveryFailures", period=QUARTER, statistic="Sum"),
                f"{spec.name} gave up an event and could not store it as a dead letter either: it is lost. Check the "
                "permissions and the size limit of the queue, then collect or analyse that time again.",
            )
        if spec.kafka:
            self._alarm(
                f"{name}-lag",
                offset_lag(function),
                f"{spec.name} is over {_MAX_LAG} records behind for 15 minutes. Expected while history is loaded. "
                "Otherwise look for errors or throttles of the function; if there are none, raise its batch size.",
                threshold=_MAX_LAG,
                comparison=_Comparison.GREATER_THAN_THRESHOLD,
                periods=3,
            )

    def _watch_records(self, queue: sqs.IQueue) -> None:
        self._alarm(
            "dead-letters",
            queue.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES, statistic="Maximum"),
            "An invocation or a batch was given up after all its retries. Read the message: it names the function and "
            "why. Remove the cause, run the function again for that time, then purge the queue.",
        )
        self._alarm(
            "bars-quarantined",
            counted("kafka_consumer", "BarsQuarantined"),
            "Over 100 bars were refused in 15 minutes, so the source may have changed its form or unit. See the "
            "reasons with `stock-ai dead-letters`, repair the source adapter and redrive. Good bars were stored.",
            threshold=100,
            comparison=_Comparison.GREATER_THAN_THRESHOLD,
        )
        self._alarm(
            "analyses-quarantined",
            counted("aggregation", "AnalysesQuarantined"),
            "A message of our own was refused, so two functions disagree about its form. Usually one of them runs an "
            "older version: deploy all of them, then redrive with `stock-ai dead-letters`.",
        )

    def _watch_freshness(self, analysis: lambda_.IFunction) -> None:
        self._alarm(
            "stale-bars",
            counted("ai_analysis", "SessionsBehind", statistic="Maximum", period=Duration.hours(1)),
            f"The newest bar is over {_MAX_SESSIONS_BEHIND} closed sessions old. Read the log of data_collector: has "
            "the source changed, or does it refuse us? A closure that the trading calendar does not know counts as a "
            "session: then add it to closures.yaml.",
            threshold=_MAX_SESSIONS_BEHIND,
            comparison=_Comparison.GREATER_THAN_THRESHOLD,
            missing=_Missing.IGNORE,  # At night and at weekends nothing is measured, and what was stale still is.
        )
        self._alarm(
            "no-analysis",
            analysis.metric_invocations(period=Duration.hours(1), statistic="Sum"),
            f"ai_analysis has not run for {_SILENT_HOURS} hours, which no weekend explains. Check that its schedules "
            "are enabled and their role may invoke it; run it by hand to refresh the insights.",
            comparison=_Comparison.LESS_THAN_THRESHOLD,
            periods=_SILENT_HOURS,
            missing=_Missing.BREACHING,  # A function that is not invoked reports nothing.
        )

        day = Duration.days(1)
        self._alarm(
            "no-signals",
            cloudwatch.MathExpression(
                # Days off publish nothing, and are no fault. A metric that was not written at all counts as zero.
                expression="IF(published > 0, FILL(issued, 0), 1)",
                using_metrics={
                    "published": counted("ai_analysis", "AnalysesPublished", period=day),
                    "issued": counted("aggregation", "SignalsIssued", period=day),
                },
                label="signals issued on days with analyses",
                period=day,
            ),
            "For two days analyses were published and not one signal was issued, so the track record does not grow. If "
            "the insights say why their signals are withheld, the model is missing, refused or expired: run "
            "model_training. Otherwise aggregation does not take them in: see its log and the dead letters.",
            comparison=_Comparison.LESS_THAN_THRESHOLD,
            # One day ending before Monday's close has analyses of the running session only, which issue no signals.
            periods=2,
        )

    def _watch_api(self, api: apigateway.RestApi) -> None:
        stage = api.deployment_stage
        failed = stage.metric_server_error(period=FIVE_MINUTES, statistic="Sum")
        asked = stage.metric_count(period=FIVE_MINUTES, statistic="Sum")
        self._alarm(
            "api-5xx",
            cloudwatch.MathExpression(
                expression="IF(asked >= 20, 100 * failed / asked, 0)",
                using_metrics={"failed": failed, "asked": asked},
                label="5xx, % of requests",
                period=FIVE_MINUTES,
            ),
            "Over 5 % of at least 20 requests failed for 10 minutes. Open /api/v1/health: it says which store is away. "
            "If all are up, look for the request_id of a failed request in the log of the function api.",
            threshold=5,
            comparison=_Comparison.GREATER_THAN_THRESHOLD,
            periods=2,
        )
        self._alarm(
            "api-p95",
            stage.metric_latency(period=FIVE_MINUTES, statistic="p95"),
            "The slowest 5 % of requests take over 2 s for 15 minutes. A trace shows whether MongoDB, Redis or the "
            "language model is slow; many first explanations at once are slow by nature.",
            threshold=2000,
            comparison=_Comparison.GREATER_THAN_THRESHOLD,
            periods=3,
            low_samples="ignore",
        )
        self._alarm(
            "api-degraded",
            counted("api", "Degraded", period=FIVE_MINUTES),
            f"For 15 minutes {_MANY_DEGRADED} or more answers in each five were made without a store or a language "
            "model: slower or with less in them, but right. Open /api/v1/health: `degraded` names what is away and the "
            "paths that suffer. If it names nothing, it is the function llm_analysis: see its log. Answers are whole "
            "again by themselves once it is back.",
            threshold=_MANY_DEGRADED,
            periods=3,
        )
