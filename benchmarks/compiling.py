"""What compiling costs: the time until the first result, and the memory that the code computes in.

`python -m benchmarks.compiling` makes the first native step of W2 in a fresh process and prints the seconds from after
the imports (minigrad, numba and SciPy's BLAS) until the step has run once.
"""

import json
import tempfile
import tracemalloc
from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np
from numpy.lib import tracemalloc_domain

from benchmarks import machine
from benchmarks.columns import BACKENDS, NATIVE, OURS
from benchmarks.workloads import WORKLOADS, Start

DTYPE, LARGE = "float32", ("W3", "W4", "W5")


def measure(rounds: int) -> dict[str, Any]:
    """Time tracing, native compilation and its cache, and set the memory of large steps beside the optimized code's."""
    start = WORKLOADS["W2"].start(DTYPE)
    first_step(OURS["compiled"], start)  # which imports what tracing needs
    found: dict[str, Any] = {"trace": _spread([first_step(OURS["compiled"], start) for _ in range(5 * rounds)])}
    if NATIVE in BACKENDS:
        times = np.array([_fresh_processes() for _ in range(rounds)])
        found |= {"native": _spread(times[:, 0]), "cached": _spread(times[:, 1])}
    found["memory"] = {name: _memory_of_all(WORKLOADS[name].start(DTYPE)) for name in LARGE}
    return found


def _memory_of_all(start: Start) -> dict[str, dict[str, int]]:
    found = {name: memory(OURS[name], start) for name in ("optimized", *BACKENDS)}
    found["optimized"]["held"] -= start.X.nbytes  # it has a copy of X, where the compiled step is given X itself
    return found


def first_step(column: Callable[[Start], Callable[[], Any]], start: Start) -> float:
    """Give the processor's seconds from the layers to the first result of the compiled step, tracing and planning too.

    All of it is work of one thread that waits for nothing, so that only other programs make the clock's seconds more.
    """
    step = column(start)
    began = process_time()
    step()
    return process_time() - began


def _fresh_processes() -> tuple[float, float]:
    """Give the seconds of the first native step with an empty cache, and of the same in a second process."""
    with tempfile.TemporaryDirectory() as folder:
        cold, cached = (
            float(machine.run(["-m", "benchmarks.compiling"], 1, {"MINIGRAD_CACHE": folder})) for _ in range(2)
        )
    return cold, cached


def memory(column: Callable[[Start], Callable[[], Any]], start: Start) -> dict[str, int]:
    """Give the bytes of the arrays that a step holds between calls, and those that a later call takes beyond them.

    BLAS's own work space is not counted, nor X and T, which the step is given.
    """
    tracemalloc.start()
    try:
        step = column(start)
        for _ in range(3):
            step()
        arrays = tracemalloc.take_snapshot().filter_traces([tracemalloc.DomainFilter(True, tracemalloc_domain)])
        held = sum(trace.size for trace in arrays.traces)
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        step()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return {"held": held, "call": peak - before}


def _spread(values: Any) -> list[float]:
    """Give median and quartiles."""
    low, middle, high = np.percentile(values, (25, 50, 75)).tolist()
    return [middle, low, high]


if __name__ == "__main__":
    print(json.dumps(first_step(OURS[NATIVE], WORKLOADS["W2"].start(DTYPE))))
