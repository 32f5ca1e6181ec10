"""What LocalStack has of the data: secrets and the model bucket. Kafka, MongoDB and Redis run beside it."""

from __future__ import annotations

from aws_cdk import CfnOutput, SecretValue, Stack
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.context import Context
from infra.stacks.models import language_model_sources, market_data_source, model_bucket
from infra.stacks.stores import MODELS_PREFIX, PANEL_KEY, Source, Stores, secret_source


class LocalDataStack(Stack):
    """Secrets with the URLs of servers on this machine, so that functions read them as on AWS, and the bucket."""

    def __init__(self, scope: Construct, id: str, *, context: Context) -> None:
        super().__init__(scope, id)
        bucket = model_bucket(self)
        sources = {
            "KAFKA_BOOTSTRAP_SERVERS": Source({"KAFKA_BOOTSTRAP_SERVERS": context.kafka}),
            "MONGODB_URI": secret_source(
                "MONGODB_URI", self._url("MongoDbUri", "stock-ai/mongodb-uri", context.mongodb)
            ),
            "REDIS_URL": secret_source("REDIS_URL", self._url("RedisUrl", "stock-ai/redis-url", context.redis)),
            "MODEL_REGISTRY": Source({"MODEL_REGISTRY": f"s3://{bucket.bucket_name}/{MODELS_PREFIX}"}),
            "PANEL_SNAPSHOT": Source({"PANEL_SNAPSHOT": f"s3://{bucket.bucket_name}/{PANEL_KEY}"}),
            **language_model_sources(self),
            "VNSTOCK_API_KEY": market_data_source(self),
        }
        self.stores = Stores(sources=sources, bucket=bucket, kafka=None, placement=None)
        CfnOutput(self, "ModelBucket", value=bucket.bucket_name)

    def _url(self, id: str, name: str, url: str) -> secretsmanager.ISecret:
        # In the clear, since it is the address of a container on this machine.
        return secretsmanager.Secret(self, id, secret_name=name, secret_string_value=SecretValue.unsafe_plain_text(url))
