"""What importing minigrad costs beyond importing NumPy, in fresh processes."""

from functools import partial
from typing import Any

import numpy as np

from benchmarks.machine import run
from benchmarks.timing import interleaved


def load(module: str) -> None:
    """Start a fresh Python that imports the module and ends."""
    run(["-c", f"import {module}"])


def measure(rounds: int) -> dict[str, Any]:
    """Time both imports in turns; the differences, round by round, are minigrad's own seconds.

    The calls that warm up write the bytecode caches, so that no measured import compiles.
    """
    modules = {name: partial(load, name) for name in ("numpy", "minigrad")}
    seconds = {name: np.array(values) for name, values in interleaved(modules, 0, rounds, shortest=0).items()}
    own = seconds["minigrad"] - seconds["numpy"]
    low, difference, high = np.percentile(own, (25, 50, 75)).tolist()
    medians = {name: float(np.median(values)) for name, values in seconds.items()}
    return medians | {"difference": difference, "quartiles": [low, high], "rounds": rounds}
