"""The bucket of models and the panel snapshot, and the keys that operators bring: the same on AWS and LocalStack."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy, SecretValue, Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager

from infra.stacks.findings import acknowledge
from infra.stacks.stores import PANEL_KEY, Source, secret_source

ANTHROPIC_SECRET = "stock-ai/anthropic"  # noqa: S105 - its name
OPENAI_SECRET = "stock-ai/openai"  # noqa: S105 - its name
MARKET_DATA_SECRET = "stock-ai/market-data"  # noqa: S105 - its name


def model_bucket(stack: Stack) -> s3.Bucket:
    """Versioned, so that a model which was overwritten can be brought back; it outlives the stack."""
    bucket = s3.Bucket(
        stack,
        "Models",
        versioned=True,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        removal_policy=RemovalPolicy.RETAIN,
        # The snapshot is written at every pass over the market, 40 MB each, and can be made again.
        lifecycle_rules=[s3.LifecycleRule(prefix=PANEL_KEY, noncurrent_version_expiration=Duration.days(1))],
    )
    acknowledge(
        bucket,
        "AwsSolutions-S1",
        "Only two functions reach the bucket; CloudTrail data events record it where that is wanted.",
    )
    return bucket


def language_model_sources(stack: Stack) -> dict[str, Source]:
    """The keys of language models; one that is asked (`-c llm_provider=..`) needs its key."""
    return {
        "ANTHROPIC_API_KEY": _operators_key(stack, "Anthropic", ANTHROPIC_SECRET, "ANTHROPIC_API_KEY", "Anthropic"),
        "OPENAI_API_KEY": _operators_key(stack, "OpenAi", OPENAI_SECRET, "OPENAI_API_KEY", "OpenAI"),
    }


def market_data_source(stack: Stack) -> Source:
    """vnstock's key; while there is none, the guest tier's pace holds."""
    return _operators_key(stack, "MarketData", MARKET_DATA_SECRET, "VNSTOCK_API_KEY", "vnstock")


def _operators_key(stack: Stack, id: str, name: str, setting: str, issuer: str) -> Source:
    """A secret that an operator puts a key into; its text is empty until then."""
    key = setting.lower()
    secret = secretsmanager.Secret(
        stack,
        id,
        secret_name=name,
        description=f'Put the key of {issuer} in as {{"{key}": ".."}}; empty means that none is used.',
        # An update of the stack leaves what an operator put in, as long as this text stays the same.
        secret_object_value={key: SecretValue.unsafe_plain_text("")},
    )
    acknowledge(secret, "AwsSolutions-SMG4", f"The key is {issuer}'s: only a person can have a new one issued.")
    return secret_source(setting, secret, key)
