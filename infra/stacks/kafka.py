"""Kafka by Amazon MSK, which knows functions by their roles and nobody else."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, custom_resources
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_msk as msk
from constructs import Construct

from infra.stacks.network import PRIVATE
from infra.stacks.policies import allow, write_log
from infra.stacks.stores import Msk

IAM_PORT = 9098
"""Amazon MSK developer guide, "Port information"."""
KAFKA_VERSION = "3.9.x"
BROKERS = 2
INSTANCE = "kafka.t3.small"
STORAGE_GB = 50

# With two brokers a topic can wait for both copies or outlive one broker, and the second is wanted more.
_SERVER_PROPERTIES = f"""auto.create.topics.enable=false
default.replication.factor={BROKERS}
min.insync.replicas=1
offsets.topic.replication.factor={BROKERS}
transaction.state.log.replication.factor={BROKERS}
transaction.state.log.min.isr=1
unclean.leader.election.enable=false
"""


class _Cluster(Construct):
    """What both kinds of cluster share: who reaches them, and where they are."""

    def __init__(self, scope: Construct, id: str, *, vpc: ec2.IVpc, clients: ec2.ISecurityGroup) -> None:
        super().__init__(scope, id)
        self._group = ec2.SecurityGroup(
            self, "Brokers", vpc=vpc, description="Kafka brokers and the pollers of Lambda", allow_all_outbound=False
        )
        port = ec2.Port.tcp(IAM_PORT)
        self._group.add_ingress_rule(clients, port, "Functions")
        clients.add_egress_rule(self._group, port, "Kafka")
        # Lambda's pollers stand in the cluster's own security group.
        self._group.add_ingress_rule(self._group, port, "Pollers")
        self._group.add_egress_rule(self._group, port, "Pollers")
        self._group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "Pollers to Lambda and STS")
        self._subnets = vpc.select_subnets(subnet_type=PRIVATE.subnet_type).subnet_ids

    def _brokers_of(self, cluster_arn: str) -> str:
        """The bootstrap servers: CloudFormation does not tell them."""
        log = logs.LogGroup(
            self, "LookupLog", retention=logs.RetentionDays.ONE_WEEK, removal_policy=RemovalPolicy.DESTROY
        )
        lookup = custom_resources.AwsCustomResource(
            self,
            "BootstrapServers",
            on_update=custom_resources.AwsSdkCall(
                service="Kafka",
                action="getBootstrapBrokers",
                parameters={"ClusterArn": cluster_arn},
                physical_resource_id=custom_resources.PhysicalResourceId.of("bootstrap-servers"),
                output_paths=["BootstrapBrokerStringSaslIam"],
            ),
            policy=custom_resources.AwsCustomResourcePolicy.from_statements(
                [allow(("kafka:GetBootstrapBrokers",), (cluster_arn,))]
            ),
            install_latest_aws_sdk=False,
            log_group=log,
            role=iam.Role(
                self,
                "LookupRole",
                assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
                inline_policies={"log": iam.PolicyDocument(statements=[write_log(log.log_group_arn)])},
            ),
        )
        return lookup.get_response_field("BootstrapBrokerStringSaslIam")


class ProvisionedKafka(_Cluster):
    """Two small brokers, one in each zone."""

    def __init__(self, scope: Construct, id: str, *, vpc: ec2.IVpc, clients: ec2.ISecurityGroup) -> None:
        super().__init__(scope, id, vpc=vpc, clients=clients)
        configuration = msk.CfnConfiguration(
            self,
            "Configuration",
            name="stock-ai",
            kafka_versions_list=[KAFKA_VERSION],
            server_properties=_SERVER_PROPERTIES,
        )
        log = logs.LogGroup(
            self, "BrokerLog", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        cluster = msk.CfnCluster(
            self,
            "Cluster",
            cluster_name="stock-ai",
            kafka_version=KAFKA_VERSION,
            number_of_broker_nodes=BROKERS,
            broker_node_group_info=msk.CfnCluster.BrokerNodeGroupInfoProperty(
                client_subnets=self._subnets,
                instance_type=INSTANCE,
                security_groups=[self._group.security_group_id],
                storage_info=msk.CfnCluster.StorageInfoProperty(
                    ebs_storage_info=msk.CfnCluster.EBSStorageInfoProperty(volume_size=STORAGE_GB)
                ),
            ),
            client_authentication=msk.CfnCluster.ClientAuthenticationProperty(
                sasl=msk.CfnCluster.SaslProperty(iam=msk.CfnCluster.IamProperty(enabled=True)),
                unauthenticated=msk.CfnCluster.UnauthenticatedProperty(enabled=False),
            ),
            configuration_info=msk.CfnCluster.ConfigurationInfoProperty(
                arn=configuration.attr_arn, revision=configuration.attr_latest_revision_revision
            ),
            encryption_info=msk.CfnCluster.EncryptionInfoProperty(
                encryption_in_transit=msk.CfnCluster.EncryptionInTransitProperty(client_broker="TLS", in_cluster=True)
            ),
            logging_info=msk.CfnCluster.LoggingInfoProperty(
                broker_logs=msk.CfnCluster.BrokerLogsProperty(
                    cloud_watch_logs=msk.CfnCluster.CloudWatchLogsProperty(enabled=True, log_group=log.log_group_name)
                )
            ),
        )
        self.msk = Msk(cluster.attr_arn, replication_factor=BROKERS)
        self.bootstrap_servers = self._brokers_of(cluster.attr_arn)


class ServerlessKafka(_Cluster):
    """A cluster whose size is Amazon's business; topics have the three copies it prescribes."""

    def __init__(self, scope: Construct, id: str, *, vpc: ec2.IVpc, clients: ec2.ISecurityGroup) -> None:
        super().__init__(scope, id, vpc=vpc, clients=clients)
        cluster = msk.CfnServerlessCluster(
            self,
            "Cluster",
            cluster_name="stock-ai",
            client_authentication=msk.CfnServerlessCluster.ClientAuthenticationProperty(
                sasl=msk.CfnServerlessCluster.SaslProperty(iam=msk.CfnServerlessCluster.IamProperty(enabled=True))
            ),
            vpc_configs=[
                msk.CfnServerlessCluster.VpcConfigProperty(
                    subnet_ids=self._subnets, security_groups=[self._group.security_group_id]
                )
            ],
        )
        self.msk = Msk(cluster.attr_arn, replication_factor=-1)
        self.bootstrap_servers = self._brokers_of(cluster.attr_arn)
