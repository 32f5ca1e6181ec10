"""The bucket of trained models and the key of the language model: the same on AWS and LocalStack."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, SecretValue, Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager

from infra.stacks.findings import acknowledge
from infra.stacks.stores import Source, secret_source

LANGUAGE_MODEL_SECRET = "stock-ai/language-model"  # noqa: S105 - its name
_KEY = "anthropic_api_key"


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
    )
    acknowledge(
        bucket,
        "AwsSolutions-S1",
        "Only two functions reach the bucket; CloudTrail data events record it where that is wanted.",
    )
    return bucket


def language_model_source(stack: Stack) -> Source:
    """The secret that an operator puts the key into; while its text is empty answers come from the template."""
    secret = secretsmanager.Secret(
        stack,
        "LanguageModel",
        secret_name=LANGUAGE_MODEL_SECRET,
        description=f'Put the key of Anthropic in as {{"{_KEY}": ".."}}; empty means that none is used.',
        # An update of the stack leaves what an operator put in, as long as this text stays the same.
        secret_object_value={_KEY: SecretValue.unsafe_plain_text("")},
    )
    acknowledge(secret, "AwsSolutions-SMG4", "The key is Anthropic's: only a person can have a new one issued.")
    return secret_source("ANTHROPIC_API_KEY", secret, _KEY)
