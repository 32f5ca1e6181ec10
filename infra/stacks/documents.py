"""MongoDB's protocol by Amazon DocumentDB."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_docdb as docdb
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.stacks.findings import acknowledge
from infra.stacks.network import PRIVATE
from infra.stacks.stores import Source, joined, secret_source

PORT = 27017
MIN_CAPACITY, MAX_CAPACITY = 0.5, 4
"""DocumentDB capacity units, 2 GiB of memory each."""
ENGINE_VERSION = "5.0.0"
BACKUPS = Duration.days(7)

_AUTHORITIES = "/opt/certs/rds-ca.pem"
"""Where the base layer has the certificates."""


class ManagedDocuments(Construct):
    """One serverless instance, encrypted, over TLS only; `source` gives functions its address and login."""

    def __init__(self, scope: Construct, id: str, *, vpc: ec2.IVpc, clients: ec2.ISecurityGroup) -> None:
        super().__init__(scope, id)
        group = ec2.SecurityGroup(self, "Access", vpc=vpc, description="DocumentDB", allow_all_outbound=False)
        group.add_ingress_rule(clients, ec2.Port.tcp(PORT), "Functions")
        clients.add_egress_rule(group, ec2.Port.tcp(PORT), "DocumentDB")
        cluster = docdb.DatabaseCluster(
            self,
            "Cluster",
            engine_version=ENGINE_VERSION,
            master_user=docdb.Login(username="stockai", exclude_characters="\"@/:%?#[]\\' "),
            vpc=vpc,
            vpc_subnets=PRIVATE,
            security_group=group,
            port=PORT,
            serverless_v2_scaling_configuration=docdb.ServerlessV2ScalingConfiguration(
                min_capacity=MIN_CAPACITY, max_capacity=MAX_CAPACITY
            ),
            parameter_group=docdb.ClusterParameterGroup(
                self,
                "Parameters",
                family="docdb5.0",
                parameters={"tls": "enabled", "audit_logs": "enabled", "profiler": "enabled"},
            ),
            storage_encrypted=True,
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
            backup=docdb.BackupProps(retention=BACKUPS),
            copy_tags_to_snapshot=True,
            export_audit_logs_to_cloud_watch=True,
            export_profiler_logs_to_cloud_watch=True,
        )
        # The CDK leaves a serverless cluster without any.
        instance = docdb.CfnDBInstance(
            self,
            "Instance",
            db_cluster_identifier=cluster.cluster_identifier,
            db_instance_class="db.serverless",
            auto_minor_version_upgrade=True,
        )
        reason = "The rule's list of classes comes from the price list, which has none for serverless."
        acknowledge(instance, "CloudFormation-Validate::E3620", reason)
        instance.add_metadata("cfn-lint", {"config": {"ignore_checks": ["E3620"]}})
        secret = cluster.secret
        if secret is None:
            raise ValueError("a cluster with a generated login has a secret")
        self._acknowledge(cluster)
        host = cluster.cluster_endpoint.hostname
        options = f"tls=true&tlsCAFile={_AUTHORITIES}&replicaSet=rs0&retryWrites=false"
        self.source: Source = joined(
            Source({"MONGODB_URI": f"mongodb://{host}:{PORT}/?{options}"}),
            secret_source("MONGODB_USERNAME", secret, "username"),
            secret_source("MONGODB_PASSWORD", secret, "password"),
        )

    @staticmethod
    def _acknowledge(cluster: docdb.DatabaseCluster) -> None:
        acknowledge(
            cluster,
            "AwsSolutions-SMG4",
            "Rotated by hand, as docs/operations.md says: the login is refused to everything but the functions anyway.",
        )
        acknowledge(cluster, "AwsSolutions-DOC2", "Another port hides nothing: only the functions reach this one.")
        acknowledge(cluster, "AwsSolutions-DOC3", "The login comes from Secrets Manager, where the rule cannot look.")
        for event in ("authenticate", "createIndex", "dropCollection"):
            acknowledge(
                cluster,
                f"AwsSolutions-DOC5[LogExport::{event}]",
                "DocumentDB exports whole logs: `audit`, which is on, holds these events.",
            )
