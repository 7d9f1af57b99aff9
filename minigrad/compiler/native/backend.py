"""The native backend: one function of machine code for a step, by numba. Needs the extra ``native``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.compiler.backend import Backend, Call, Draft, Program, are_read_in_order, lie_in_order
from minigrad.compiler.native.build import NativeStep, compile_epochs, compile_step
from minigrad.compiler.native.calling import describe_call
from minigrad.compiler.native.fit import fit_outputs
from minigrad.compiler.native.mixed import write_mixed
from minigrad.compiler.native.objects import READABLE
from minigrad.compiler.native.registry import find_calls, is_typed
from minigrad.compiler.native.source import NativeCode, NativeWriter
from minigrad.compiler.native.turns import register_loops
from minigrad.compiler.numpy.backend import BACKEND as NUMPY
from minigrad.compiler.passes.plan import is_array
from minigrad.compiler.refusals import Unsupported
from minigrad.compiler.trace.sources import Argument, Captured, Draw
from minigrad.engine.node import Node

register_loops()

LARGE = 1200  # operations, up to which a step is one function: 3000 took 10 s to compile, and 5 in runs of loops

MANY = 60  # arrays to be passed to one function: numba takes 100 ms for each of 200, for how it gets at them


class NativeProgram(Program):
    """Machine code, called with the address of the memory that it computes in."""

    def __init__(self, code: NativeCode, step: Callable[..., Any], draft: Draft) -> None:
        self.code = code
        self.source, self.bound, self.passed = code.source, code.bound, code.passed
        sources = [(i, draft.inputs.get(x)) for i, x in enumerate(code.bound)]
        draws = [(i, source.rng) for i, source in sources if isinstance(source, Draw)]
        self.call: Call = describe_call(code, step, draws)
        places = {x: i for i, x in enumerate(code.bound)}
        plan = draft.plan
        self.written = [places[x] for x in plan.written if x in places]
        self.apart = [(places[x], places[w]) for x in plan.exposed if x in places for w in plan.written]

    def make_step(self, arrays: Sequence[Any]) -> NativeStep:
        """Allocate."""
        return NativeStep(self.code, arrays)

    def hold_draw(self, draw: Draw) -> Any:
        """Give an array, which each call fills before the code runs."""
        return np.empty(draw.shape)

    def find_misfit(self, arrays: Sequence[Any]) -> str:
        """Refuse arrays that flat memory is not, and one that is written to before another in its memory is read."""
        if not are_read_in_order(arrays) or not lie_in_order([arrays[i] for i in self.written]):
            return "an array whose elements do not lie in order"
        shared = any(np.may_share_memory(arrays[i], arrays[j]) for i, j in self.apart)
        return "arrays that share memory with one that is updated" if shared else ""

    def write_epochs(self, arguments: Sequence[str]) -> Callable[..., None]:
        """Compile the loop over batches."""
        return compile_epochs(self.code, arguments)


@dataclass(frozen=True)
class NativeBackend(Backend):
    """Machine code; ``compile_step`` makes it of the written code."""

    name = "native"
    loops = True
    repeats = 150  # fewer are a part of one function, which loops over batches itself
    compile_step: Callable[[NativeCode], Callable[..., Any]] = compile_step

    @property
    def fallback(self) -> Backend:  # type: ignore[override]
        """NumPy."""
        return NUMPY

    def fit(self, outputs: Sequence[Any]) -> list[Any]:
        """Prefer flat memory, and sums that start from a bias."""
        return fit_outputs(outputs)

    def draws_in(self, product: Node) -> bool:
        """Say yes where products are loops: one can always be summed on top of what is there."""
        return product.dtype.char in "df"

    def write(self, draft: Draft) -> Program:
        """Write the code and compile it: one function, or runs of loops between calls of NumPy."""
        nodes = [*draft.plan.first, *draft.plan.second]
        calls = find_calls(nodes)
        captured = [source.array for source in draft.inputs.values() if isinstance(source, Captured)]
        passed = [*filter(is_array, draft.returned), *(x for x, s in draft.inputs.items() if isinstance(s, Argument))]
        large = len(nodes) > LARGE or (len(nodes) > MANY and len(passed) > MANY and not READABLE)
        typed = all(is_typed(x) for x in draft.returned if isinstance(x, Node))  # a result may be a constant, too
        if not calls and typed and are_read_in_order(captured) and not large and not draft.plan.repeats:
            try:
                code = NativeWriter(draft).write_code()
                return NativeProgram(code, self.compile_step(code), draft)
            except Unsupported as error:
                if not error.nodes:
                    raise
                calls = dict.fromkeys(error.nodes, error.refusals[0].reason)
        return write_mixed(draft, calls, self.compile_step)


BACKEND = NativeBackend()
