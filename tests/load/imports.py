"""Cold starts: importing each handler from its archives against importing only the libraries it is made with.

On Python 3.13, from code and bytecode as deployed, each in a fresh process with the files already in memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra import topology
from infra.packaging import python313, third_party
from tests.infra.packaging.unpacking import machine_architecture, unpack_function
from tests.load.result import Result, paired

ROUNDS = 5
_COMMON = "aws_lambda_powertools, aws_xray_sdk.core, pydantic, pydantic_settings, pymongo, kafka"
_ANALYSIS = "numpy, sklearn.calibration, sklearn.linear_model, sklearn.pipeline, skops.io, talib"
LIBRARIES = {
    "api": "fastapi, mangum",
    "data_collector": _COMMON,
    "kafka_consumer": _COMMON,
    "aggregation": f"{_COMMON}, redis",
    "ai_analysis": f"{_COMMON}, {_ANALYSIS}",
    "model_training": f"{_COMMON}, {_ANALYSIS}",
    "llm_analysis": "aws_lambda_powertools, aws_xray_sdk.core, pydantic, pydantic_settings, redis, kafka",
}
LIMITS = {"api": 1.2}
"""The API loads its stores' libraries only for the routes that use them."""
OTHER_LIMIT = 1.25


@dataclass(frozen=True)
class _Process:
    interpreter: Path
    folders: list[str]
    environment: dict[str, str]

    def seconds(self, modules: str) -> float:
        """How long a fresh process takes for `import modules`."""
        program = (
            f"import sys; sys.path[:0] = {self.folders!r}; import time; started = time.perf_counter(); "
            f"import {modules}; print(time.perf_counter() - started)"
        )
        command = [self.interpreter, "-I", "-S", "-c", program]
        run = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True)
        return float(run.stdout)


def _measure(function: topology.Function, process: _Process) -> Result:
    module, libraries = function.handler.rpartition(".")[0], LIBRARIES[function.name]
    for warm_up in (module, libraries):
        process.seconds(warm_up)
    measured, baseline = paired(lambda: process.seconds(module), lambda: process.seconds(libraries), ROUNDS)
    limit = LIMITS.get(function.name, OTHER_LIMIT)
    return Result(
        f"import_{function.name}", measured / baseline, limit, "s", baseline, measured, higher_is_better=False
    )


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
