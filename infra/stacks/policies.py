"""What each function may do: named actions on named resources, and nothing for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from infra import topology
from infra.stacks.stores import MODELS_PREFIX, PANEL_KEY, ExternalKafka, Msk, Stores

LLM_FUNCTION = "llm_analysis"
BROKERS = "KAFKA_BOOTSTRAP_SERVERS"

INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""AWS Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC"."""
POLLERS = ("ec2:DescribeVpcs", "ec2:DescribeSecurityGroups")
"""Beyond `INTERFACES` for a Kafka mapping (AWS Lambda developer guide, "Configuring Lambda permissions")."""
TRACES = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
ON_ALL = frozenset({*INTERFACES, *POLLERS, *TRACES})
"""The only actions whose resource is `*`: IAM knows no resource for them."""


def allow(actions: Sequence[str], resources: Sequence[str]) -> iam.PolicyStatement:
    """A statement that allows `actions` on `resources`."""
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))


def write_log(log_group_arn: str) -> iam.PolicyStatement:
    """A statement that allows to write into one log group."""
    return allow(("logs:CreateLogStream", "logs:PutLogEvents"), (log_group_arn,))


def runtime(log_group_arn: str, *, in_vpc: bool) -> Iterator[iam.PolicyStatement]:
    """What any function of ours needs to run at all."""
    yield write_log(log_group_arn)
    yield allow(TRACES, ("*",))
    if in_vpc:
        yield allow(INTERFACES, ("*",))


def of_function(
    stack: Stack, function: topology.Function, stores: Stores, log_group_arn: str, failures_arn: str
) -> list[iam.PolicyStatement]:
    """The whole policy of one function of the topology."""
    return [
        *runtime(log_group_arn, in_vpc=stores.placement is not None),
        allow(("sqs:SendMessage",), (failures_arn,)),
        *_secrets(function, stores),
        *_kafka(function, stores),
        *_models(function, stores),
        *_panel(function, stores),
        *_invocations(stack, function),
    ]


def consumer_group(function: topology.Function, trigger: topology.KafkaTrigger) -> str:
    """The consumer group of a Kafka mapping, e.g. `stock-ai-kafka_consumer-stock_prices_raw`."""
    return f"stock-ai-{function.name}-{trigger.topic}"


def topic_setup(kafka: Msk | ExternalKafka) -> list[iam.PolicyStatement]:
    """What creating the topics needs of the cluster."""
    if isinstance(kafka, ExternalKafka):
        return []
    names = [kafka.topic(topic.name) for topic in topology.TOPICS]
    return [
        allow(("kafka-cluster:Connect", "kafka-cluster:DescribeCluster"), (kafka.cluster_arn,)),
        allow(("kafka-cluster:CreateTopic", "kafka-cluster:DescribeTopic"), names),
    ]


def _secrets(function: topology.Function, stores: Stores) -> Iterator[iam.PolicyStatement]:
    used = dict.fromkeys(
        secret
        for setting in function.settings
        if (source := stores.sources.get(setting)) is not None
        for secret in source.secrets
    )
    if used:
        yield allow(("secretsmanager:GetSecretValue",), list(used))


def _kafka(function: topology.Function, stores: Stores) -> Iterator[iam.PolicyStatement]:
    cluster = stores.kafka
    if function.kafka and cluster is not None:
        yield allow(POLLERS, ("*",))
    if not isinstance(cluster, Msk) or BROKERS not in function.settings:
        return
    connection = ["kafka-cluster:Connect", "kafka-cluster:DescribeCluster"]
    if function.publishes:
        # The producer of kafka-python is idempotent unless told otherwise.
        connection.append("kafka-cluster:WriteDataIdempotently")
        written = [cluster.topic(name) for name in function.publishes]
        yield allow(("kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"), written)
    if function.kafka:
        connection += [
            "kafka-cluster:DescribeClusterDynamicConfiguration",
            "kafka:DescribeCluster",
            "kafka:DescribeClusterV2",
            "kafka:GetBootstrapBrokers",
        ]
        read = [cluster.topic(trigger.topic) for trigger in function.kafka]
        groups = [cluster.group(consumer_group(function, trigger)) for trigger in function.kafka]
        yield allow(("kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"), read)
        yield allow(("kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"), groups)
    yield allow(connection, (cluster.cluster_arn,))


def _models(function: topology.Function, stores: Stores) -> Iterator[iam.PolicyStatement]:
    if "MODEL_REGISTRY" not in function.settings:
        return
    actions = ("s3:GetObject", "s3:PutObject") if function.trains else ("s3:GetObject",)
    yield allow(actions, (f"{stores.bucket.bucket_arn}/{MODELS_PREFIX}/*",))
    # Without it S3 says "denied", not "no such key", of an object that is not there.
    yield allow(("s3:ListBucket",), (stores.bucket.bucket_arn,))


def _panel(function: topology.Function, stores: Stores) -> Iterator[iam.PolicyStatement]:
    # Whoever reads the snapshot brings it up to date. `_models` allows to list the bucket.
    if "PANEL_SNAPSHOT" in function.settings:
        yield allow(("s3:GetObject", "s3:PutObject"), (f"{stores.bucket.bucket_arn}/{PANEL_KEY}",))


def _invocations(stack: Stack, function: topology.Function) -> Iterator[iam.PolicyStatement]:
    if "LLM_FUNCTION_NAME" in function.settings:
        yield allow(("lambda:InvokeFunction",), (function_arn(stack, LLM_FUNCTION),))


def function_arn(stack: Stack, name: str) -> str:
    """The ARN of a function of the topology, by its name."""
    deployed = topology.function(name).deployed_name
    return f"arn:{stack.partition}:lambda:{stack.region}:{stack.account}:function:{deployed}"
