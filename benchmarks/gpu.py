"""minigrad on a GPU: every operation and every network beside NumPy, then the times beside CuPy's, PyTorch's and JAX's.

``python -m benchmarks.gpu`` on a machine with a GPU, CuPy and CUDA's libraries; it is to take under five minutes. There
are columns of the rivals that are installed. In float32, without TF32; a time is the median of nine.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from statistics import median
from typing import Any

import numpy as np

from benchmarks.byhand import Manual
from benchmarks.columns import installed
from benchmarks.engine import Layers
from benchmarks.workloads import DTYPES, WORKLOADS, Start, Workload
from minigrad import Tensor, compile, optim
from minigrad.compiler.cuda.products import Gemm
from minigrad.compiler.cuda.step import CudaStep
from minigrad.ops.common.libraries import bring
from tests.sample import Sample
from tests.samples import SAMPLES

ROWS = [row for row in SAMPLES if str(row) != f"Cast {np.longdouble.__name__} (2,3)"]  # which no GPU has
TOGETHER = 64  # rows of one step: each module that NVRTC compiles costs a tenth of a second
WIDE = Workload("W5 × 4", (8192, 8192, 8192, 4096), "softmax", 2048, target=1)
NETWORKS = [*(WORKLOADS[name] for name in ("W2", "W3", "W4", "W5")), WIDE]
BARS = {"W2": 28, "W3": 37, "W4": 85, "W5": 670, "W5 × 4": 34_900}  # µs a step on an H200
CALLS = {"W2": 500, "W3": 500, "W4": 300, "W5": 60, "W5 × 4": 6}
Step = Callable[[], Any]


@dataclass(frozen=True)
class Library:
    """Arrays on a GPU: what makes one of the host's, the backend that computes with them, and what waits for it."""

    put: Callable[[Any], Any]
    backend: Any
    wait: Callable[[], None]


def find_gpu() -> Library:
    """Give CuPy's."""
    cupy = import_module("cupy")
    cupy.cuda.runtime.getDeviceCount()
    return Library(cupy.asarray, "cuda", cupy.cuda.runtime.deviceSynchronize)


# what is right


def check_rows(library: Library, rows: Sequence[Sample] = ROWS) -> Iterator[str]:
    """Say of each row what is wrong; many are one step, and by themselves where that cannot be."""
    for first in range(0, len(rows), TOGETHER):
        some = rows[first : first + TOGETHER]
        try:
            found = compute_rows(library, some)
        except Exception:  # whatever it is: the row that it is about is found below
            found = None
        for i, row in enumerate(some):
            try:
                difference = compare(expect_row(row), found[i] if found else compute_rows(library, [row])[0])
            except Exception as error:
                difference = f"{type(error).__name__}: {str(error)[:200]}"
            if difference:
                yield f"{row}: {difference}"


def compute_rows(library: Library, rows: Sequence[Sample]) -> Any:
    """Give values and gradients of rows by one step, from its third call, which replays a graph."""

    def step(*groups: Any) -> Any:
        return [outcome(row, xs) for row, xs in zip(rows, groups, strict=True)]

    code, given = compile(step, backend=library.backend), [row.arrays() for row in rows]
    with np.errstate(all="ignore"):
        for _ in range(3):
            found = code(*([Tensor(library.put(x), requires_grad=True) for x in xs] for xs in given))
    return bring_all(found)


def outcome(row: Sample, xs: Sequence[Any]) -> Any:
    """Give a row's value and, where there is one, the gradient of the sum of its squares."""
    y = row.call(*xs)
    if getattr(y, "requires_grad", False):
        (y * y).sum().backward()
    return [y, *(x.grad for x in xs)]


def expect_row(row: Sample) -> Any:
    """Give the same by NumPy."""
    with np.errstate(all="ignore"):
        return bring_all(outcome(row, [Tensor(x, requires_grad=True) for x in row.arrays()]))


def bring_all(x: Any) -> Any:
    """Give nested results as arrays of the host."""
    if isinstance(x, list | tuple):
        return [bring_all(part) for part in x]
    return None if x is None else np.array(bring(x.data if isinstance(x, Tensor) else x))


def compare(wanted: Any, found: Any, tolerance: float = 1e-10) -> str:
    """Say how results differ; nothing if they do not."""
    for a, b in zip(wanted, found, strict=True):
        if (a is None) != (b is None):
            return "a gradient is there that should not be, or is missing"
        if a is None:
            continue
        if (a.shape, a.dtype) != (b.shape, b.dtype):
            return f"{b.dtype} {b.shape} for {a.dtype} {a.shape}"
        if not np.allclose(b, a, rtol=tolerance, atol=tolerance, equal_nan=True):
            return f"off by {np.max(np.abs(np.subtract(b, a, dtype=complex))):.1e}"
    return ""


class OnGpu(Layers):
    """The network of a workload, its parameters and data on a GPU."""

    def __init__(self, start: Start, library: Library) -> None:
        super().__init__(start)
        for p in self.model.parameters():
            p.data = library.put(p.data)
        self.optimizer = optim.SGD(self.model.parameters(), start.lr)  # anew: what it keeps lies beside the parameters
        self.X, self.T = library.put(start.X), library.put(start.T)

    def step(self, X: Any, T: Any) -> Tensor:
        E = self.loss(self.model(X), T)
        self.optimizer.zero_grad()
        E.backward()
        self.optimizer.step()
        return E


