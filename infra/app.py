"""The CDK application: `npx cdk synth`, with the context that `infra.context` lists."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from aws_cdk import App, Stack, Tags, Validations
from cdk_nag import AwsSolutionsChecks

from infra.context import Context
from infra.packaging import sizes
from infra.stacks.api import ApiStack
from infra.stacks.data import DataStack
from infra.stacks.functions import FunctionsStack
from infra.stacks.local_data import LocalDataStack
from infra.stacks.network import NetworkStack
from infra.stacks.observability import ObservabilityStack
from infra.stacks.stores import Stores
from stock_ai.errors import StockAIError

FLAGS: Mapping[str, object] = {
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/core:enablePartitionLiterals": True,
    # What one stack uses of another cannot be taken away under it.
    "@aws-cdk/core:defaultCrossStackReferences": "strong",
    "@aws-cdk/customresources:installLatestAwsSdkDefault": False,
    "@aws-cdk/aws-lambda:recognizeLayerVersion": True,
}
"""Choices of the CDK, made here rather than in cdk.json so that tests synthesise what is deployed."""


def application(**context: str) -> App:
    """An application with `context` beneath what the command line gives."""
    return App(context={**FLAGS, **context})


def build(app: App) -> list[Stack]:
    """Add every stack to `app`, in the order of their deployment.

    Raises:
        InvalidInputError: a context value is not possible, or a function is over its size; the message says which.
        RunAbortedError: a package cannot be built.
    """
    context = Context.read(app.node.try_get_context)
    sizes.check(context.arch)
    network = [NetworkStack(app, "StockAi-Network")] if context.on_aws else []
    data: DataStack | LocalDataStack
    if network:
        data = DataStack(app, "StockAi-Data", context=context, vpc=network[0].vpc)
    else:
        data = LocalDataStack(app, "StockAi-Data", context=context)
    stores: Stores = data.stores
    functions = FunctionsStack(app, "StockAi-Functions", context=context, stores=stores)
    api = ApiStack(app, "StockAi-Api", function=functions.functions["api"], context=context)
    observability = ObservabilityStack(
        app,
        "StockAi-Observability",
        context=context,
        functions=functions.functions,
        api=api.api,
        queue=functions.failures,
    )
    Tags.of(app).add("project", "stock-ai")
    if context.on_aws:
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return [*network, data, functions, api, observability]


def main() -> int:
    """Synthesise; 2 when a context value, a size or a package is wrong."""
    app = application()
    try:
        build(app)
    except StockAIError as error:
        print(error, file=sys.stderr)
        return 2
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
