"""One measurement in a process of its own, since BLAS reads its number of threads when it is loaded.

`python -m benchmarks.worker '{"task": "W3", "dtype": "float32", "rivals": [], "seconds": 2, "rounds": 5,
"shortest": 0.02}'` prints the result as JSON.
"""

import json
import sys
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks import (
    chain,
    checkpointed,
    compiling,
    derivation,
    drawing,
    floor,
    functions,
    loaded,
    loops,
    networks,
    recorded,
)
from benchmarks.columns import BASELINE, OF_NUMBERS, measured, rival
from benchmarks.machine import blas
from benchmarks.timing import Figure, in_turns
from benchmarks.workloads import WORKLOADS, Workload

# Seconds between two columns where BLAS has several threads. Those of NumPy's OpenBLAS, of SciPy's and of a rival wait
# for more work by looking for it, for some 30 ms, and meanwhile take the processors from the next column's: without a
# rest a native step of W4, 5 ms, took 15.
REST = 0.1


def settle_allocator() -> None:
    """Bring malloc into the state in which loading a data set leaves it.

    The GNU C library hands memory back to the system by a limit that grows with the largest block freed so far, up
    to 32 MiB. Where none was, the temporaries of every step come from the system anew, and their page faults double
    the manual step of W3 in float64: the ratios would say more of that than of the step.
    """
    np.ones(31 << 20, np.int8)


def step_figures(
    workload: Workload, dtype: str, rivals: list[str], seconds: float, rounds: int, shortest: float
) -> dict[str, Figure]:
    """Measure our columns in one interleaved run, and then each rival in a run with the manual step.

    A rival is imported only when ours are done, and measured apart, because its threads would disturb the others'.
    """
    start = workload.start(dtype)
    ours = {name: column(start) for name, column in measured().items()}
    rest = REST if workload.threads > 1 else 0.0
    found = in_turns(ours, BASELINE, seconds, rounds, shortest, rest)
    for name in (x for x in rivals if x not in OF_NUMBERS):
        pair = {BASELINE: ours[BASELINE], name: rival(name)(start)}
        found[name] = in_turns(pair, BASELINE, seconds / 2, rounds, shortest, rest)[name]
    return found


def main() -> None:
    """Do what the one argument says."""
    wanted = json.loads(sys.argv[1])
    if wanted["task"] == "chain":
        result: dict[str, Any] = chain.measure(wanted["chain_rounds"]) | {
            "bytes": chain.bytes_per_operation(),
            "floor": floor.growth(wanted["chain_rounds"]),
            "recorded": recorded.measure(wanted["chain_rounds"], wanted["rivals"]),
        }
    elif wanted["task"] == "checkpoint":
        result = checkpointed.measure(wanted["rivals"])
    elif wanted["task"] == "derive":
        result = derivation.measure(wanted["derive_rounds"])
    elif wanted["task"] == "draw":
        result = drawing.measure(wanted["chain_rounds"])
    elif wanted["task"] in ("functions", "networks", "loops", "loaded"):
        settle_allocator()
        settings = wanted["rivals"], wanted["seconds"], wanted["rounds"], wanted["shortest"]
        if wanted["task"] == "functions":
            cases = functions.measure(*settings)
        else:
            cases = {"networks": networks, "loops": loops, "loaded": loaded}[wanted["task"]].measure(*settings, REST)
        result = {case: {name: asdict(figure) for name, figure in found.items()} for case, found in cases.items()}
    elif wanted["task"] == "compile":
        result = compiling.measure(wanted["chain_rounds"])
    else:
        settle_allocator()
        settings = wanted["rivals"], wanted["seconds"], wanted["rounds"], wanted["shortest"]
        columns = step_figures(WORKLOADS[wanted["task"]], wanted["dtype"], *settings)
        result = {"blas": blas(), "columns": {name: asdict(figure) for name, figure in columns.items()}}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
