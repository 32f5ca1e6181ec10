"""Every function of the topology with its role, its log and what triggers it."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import topology
from infra.context import Context
from infra.packaging.functions import complete_archive, function_archive
from infra.packaging.layers import layer_archive
from infra.stacks import policies
from infra.stacks.findings import acknowledge
from infra.stacks.foundation import RUNTIME, function_role, log_group
from infra.stacks.kafka_triggers import KafkaTriggers
from infra.stacks.schedules import add_schedules
from infra.stacks.stores import MODELS_PREFIX, Stores

DATABASE = "stock_ai"
# The finding holds the bucket's ARN as the CDK exports it.
_MODEL_BUCKET = "StockAi-Data:ExportsOutputFnGetAttModelsC55D3500ArnC820EBA0"
_RETRIES = 2
_MAX_EVENT_AGE = Duration.hours(1)
_FAILURES_KEPT = Duration.days(14)
_ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}


class FunctionsStack(Stack):
    """The functions, their layers, schedules and Kafka mappings, and the queue of invocations given up for good.

    On LocalStack a function carries its layers in its own archive, and schedules and mappings are left to
    `stock-ai triggers`.
    """

    def __init__(self, scope: Construct, id: str, *, context: Context, stores: Stores) -> None:
        super().__init__(scope, id)
        self._context = context
        self._stores = stores
        self._layers: dict[str, lambda_.LayerVersion] = {}
        self.failures = self._failures_queue()
        self.functions: Mapping[str, lambda_.Function] = {
            function.name: self._function(function) for function in topology.FUNCTIONS
        }
        if context.on_aws:
            add_schedules(self, self.functions, self.failures)
        if stores.kafka is not None and stores.placement is not None:
            layers = [self._layer(name) for name in ("stock_ai", "base")]
            KafkaTriggers(
                self, "KafkaTriggers", stores=stores, functions=self.functions, layers=layers, arch=self._architecture
            )
        acknowledge(self, "AwsSolutions-L1", "Packages are built for Python 3.13 and tested with it.")
        acknowledge(
            self,
            f"AwsSolutions-IAM5[Resource::{_MODEL_BUCKET}/{MODELS_PREFIX}/*]",
            "Names of models are made at run time; nothing else is under this prefix.",
        )
        CfnOutput(self, "FailedInvocationsQueueUrl", value=self.failures.queue_url)

    @property
    def _architecture(self) -> lambda_.Architecture:
        return _ARCHITECTURES[self._context.arch]

    def _function(self, function: topology.Function) -> lambda_.Function:
        logical = "".join(part.capitalize() for part in function.name.split("_"))
        log = log_group(self, f"{logical}Log", function.deployed_name)
        statements = policies.of_function(self, function, self._stores, log.log_group_arn, self.failures.queue_arn)
        placement = self._stores.placement
        return lambda_.Function(
            self,
            logical,
            function_name=function.deployed_name,
            runtime=RUNTIME,
            architecture=self._architecture,
            handler=function.handler,
            code=self._code(function),
            layers=[self._layer(name) for name in function.layers] if self._context.on_aws else [],
            memory_size=function.memory_mb,
            timeout=Duration.seconds(function.timeout_seconds),
            reserved_concurrent_executions=function.reserved_concurrency,
            environment=self._environment(function),
            role=function_role(self, f"{logical}Role", statements),
            log_group=log,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            vpc=placement.vpc if placement else None,
            vpc_subnets=placement.subnets if placement else None,
            security_groups=[placement.security_group] if placement else None,
            retry_attempts=_RETRIES,
            max_event_age=_MAX_EVENT_AGE,
            on_failure=destinations.SqsDestination(self.failures),
        )

    def _code(self, function: topology.Function) -> lambda_.Code:
        if self._context.on_aws:
            return lambda_.Code.from_asset(str(function_archive(function)))
        return lambda_.Code.from_asset(str(complete_archive(function, self._context.arch)))

    def _layer(self, name: str) -> lambda_.LayerVersion:
        if name not in self._layers:
            self._layers[name] = lambda_.LayerVersion(
                self,
                f"Layer-{name}",
                layer_version_name=f"stock-ai-{name.replace('_', '-')}",
                code=lambda_.Code.from_asset(str(layer_archive(name, self._context.arch))),
                compatible_runtimes=[RUNTIME],
                compatible_architectures=[self._architecture],
            )
        return self._layers[name]

    def _environment(self, function: topology.Function) -> dict[str, str]:
        plain = {
            "MONGODB_DATABASE": DATABASE,
            "PRICE_SOURCE": self._context.price_source,
            **({"PRICE_SYMBOLS": self._context.symbols} if self._context.symbols else {}),
            "LLM_FUNCTION_NAME": topology.function(policies.LLM_FUNCTION).deployed_name,
            "API_CORS_ORIGINS": self._context.cors_origins,
            "LLM_PROVIDER": self._context.llm_provider,
            **({"LLM_FALLBACK": self._context.llm_fallback} if self._context.llm_fallback else {}),
            "LLM_DAILY_BUDGET_USD": self._context.llm_daily_budget_usd,
            # A gateway of this kind passes on whole answers only.
            "API_STREAMING": "false",
        }
        environment = {"POWERTOOLS_SERVICE_NAME": function.name, **function.variables}
        for setting in function.settings:
            if (source := self._stores.sources.get(setting)) is not None:
                environment |= source.variables
            elif setting in plain:
                environment[setting] = plain[setting]
        return environment

    def _failures_queue(self) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "FailedInvocations",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_FAILURES_KEPT,
        )
        acknowledge(queue, "AwsSolutions-SQS3", "It is itself where failed invocations end, and an alarm watches it.")
        return queue
