"""Answers one JSON request a line on standard output: prepares an operation, times it, writes its result."""

import json
import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402 (the number of threads must be set first)


def load(operand, dtype):
    values = np.fromfile(operand["file"], dtype=dtype).reshape(operand["rows"], operand["cols"])
    return values.T if operand["transposed"] else values


def prepare(request):
    operands = [load(operand, request["dtype"]) for operand in request["operands"]]
    if request["routine"] == "matmul":
        return lambda: np.matmul(*operands)
    raise ValueError(f"unknown routine {request['routine']}")


run = None
for line in sys.stdin:
    request = json.loads(line)
    answer = {}
    if request["op"] == "version":
        answer["version"] = np.__version__
    elif request["op"] == "prepare":
        run = prepare(request)
    elif request["op"] == "time":
        start = time.perf_counter()
        for _ in range(request["calls"]):
            run()
        answer["ms"] = (time.perf_counter() - start) * 1000
    elif request["op"] == "result":
        np.ascontiguousarray(run()).tofile(request["file"])
    print(json.dumps(answer), flush=True)
