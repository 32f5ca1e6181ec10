"""What the stacks of data give to functions, the same on AWS and LocalStack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import ArnFormat, Fn, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

MODELS_PREFIX = "models"
PANEL_KEY = "panels/daily.panel"


@dataclass(frozen=True, slots=True)
class Source:
    """What gives a function one setting of the topology."""

    variables: Mapping[str, str]
    """Environment variables; none of them holds a secret."""
    secrets: tuple[str, ...] = ()
    """ARNs of the secrets those variables refer to, as a policy names them."""


@dataclass(frozen=True, slots=True)
class Msk:
    """A cluster of Amazon MSK, which knows functions by their roles."""

    cluster_arn: str
    replication_factor: int
    """Of new topics; -1 leaves it to the cluster."""

    def topic(self, name: str) -> str:
        """ARN of a topic (Amazon MSK developer guide, "IAM access control")."""
        return self._arn("topic", name)

    def group(self, name: str) -> str:
        """ARN of a consumer group."""
        return self._arn("group", name)

    def _arn(self, kind: str, name: str) -> str:
        # arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/UUID -> arn:aws:kafka:REGION:ACCOUNT:KIND/NAME/UUID/name
        before, after = (Fn.select(part, Fn.split(":cluster/", self.cluster_arn)) for part in (0, 1))
        return f"{before}:{kind}/{after}/{name}"


@dataclass(frozen=True, slots=True)
class ExternalKafka:
    """A cluster of one's own: SASL/SCRAM-SHA-512 over TLS."""

    brokers: tuple[str, ...]
    login: secretsmanager.ISecret
    replication_factor: int = -1


@dataclass(frozen=True, slots=True)
class Placement:
    """Where functions run inside a VPC."""

    vpc: ec2.IVpc
    security_group: ec2.ISecurityGroup
    subnets: ec2.SubnetSelection


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything functions are given by the stack of data."""

    sources: Mapping[str, Source]
    """By the topology's names of settings."""
    bucket: s3.IBucket
    """Trained models, under `models/`, and the snapshot of the daily bars."""
    kafka: Msk | ExternalKafka | None
    """None on LocalStack, which has no event-source mappings for Kafka."""
    placement: Placement | None
    """None on LocalStack."""


def secret_source(setting: str, secret: secretsmanager.ISecret, key: str = "") -> Source:
    """Give `setting` the text of a secret, or one key of a secret that is JSON."""
    reference = f"{secret.secret_arn}#{key}" if key else secret.secret_arn
    return Source({f"{setting}_SECRET": reference}, (secret.secret_arn,))


def named_secret(scope: Construct, id: str, name: str) -> secretsmanager.ISecret:
    """A secret that is there already."""
    return secretsmanager.Secret.from_secret_name_v2(scope, id, name)


def named_secret_source(scope: Construct, setting: str, name: str, key: str = "") -> Source:
    """Give `setting` a secret that is there already, of which only the name is known."""
    reference = f"{name}#{key}" if key else name
    return Source({f"{setting}_SECRET": reference}, (named_secret_pattern(scope, name),))


def named_secret_pattern(scope: Construct, name: str) -> str:
    """The ARN of the secret called `name`: Secrets Manager ends it with six characters of its own."""
    return Stack.of(scope).format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name=f"{name}-??????",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


def joined(*sources: Source) -> Source:
    """One source out of several."""
    return Source(
        {name: value for source in sources for name, value in source.variables.items()},
        tuple(dict.fromkeys(secret for source in sources for secret in source.secrets)),
    )
