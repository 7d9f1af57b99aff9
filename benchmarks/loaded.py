"""W4 on a machine that others use: beside as many busy processes as there are processors.

Threads that wait by looking for what they wait for take the processors from those that they wait for, which a quiet
machine does not show.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.columns import BASELINE, NATIVE, OURS, rival
from benchmarks.timing import Figure, in_turns
from benchmarks.workloads import DTYPES, WORKLOADS

COLUMNS = (BASELINE, "compiled", NATIVE)
BUSY = "while True: pass"


@contextmanager
def busy_processes(n: int) -> Iterator[None]:
    """Keep so many processes busy within."""
    processes = [subprocess.Popen([sys.executable, "-S", "-c", BUSY]) for _ in range(n)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def measure(
    rivals: list[str], seconds: float, rounds: int, shortest: float, rest: float, small: bool = False
) -> dict[str, Any]:
    """Measure W4 in both dtypes, all columns in one interleaved run, JAX and PyTorch among them if asked for."""
    found: dict[str, dict[str, Figure]] = {}
    workload = WORKLOADS["W4"].small() if small else WORKLOADS["W4"]
    n = os.cpu_count() or 1
    for dtype in DTYPES:
        start = workload.start(dtype)
        columns: dict[str, Any] = {name: OURS[name](start) for name in COLUMNS if name in OURS}
        columns |= {name: rival(name)(start) for name in ("torch", "jax") if name in rivals}
        for column in columns.values():
            column()
        with busy_processes(n):
            found[f"W4 beside {n} busy processes, {dtype}"] = in_turns(
                columns, BASELINE, seconds, rounds, shortest, rest
            )
    return found
