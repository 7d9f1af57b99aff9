"""Variant: one trace of a function, as code for one backend."""

from __future__ import annotations

import builtins
import linecache
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from typing import Any, Literal

import numpy as np

from minigrad.algebra.graph import Graph
from minigrad.compiler.blas import WORTH_A_GEMM, one_thread
from minigrad.compiler.entry import Call, entry
from minigrad.compiler.native import fit as native_fit
from minigrad.compiler.numpy import fit as numpy_fit
from minigrad.compiler.numpy.fit import unspread
from minigrad.compiler.numpy.source import Writer
from minigrad.compiler.passes.layouts import Unsupported
from minigrad.compiler.passes.lower import copied, held, lowered, settled
from minigrad.compiler.passes.plan import plan_order
from minigrad.compiler.record import Record
from minigrad.compiler.trace.sources import Argument, Captured, Data, Draw, Gradient, Source, State
from minigrad.engine.node import Node

Backend = Literal["numpy", "native"]
_number = count(1).__next__


class Variant:
    """One trace of a function, as code."""

    def __init__(self, record: Record, name: str, hints: dict[Node, str], backend: Backend, gemm: bool = True) -> None:
        self.record, self.name, self.hints, self.gemm = record, name, hints, gemm
        self.native: Any = None
        if backend == "native":
            self.native = import_module("minigrad.compiler.native.build")
        self.write()

    def write(self) -> None:
        """Write the code, for NumPy where native code is not written for an operation or an array."""
        record = self.record
        outputs = [*record.returned, *(x for _, x in record.updates), *(x for _, x in record.grads if x is not None)]
        fit = numpy_fit if self.native is None else native_fit
        values = fit.fitted(lowered(outputs, record.seeds, record.gradients))
        values = [held(settled(x, like)) for x, like in zip(values, outputs, strict=True)]
        n, m = len(record.returned), len(record.updates)
        updates = {state: unspread(x) for (state, _), x in zip(record.updates, values[n : n + m], strict=True)}
        written = {x for x in updates.values() if isinstance(x, Node) and x.shape}
        returned = [copied(x) if x in written else x for x in [*values[:n], *values[n + m :]]]
        self.graph = Graph(values, {})
        used = {x for x in self.graph.nodes if x.op is None} | set(updates)
        inputs = {x: source for x, source in record.inputs.items() if x in used}
        plan = plan_order(returned, updates, self.draws_in)
        self.drawn_in = bool(plan.drawn_in)
        self.code: Any
        if self.native is not None:
            try:
                self.code = self.native.written(plan, returned, updates.values(), inputs)
                self.step = self.native.compiled(self.code)
            except Unsupported as error:
                self.fallback = str(error)
                self.native = None
                self.write()
                return
            sources = [(i, inputs.get(x)) for i, x in enumerate(self.code.bound)]
            draws = [(i, source.rng) for i, source in sources if isinstance(source, Draw)]
            self.call = self.native.call(self.code, self.step, draws)
        else:
            self.code = Writer(plan, returned, inputs, self.hints).finished()
            file = f"<minigrad.compile {self.name} {_number()}>"
            linecache.cache[file] = (len(self.code.source), None, self.code.source.splitlines(True), file)
            namespace: dict[str, Any] = dict(self.code.constants)
            exec(builtins.compile(self.code.source, file, "exec"), namespace)
            self.step = namespace["make"]
            self.call = Call("step({})", [f"r[{i}]" for i in range(len(returned))])
        kept = {x: i for i, x in enumerate(self.code.bound)}
        self.apart = [(kept[x], kept[w]) for x in plan.exposed if x in kept for w in plan.written]
        self.bound = [inputs[x] if x in inputs else Captured(x.value, None) for x in self.code.bound]
        self.passed = [inputs[x] for x in self.code.passed]
        # the arrays from outside, which the user may have put others in the place of
        pairs = zip(self.bound, self.code.bound, strict=True)
        self.states = [(s, x.shape, x.dtype) for s, x in pairs if isinstance(s, Data)]
        self.arrays: list[Any] = []  # those that the idle steps compute with
        self.idle: list[Any] = []
        self.enter: Callable[..., Any]

    def draws_in(self, product: Node) -> bool:
        """Say whether BLAS may add a product to a parameter: natively always, else where SciPy is and it pays.

        SciPy has a BLAS of its own. With several threads each, the two wait for each other's: a step of 5.4 ms took 31.
        """
        if self.native is not None:
            return True
        (m, k), n = product.inputs[0].shape, product.shape[1]
        pays = product.dtype.char in "df" and m * n * k >= WORTH_A_GEMM
        return self.gemm and pays and one_thread() and find_spec("scipy") is not None

    def workspace(self, arrays: list[Any]) -> Any:
        """Give memory of its own to compute in: no two threads share it."""
        if self.native is None:
            return self.step(*arrays)
        return self.native.NativeStep(self.code, arrays)

    def holds(self, arguments: Sequence[Any]) -> bool:
        """Say whether what the trace depended on is still so."""
        record = self.record
        return (
            all(getattr(owner, name) == value for owner, name, value in record.guards)
            and record.suits(arguments)
            and all(s.read(list(arguments)) is not None for s in self.passed if isinstance(s, Gradient))
            and all((a := s.read([])).shape == shape and a.dtype == dtype for s, shape, dtype in self.states)
        )

    def entry(self, arguments: Sequence[Any], fresh: bool = True) -> Callable[..., Any]:
        """Give the way into this trace, for the arrays that parameters have now; the last one, unless ``fresh``."""
        arrays = [self.array(source) for source in self.bound]
        odd = not all(_in_order(x) for x in arrays if isinstance(x, np.ndarray))
        shared = self.native is not None and any(np.may_share_memory(arrays[i], arrays[j]) for i, j in self.apart)
        if shared or (odd and (self.native or self.drawn_in)):
            self.native, self.gemm = None, False
            self.write()
            return self.entry(arguments)
        if not self.same(arrays):
            self.arrays, self.idle, fresh = arrays, [], True
        if not self.idle:
            self.idle.append(self.workspace(arrays))
        if fresh:
            self.enter = entry(self.record, arguments, self.passed, self.bound, arrays, self.call, self.idle)
        return self.enter

    def same(self, arrays: list[Any]) -> bool:
        """Say whether the idle steps are still bound to the arrays that parameters have now."""
        pairs = zip(self.bound, arrays, self.arrays, strict=True) if len(arrays) == len(self.arrays) else ()
        return bool(self.arrays) and all(x is y for source, x, y in pairs if not isinstance(source, Draw))

    def array(self, source: Source) -> Any:
        """Give what the code is bound to: an array, or for random numbers their generator or room for them."""
        if isinstance(source, Draw):
            return source.rng if self.native is None else np.empty(source.shape)
        return source.read([])


def hints(record: Record, f: Callable[..., Any]) -> dict[Node, str]:
    """Give every input the name that a reader would expect it to have."""
    names = list(getattr(getattr(f, "__code__", None), "co_varnames", ()))
    found = {}
    for node, source in record.inputs.items():
        name = getattr(source, "name", "") or node.name or type(source).__name__.lower()
        if isinstance(source, Argument) and source.position < len(names):
            name = names[source.position]
        elif isinstance(source, State):
            name = f"{source.owner or 'w'}_{source.name}"
        found[node] = name
    return found


def _in_order(array: Any) -> bool:
    """Say whether an array's elements lie in order, so that machine code and BLAS may write to them where they are."""
    return bool(array.flags.carray)
