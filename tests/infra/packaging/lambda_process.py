"""Runs one handler as Lambda does: Python 3.13 with nothing on its path but the runtime's packages and ours.

Started as a script by test_packaged_functions.py with `-I -S`, so it may import nothing of the project's.
Arguments: module.function, events file, answers file, folders for sys.path.
"""

import importlib
import json
import pathlib
import sys
import types

handler_name, events_file, answers_file, *folders = sys.argv[1:]
sys.path[:0] = folders

module_name, _, function_name = handler_name.rpartition(".")
handler = getattr(importlib.import_module(module_name), function_name)

context = types.SimpleNamespace(
    function_name="packaged",
    function_version="$LATEST",
    memory_limit_in_mb=1024,
    invoked_function_arn="arn:aws:lambda:ap-southeast-1:000000000000:function:packaged",
    aws_request_id="3f2f2c2e-0000-4000-8000-000000000000",
    get_remaining_time_in_millis=lambda: 100_000,
)
answers = [handler(event, context) for event in json.loads(pathlib.Path(events_file).read_text())]
pathlib.Path(answers_file).write_text(json.dumps(answers))
