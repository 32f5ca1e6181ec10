"""Redis' protocol by Amazon ElastiCache Serverless for Valkey."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.stacks.findings import acknowledge
from infra.stacks.network import PRIVATE
from infra.stacks.stores import Source, joined, secret_source

PORTS = (6379, 6380)
"""Serverless caches serve readers on the second (Amazon ElastiCache user guide, "Create a cache")."""
USER = "stock-ai"
VERSION = "8"
MAX_GB = 5
MAX_ECPU = 15_000
"""Requests a second, of 1 kB; a loop that runs away costs no more."""

# What insights, the market, texts, the pace of the collector and counts of requests need, on their keys and no others.
_KEYS = "~insight:* ~analysis:history:* ~{market}:* ~llm:* ~pace:* ~api:requests:*"
_ACCESS = f"on {_KEYS} -@all +@read +@write +@connection +@scripting -@dangerous"


class ManagedCache(Construct):
    """A cache that holds nothing MongoDB does not; `source` gives functions its address and login."""

    def __init__(self, scope: Construct, id: str, *, vpc: ec2.IVpc, clients: ec2.ISecurityGroup) -> None:
        super().__init__(scope, id)
        password = secretsmanager.Secret(
            self,
            "Password",
            description="Password of the functions at the cache",
            generate_secret_string=secretsmanager.SecretStringGenerator(exclude_punctuation=True, password_length=64),
        )
        acknowledge(
            password,
            "AwsSolutions-SMG4",
            "Rotated by hand, as docs/operations.md says: the cache holds nothing that is secret or cannot be rebuilt.",
        )
        user = elasticache.CfnUser(
            self,
            "User",
            engine="valkey",
            user_id=USER,
            user_name=USER,
            access_string=_ACCESS,
            # A dynamic reference: CloudFormation puts the password in, the template does not hold it.
            passwords=[password.secret_value.unsafe_unwrap()],
        )
        users = elasticache.CfnUserGroup(self, "Users", engine="valkey", user_group_id=USER, user_ids=[user.ref])
        group = ec2.SecurityGroup(self, "Access", vpc=vpc, description="ElastiCache", allow_all_outbound=False)
        for port in PORTS:
            group.add_ingress_rule(clients, ec2.Port.tcp(port), "Functions")
            clients.add_egress_rule(group, ec2.Port.tcp(port), "ElastiCache")
        cache = elasticache.CfnServerlessCache(
            self,
            "Cache",
            engine="valkey",
            major_engine_version=VERSION,
            serverless_cache_name="stock-ai",
            security_group_ids=[group.security_group_id],
            subnet_ids=vpc.select_subnets(subnet_type=PRIVATE.subnet_type).subnet_ids,
            user_group_id=users.ref,
            cache_usage_limits=elasticache.CfnServerlessCache.CacheUsageLimitsProperty(
                data_storage=elasticache.CfnServerlessCache.DataStorageProperty(unit="GB", maximum=MAX_GB),
                ecpu_per_second=elasticache.CfnServerlessCache.ECPUPerSecondProperty(maximum=MAX_ECPU),
            ),
        )
        self.source: Source = joined(
            Source({"REDIS_URL": f"rediss://{USER}@{cache.attr_endpoint_address}:{PORTS[0]}"}),
            secret_source("REDIS_PASSWORD", password),
        )
