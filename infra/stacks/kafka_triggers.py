"""Kafka event-source mappings of the topology, and the topics they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, triggers
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from constructs import Construct

from infra import topology
from infra.packaging.functions import topic_setup_archive
from infra.stacks import policies
from infra.stacks.foundation import RUNTIME, function_role, log_group
from infra.stacks.stores import ExternalKafka, Msk, Stores
from stock_ai.errors import InvalidInputError

MIN_POLLERS, MAX_POLLERS = 1, 2
"""One poller carries up to 5 MB/s, far above the market's ticks (AWS Lambda developer guide, "Provisioned mode")."""
POLLER_GROUP = "stock-ai"
"""Mappings of one group share what is provisioned; otherwise each is billed its own unit (same chapter)."""

DEFAULT_WINDOW_SECONDS = 0.5
"""Lambda's own window for Kafka; one that is asked for is in whole seconds ("Batching behavior", same guide)."""

_SETUP_NAME = "stock-ai-topic-setup"
_SETUP_MEMORY_MB = 512
_SETUP_TIMEOUT = Duration.minutes(5)


class KafkaTriggers(Construct):
    """Creates the topics, then the mappings: a mapping of a topic that is not there fails."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stores: Stores,
        functions: Mapping[str, lambda_.Function],
        layers: Sequence[lambda_.ILayerVersion],
        arch: lambda_.Architecture,
    ) -> None:
        super().__init__(scope, id)
        if stores.kafka is None or stores.placement is None:
            raise ValueError("Kafka triggers need a cluster and a place in a VPC")
        self._stores, self._kafka, self._placement = stores, stores.kafka, stores.placement
        mappings = [
            self._mapping(functions[function.name], function, trigger)
            for function in topology.FUNCTIONS
            for trigger in function.kafka
        ]
        triggers.Trigger(
            self,
            "CreateTopics",
            handler=self._topic_setup(layers, arch),
            timeout=_SETUP_TIMEOUT,
            invocation_type=triggers.InvocationType.REQUEST_RESPONSE,
            execute_before=mappings,
        )

    def _mapping(
        self, target: lambda_.Function, function: topology.Function, trigger: topology.KafkaTrigger
    ) -> lambda_.EventSourceMapping:
        msk = self._kafka if isinstance(self._kafka, Msk) else None
        external = self._kafka if isinstance(self._kafka, ExternalKafka) else None
        return lambda_.EventSourceMapping(
            self,
            f"{function.name}-{trigger.topic}",
            target=target,
            event_source_arn=msk.cluster_arn if msk else None,
            kafka_bootstrap_servers=list(external.brokers) if external else None,
            source_access_configurations=self._access(external) if external else None,
            kafka_topic=trigger.topic,
            kafka_consumer_group_id=policies.consumer_group(function, trigger),
            # What was published before the first deployment is not lost.
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=trigger.batch_size,
            max_batching_window=_window(trigger),
            provisioned_poller_config=lambda_.ProvisionedPollerConfig(
                minimum_pollers=MIN_POLLERS, maximum_pollers=MAX_POLLERS, poller_group_name=POLLER_GROUP
            ),
            retry_attempts=trigger.max_retries,
            max_record_age=Duration.seconds(trigger.max_age_seconds),
            bisect_batch_on_error=trigger.bisect_on_error,
            report_batch_item_failures=trigger.report_item_failures,
            on_failure=event_sources.KafkaDlq(trigger.dead_letter_topic),
            metrics_config=lambda_.MetricsConfig(
                metrics=[
                    lambda_.MetricType.EVENT_COUNT,
                    lambda_.MetricType.ERROR_COUNT,
                    lambda_.MetricType.KAFKA_METRICS,
                ]
            ),
        )

    def _access(self, external: ExternalKafka) -> list[lambda_.SourceAccessConfiguration]:
        kinds = lambda_.SourceAccessConfigurationType
        subnets = self._placement.vpc.select_subnets(subnet_type=self._placement.subnets.subnet_type).subnet_ids
        return [
            lambda_.SourceAccessConfiguration(type=kinds.SASL_SCRAM_512_AUTH, uri=external.login.secret_arn),
            lambda_.SourceAccessConfiguration(
                type=kinds.VPC_SECURITY_GROUP, uri=self._placement.security_group.security_group_id
            ),
            *(lambda_.SourceAccessConfiguration(type=kinds.VPC_SUBNET, uri=subnet) for subnet in subnets),
        ]

    def _topic_setup(self, layers: Sequence[lambda_.ILayerVersion], arch: lambda_.Architecture) -> lambda_.Function:
        log = log_group(self, "TopicSetupLog", _SETUP_NAME)
        kafka = self._stores.sources[policies.BROKERS]
        statements = [
            *policies.runtime(log.log_group_arn, in_vpc=True),
            *([policies.allow(("secretsmanager:GetSecretValue",), kafka.secrets)] if kafka.secrets else []),
            *policies.topic_setup(self._kafka),
        ]
        return lambda_.Function(
            self,
            "TopicSetup",
            function_name=_SETUP_NAME,
            runtime=RUNTIME,
            architecture=arch,
            handler="infra.topic_setup.handler.handler",
            code=lambda_.Code.from_asset(str(topic_setup_archive())),
            layers=list(layers),
            memory_size=_SETUP_MEMORY_MB,
            timeout=_SETUP_TIMEOUT,
            environment={
                "POWERTOOLS_SERVICE_NAME": "topic_setup",
                "KAFKA_REPLICATION_FACTOR": str(self._kafka.replication_factor),
                **kafka.variables,
            },
            role=function_role(self, "TopicSetupRole", statements),
            log_group=log,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            vpc=self._placement.vpc,
            vpc_subnets=self._placement.subnets,
            security_groups=[self._placement.security_group],
        )


def _window(trigger: topology.KafkaTrigger) -> Duration | None:
    if trigger.window_seconds == DEFAULT_WINDOW_SECONDS:
        return None
    if trigger.window_seconds != int(trigger.window_seconds):
        raise InvalidInputError(
            f"trigger of {trigger.topic}: a window is {DEFAULT_WINDOW_SECONDS} or whole seconds, "
            f"got {trigger.window_seconds}"
        )
    return Duration.seconds(int(trigger.window_seconds))
