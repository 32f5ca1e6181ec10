"""Cold starts: importing each handler from its archives against only the libraries it is made with.

On Python 3.13, from code and bytecode as deployed, each in a fresh process with the files already in memory. The API is
measured against a FastAPI application of as many bare routes: registering one costs FastAPI about a millisecond.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra import topology
from infra.packaging import python313, third_party
from tests.infra.packaging.unpacking import machine_architecture, unpack_function
from tests.load.result import Result, in_turn

ROUNDS = 15
LIMITS = {"llm_analysis": 1.4}
"""It compiles a hundred patterns, with which it checks every text."""
OTHER_LIMIT = 1.25
_COMMON = "import aws_lambda_powertools, aws_xray_sdk.core, pydantic, pydantic_settings, pymongo, kafka"
_ANALYSIS = "numpy, sklearn.calibration, sklearn.linear_model, sklearn.pipeline, skops.io, talib"
_ROUTES = """
from typing import Annotated
import fastapi, mangum, pydantic
app = fastapi.FastAPI()
for number in range({routes}):
    class Asked(pydantic.BaseModel):
        start: str | None = None
        end: str | None = None
        limit: int = 50
    class Answer(pydantic.BaseModel):
        symbol: str
        close: float
        items: list[str]
    @app.get(f"/{{number}}/{{{{symbol}}}}", response_model=Answer)
    def route(request: fastapi.Request, symbol: str, asked: Annotated[Asked, fastapi.Query()]) -> fastapi.Response: ...
mangum.Mangum(app)
"""
OPERATIONS = sum(len(path) for path in json.loads(Path("docs/openapi.json").read_text())["paths"].values())
BASELINES = {
    "api": _ROUTES.format(routes=OPERATIONS),
    "data_collector": _COMMON,
    "kafka_consumer": _COMMON,
    "aggregation": f"{_COMMON}, redis",
    "ai_analysis": f"{_COMMON}, {_ANALYSIS}",
    "model_training": f"{_COMMON}, {_ANALYSIS}",
    "llm_analysis": f"{_COMMON}, redis, pybreaker, tenacity",
}


@dataclass(frozen=True)
class _Process:
    interpreter: Path
    folders: list[str]
    environment: dict[str, str]

    def seconds(self, program: str) -> float:
        """How long a fresh process takes for `program`."""
        program = (
            f"import sys; sys.path[:0] = {self.folders!r}; import time; started = time.perf_counter()\n"
            f"{program}\nprint(time.perf_counter() - started)"
        )
        command = [self.interpreter, "-I", "-S", "-c", program]
        run = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True)
        return float(run.stdout)


def _measure(function: topology.Function, process: _Process) -> Result:
    handler, baseline = f"import {function.handler.rpartition('.')[0]}", BASELINES[function.name]
    for warm_up in (handler, baseline):
        process.seconds(warm_up)
    ratio, ours, bare = in_turn(lambda: process.seconds(handler), lambda: process.seconds(baseline), ROUNDS)
    limit = LIMITS.get(function.name, OTHER_LIMIT)
    return Result(f"import_{function.name}", ratio, limit, "s", bare, ours, higher_is_better=False)


def bench() -> list[Result]:
    """One ratio per function; none where there is no Python 3.13."""
    interpreter = python313.find()
    if interpreter is None:
        print(f"imports are not measured: {python313.HOW_TO_GET}", file=sys.stderr)
        return []
    arch = machine_architecture()
    with tempfile.TemporaryDirectory() as folder:
        runtime = Path(folder) / "runtime"
        third_party.install(third_party.runtime_requirements(), arch, runtime)
        results = []
        for function in topology.FUNCTIONS:
            code = Path(folder) / function.name
            unpack_function(function, arch, code)
            environment = {
                "PATH": os.environ["PATH"],
                "AWS_REGION": "ap-southeast-1",
                "LAMBDA_TASK_ROOT": str(code),
                "POWERTOOLS_SERVICE_NAME": function.name,
            }
            results.append(_measure(function, _Process(interpreter, [str(code), str(runtime)], environment)))
        return results