def check_networks(library: Library, workloads: Sequence[Workload] = tuple(WORKLOADS.values())) -> Iterator[str]:
    """Say which networks train otherwise than the textbook's δ does in NumPy."""
    for workload in workloads:
        for dtype in DTYPES:
            start = workload.small().start(dtype, lr=0.5)
            by_hand, network = Manual(start), OnGpu(start, library)
            step = compile(network.step, backend=library.backend)
            pairs = [(float(by_hand()), float(bring(step(network.X, network.T).data))) for _ in range(4)]
            wanted, found = ([np.array([pair[i] for pair in pairs], dtype)] for i in (0, 1))
            wanted += by_hand.parameters()
            found += [bring(p) for p in network.parameters()]
            difference = compare(wanted, found, 1e-4 if dtype == "float32" else 1e-10)
            if difference:
                yield f"{workload.name} {dtype}: {difference}"


# how long it takes


def time_step(step: Step, calls: int, wait: Callable[[], None]) -> float:
    """Give µs a call, the median of nine rounds."""
    for _ in range(4):
        step()
    found = []
    for _ in range(9):
        wait()
        began = time.perf_counter()
        for _ in range(calls):
            step()
        wait()
        found.append((time.perf_counter() - began) / calls * 1e6)
    return median(found)


def time_columns(library: Library, workload: Workload, calls: int) -> dict[str, float]:
    """Give µs a step of every column."""
    start = workload.start("float32")
    by_hand = Manual(replace_arrays(start, library.put))
    eager = OnGpu(start, library)
    ours = OnGpu(start, library)
    code = compile(ours.step, backend=library.backend)
    columns: dict[str, Step] = {
        "plain CuPy": by_hand,
        "eager": lambda: eager.step(eager.X, eager.T),
        "captured": lambda: code(ours.X, ours.T),
    }
    found = {name: time_step(step, calls, library.wait) for name, step in columns.items()}
    found["products alone"] = time_step(products_alone(code, ours), calls, library.wait)
    for name, rival in {"torch": "gpu_torch", "jax": "gpu_jax"}.items():
        if installed(name):
            found |= import_module(f"benchmarks.{rival}").time_columns(start, calls, time_step)
    return found


def replace_arrays(start: Start, put: Callable[[Any], Any]) -> Start:
    """Give the start with arrays of a library."""
    return replace(
        start, X=put(start.X), T=put(start.T),
        weights=[put(W) for W in start.weights], biases=[put(b) for b in start.biases],
    )  # fmt: skip


def products_alone(code: Any, network: OnGpu) -> Step:
    """Give the products of a step and nothing else, captured: what no step can be faster than."""
    program = code._latest().program
    alone = replace(program.code, items=[x for x in program.code.items if isinstance(x, Gemm)])
    arrays = [p.data for p in network.model.parameters()]
    known = {p.name: p.data for p in network.model.parameters()}
    bound = [known[x.name] for x in program.code.bound]
    assert len(bound) <= len(arrays)
    step = CudaStep(alone, program.device, program.functions, bound, [None] * len(bound), None)
    given = {"x": network.X, "t": network.T}
    values = [0.0 if x.weak else given[name] for x, name in zip(program.passed, find_passed(program), strict=True)]
    return lambda: step(*values)


def find_passed(program: Any) -> list[str]:
    """Say of what a step is passed which of the data it is: X is the first array, T the second."""
    letters = iter("xt")
    return ["" if x.weak else next(letters) for x in program.passed]


def print_table(found: dict[str, dict[str, float]]) -> None:
    """Print a line for each network, µs a step."""
    columns = list(dict.fromkeys(name for line in found.values() for name in line))
    print(f"{'µs a step':<10}" + "".join(f"{name:>18}" for name in [*columns, "bar"]))
    for name, line in found.items():
        numbers = [f"{line[c]:>18.1f}" if c in line else f"{'–':>18}" for c in columns]
        print(f"{name:<10}" + "".join(numbers) + f"{BARS.get(name, 0):>18}")


def main(arguments: Sequence[str] | None = None, library: Library | None = None) -> int:
    """Check, and measure; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--no-rows", action="store_true", help="leave out the table of operations")
    parser.add_argument("--networks", nargs="*", default=[w.name for w in NETWORKS], help="which are timed")
    chosen = parser.parse_args(arguments)
    library = library or find_gpu()
    wrong = [] if chosen.no_rows else list(check_rows(library))
    print(f"{0 if chosen.no_rows else len(ROWS)} rows of operations are computed, {len(wrong)} of them wrong")
    networks = list(check_networks(library))
    print(f"{len(WORKLOADS)} networks are trained in {len(DTYPES)} dtypes, {len(networks)} of them wrong")
    print("\n".join(wrong + networks))
    sys.stdout.flush()
    timed = [w for w in NETWORKS if w.name in chosen.networks]
    print_table({w.name: time_columns(library, w, CALLS[w.name]) for w in timed})
    return int(bool(wrong or networks))


if __name__ == "__main__":
    sys.exit(main())
