"""Where data is kept on AWS: Kafka, MongoDB, Redis, trained models and secrets."""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.context import PROVISIONED, SERVERLESS, Context, secret_name
from infra.stacks.cache import ManagedCache
from infra.stacks.documents import ManagedDocuments
from infra.stacks.kafka import ProvisionedKafka, ServerlessKafka
from infra.stacks.models import language_model_sources, market_data_source, model_bucket
from infra.stacks.network import PRIVATE
from infra.stacks.stores import (
    MODELS_PREFIX,
    PANEL_KEY,
    ExternalKafka,
    Msk,
    Placement,
    Source,
    Stores,
    joined,
    named_secret,
    named_secret_source,
)

_ANY = ec2.Peer.any_ipv4()
_UNPRIVILEGED = ec2.Port.tcp_range(1024, 65535)


class DataStack(Stack):
    """Each store is made here, or is one's own where the context says so."""

    def __init__(self, scope: Construct, id: str, *, context: Context, vpc: ec2.IVpc) -> None:
        super().__init__(scope, id)
        self._vpc = vpc
        self.functions_group = ec2.SecurityGroup(
            self, "Functions", vpc=vpc, description="The functions of Stock AI", allow_all_outbound=False
        )
        self.functions_group.add_egress_rule(_ANY, ec2.Port.tcp(443), "Services of AWS, price sources, language models")
        self.bucket = model_bucket(self)
        self.kafka, brokers = self._kafka(context)
        self.stores = Stores(
            sources={
                "KAFKA_BOOTSTRAP_SERVERS": brokers,
                "MONGODB_URI": self._documents(context),
                "REDIS_URL": self._cache(context),
                "MODEL_REGISTRY": Source({"MODEL_REGISTRY": f"s3://{self.bucket.bucket_name}/{MODELS_PREFIX}"}),
                "PANEL_SNAPSHOT": Source({"PANEL_SNAPSHOT": f"s3://{self.bucket.bucket_name}/{PANEL_KEY}"}),
                **language_model_sources(self),
                "VNSTOCK_API_KEY": market_data_source(self),
            },
            bucket=self.bucket,
            kafka=self.kafka,
            placement=Placement(vpc, self.functions_group, PRIVATE),
        )
        CfnOutput(self, "ModelBucket", value=self.bucket.bucket_name)

    def _kafka(self, context: Context) -> tuple[Msk | ExternalKafka, Source]:
        if context.kafka in (PROVISIONED, SERVERLESS):
            make = ProvisionedKafka if context.kafka == PROVISIONED else ServerlessKafka
            cluster = make(self, "Kafka", vpc=self._vpc, clients=self.functions_group)
            return cluster.msk, Source({"KAFKA_BOOTSTRAP_SERVERS": cluster.bootstrap_servers, "KAFKA_SECURITY": "iam"})
        name = context.kafka_secret or ""
        for port in sorted({int(broker.rpartition(":")[2]) for broker in context.brokers}):
            self.functions_group.add_egress_rule(_ANY, ec2.Port.tcp(port), "Kafka of one's own")
        login = named_secret(self, "KafkaLogin", name)
        return ExternalKafka(context.brokers, login), joined(
            Source({"KAFKA_BOOTSTRAP_SERVERS": context.kafka, "KAFKA_SECURITY": "scram"}),
            named_secret_source(self, "KAFKA_USERNAME", name, "username"),
            named_secret_source(self, "KAFKA_PASSWORD", name, "password"),
        )

    def _documents(self, context: Context) -> Source:
        if (name := secret_name(context.mongodb)) is not None:
            self._allow_unknown_port("MongoDB of one's own")
            return named_secret_source(self, "MONGODB_URI", name)
        return ManagedDocuments(self, "Documents", vpc=self._vpc, clients=self.functions_group).source

    def _cache(self, context: Context) -> Source:
        if (name := secret_name(context.redis)) is not None:
            self._allow_unknown_port("Redis of one's own")
            return named_secret_source(self, "REDIS_URL", name)
        return ManagedCache(self, "Cache", vpc=self._vpc, clients=self.functions_group).source

    def _allow_unknown_port(self, what: str) -> None:
        # Address and port are in the secret, which nobody reads at synthesis.
        self.functions_group.add_egress_rule(_ANY, _UNPRIVILEGED, what)
