"""W12: handwritten digits by a small convolutional network, in a process that has compiled nothing before."""

import re
import tempfile
from time import perf_counter

from benchmarks import machine

EXAMPLE = "examples/digits_by_convolution.py"


def measure() -> dict[str, float]:
    """Give the seconds that the example takes, imports, compiling and all, and the accuracy that it says."""
    with tempfile.TemporaryDirectory() as empty:
        began = perf_counter()
        said = machine.run([EXAMPLE], 2, {"MINIGRAD_CACHE": empty, "PYTHONPATH": str(machine.ROOT)})
        seconds = perf_counter() - began
    found = re.search(r"([\d.]+)% of the test digits", said)
    assert found is not None, said
    return {"seconds": seconds, "accuracy": float(found[1]) / 100}
