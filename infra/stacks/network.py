"""The VPC of everything that is not a service of AWS itself."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

MAX_ZONES = 2
CIDR = "10.40.0.0/16"
PRIVATE = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)

# Secrets for functions; Lambda and STS for the pollers of Kafka (AWS Lambda developer guide, "Configure network
# security"). Without the NAT gateway prices still come through to insights.
_ENDPOINTS = {
    "SecretsManager": ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    "Lambda": ec2.InterfaceVpcEndpointAwsService.LAMBDA_,
    "Sts": ec2.InterfaceVpcEndpointAwsService.STS,
}


class NetworkStack(Stack):
    """Two zones, each with a public and a private subnet; one NAT gateway, which the sources of prices need."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(CIDR),
            max_azs=MAX_ZONES,
            nat_gateways=1,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="public", subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=False, cidr_mask=24
                ),
                ec2.SubnetConfiguration(name="private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=20),
            ],
        )
        self.vpc.add_flow_log("FlowLog", destination=ec2.FlowLogDestination.to_cloud_watch_logs(self._flow_log()))
        self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3, subnets=[PRIVATE])
        for name, service in _ENDPOINTS.items():
            self.vpc.add_interface_endpoint(
                name, service=service, subnets=PRIVATE, security_groups=[self._endpoint_group(name)], open=False
            )

    def _endpoint_group(self, name: str) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            f"{name}Access",
            vpc=self.vpc,
            description=f"Who may reach the endpoint of {name}",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(ec2.Peer.ipv4(CIDR), ec2.Port.tcp(443), "From inside the VPC")
        return group

    def _flow_log(self) -> logs.LogGroup:
        return logs.LogGroup(
            self, "Flows", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
