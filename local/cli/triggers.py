"""`stock-ai triggers`: our Kafka and schedule triggers for functions deployed to LocalStack, which has none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from infra import topology
from local.cli.output import JsonOption, errors, print_json, run_progress, say
from local.cli.prices import (
    DataOption,
    PriceRequest,
    SinceOption,
    SourceName,
    SourceOption,
    SymbolsOption,
    UntilOption,
    price_request,
)
from local.deployed import DeployedFunction, api_url
from local.embedded.kafka import create_topics
from local.function_process import FunctionProcess, Worker
from local.pipeline import Pipeline
from local.runtime import Runtime, triggered
from local.session import has_current_model
from stock_ai.clock import utc_now
from stock_ai.errors import InvalidInputError
from stock_ai.ml.manager import ModelManager
from stock_ai.settings import KafkaSettings, ModelSettings, MongoSettings, RedisSettings, SourceSettings
from stock_ai.storage.insights import RedisInsightStore
from stock_ai.storage.model_registry import open_registry
from stock_ai.storage.mongo import claim_world, database
from stock_ai.storage.prices import MongoPriceStore
from stock_ai.storage.redis_client import redis_client


def triggers(
    source: SourceOption = SourceName.AUTO,
    data: DataOption = None,
    symbols: SymbolsOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    once: Annotated[bool, typer.Option("--once", help="Run the pipeline once, print a summary and stop.")] = False,
    json: JsonOption = False,
) -> None:
    """Run the functions deployed to LocalStack as topics and schedules ask. Source auto means what they are set to.

    AWS_ENDPOINT_URL names LocalStack; KAFKA_BOOTSTRAP_SERVERS, MONGODB_URI and REDIS_URL the servers beside it, as
    seen from this machine.
    """
    request = price_request(source, data, symbols, since, until)
    if not os.environ.get("AWS_ENDPOINT_URL"):
        raise InvalidInputError("AWS_ENDPOINT_URL: not set; it names LocalStack. On AWS the triggers are Lambda's own")
    kafka, insights = KafkaSettings.load(), RedisInsightStore(redis_client(RedisSettings.load()))
    deployed = {function.name: DeployedFunction(function) for function in triggered()}
    request = _resolved(request, deployed["data_collector"])
    registry = ModelSettings.model_validate(deployed["ai_analysis"].environment()).registry
    models = ModelManager(open_registry(registry))
    stored = database(MongoSettings.load())
    claim_world(stored, simulated=request.source is SourceName.SIMULATED)
    create_topics(kafka.bootstrap_servers, topology.TOPICS)
    with ExitStack() as stack:
        with run_progress() as progress:
            pipeline = Pipeline(request.source, progress, request.detail())
            workers = _workers(deployed, request, Path(stack.enter_context(TemporaryDirectory())))
            runtime = stack.enter_context(Runtime(workers, kafka.bootstrap_servers, utc_now, pipeline.observe, say))
            prices = MongoPriceStore(stored)
            summary = pipeline.run(runtime, lambda: has_current_model(models, prices), insights.count)
        if json:
            print_json(summary.as_json())
        else:
            summary.show(errors)
        if not once:
            errors.print(f"API       [bold]{api_url()}api/v1/market/overview[/bold]", soft_wrap=True)
            errors.print("Schedules run in exchange time. Ctrl-C stops the triggers; LocalStack goes on.")
            runtime.follow_schedules(lambda: None)


def _resolved(request: PriceRequest, collector: DeployedFunction) -> PriceRequest:
    """The request with the source that the deployed collector is set to, where none was asked for."""
    if request.source is not SourceName.AUTO:
        return request
    named = SourceSettings.model_validate(collector.environment()).source
    return replace(request, source=SourceName(named))


def _workers(deployed: Mapping[str, Worker], request: PriceRequest, logs: Path) -> Mapping[str, Worker]:
    """The deployed functions; but files of this machine are read by a collector on this machine."""
    if request.source is not SourceName.CSV:
        return deployed
    environment = os.environ | request.settings()
    collector = FunctionProcess(topology.function("data_collector"), environment, logs / "data_collector.log")
    return {**deployed, "data_collector": collector}
