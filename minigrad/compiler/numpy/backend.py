"""The NumPy backend: straight-line NumPy, which a person can read."""

from __future__ import annotations

import builtins
import linecache
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from typing import Any
from weakref import finalize

from minigrad.compiler.backend import Backend, Call, Draft, Program, lie_in_order
from minigrad.compiler.blas import WORTH_A_GEMM, one_thread
from minigrad.compiler.numpy.arrange import arrange_loops
from minigrad.compiler.numpy.factors import take_out
from minigrad.compiler.numpy.fit import fit_outputs
from minigrad.compiler.numpy.gate import register_gates
from minigrad.compiler.numpy.inner import register_inner
from minigrad.compiler.numpy.loops import register_loops
from minigrad.compiler.numpy.repeats import StepWriter
from minigrad.compiler.numpy.resume import Code, write_module
from minigrad.compiler.numpy.triangles import register_triangles
from minigrad.compiler.numpy.windows import register_windows
from minigrad.compiler.trace.sources import Draw
from minigrad.engine.node import Node

register_gates()
register_inner()
register_loops()
register_triangles()
register_windows()
_number = count(1).__next__


class NumpyProgram(Program):
    """The source of ``make(…)``, run; ``in_place`` says that BLAS writes to parameters where they are."""

    def __init__(self, code: Code, name: str, results: int, in_place: bool) -> None:
        self.code, self.in_place = code, in_place
        self.source, self.bound, self.passed = code.source, code.bound, code.passed
        self.call = Call("step({})", [f"r[{i}]" for i in range(results)])
        file = f"<minigrad.compile {name} {_number()}>"
        linecache.cache[file] = (len(code.source), None, code.source.splitlines(True), file)
        finalize(self, linecache.cache.pop, file, None).atexit = False
        namespace: dict[str, Any] = dict(code.constants)
        exec(builtins.compile(code.source, file, "exec"), namespace)
        self.make = namespace.pop("make")  # which holds the others

    def make_step(self, arrays: Sequence[Any]) -> Any:
        """Call make, which allocates."""
        return self.make(*arrays)

    def hold_draw(self, draw: Draw) -> Any:
        """Give the generator: the code itself draws."""
        return draw.rng

    def find_misfit(self, arrays: Sequence[Any]) -> str:
        """Refuse parameters that BLAS could not write to."""
        return "an array whose elements do not lie in order" if self.in_place and not lie_in_order(arrays) else ""

    def write_module(self, name: str) -> str:
        """Give the code as a module of its own."""
        return write_module(self.code, name)


@dataclass(frozen=True)
class NumpyBackend(Backend):
    """Straight-line NumPy; with ``gemm`` SciPy's BLAS may add a product to a parameter where that lies."""

    name = "numpy"
    repeats = 30
    gemm: bool = False

    @property
    def fallback(self) -> Backend | None:  # type: ignore[override]
        """NumPy alone."""
        return NumpyBackend() if self.gemm else None

    def arrange(self, outputs: Sequence[Any]) -> list[Any]:
        """Leave few calls to loops, and multiply by a number once."""
        return arrange_loops(take_out(outputs))

    def fit(self, outputs: Sequence[Any]) -> list[Any]:
        """Prefer quick calls."""
        return fit_outputs(outputs)

    def draws_in(self, product: Node) -> bool:
        """Say whether SciPy is there and it pays.

        SciPy has a BLAS of its own. With several threads each, the two wait for each other's: a step of 5.4 ms took 31.
        """
        (m, k), n = product.inputs[0].shape, product.shape[1]
        pays = product.dtype.char in "df" and m * n * k >= WORTH_A_GEMM
        return self.gemm and pays and one_thread() and find_spec("scipy") is not None

    def write(self, draft: Draft) -> Program:
        """Write the code, and run its definitions."""
        code = StepWriter(draft).write_code()
        return NumpyProgram(code, draft.name, len(draft.returned), bool(draft.plan.drawn_in))


BACKEND = NumpyBackend(gemm=True)
