"""A run of loops between two calls: a function of machine code that computes in the arrays of the code around it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from minigrad.compiler.backend import Draft
from minigrad.compiler.native.build import make_context
from minigrad.compiler.native.registry import ARRAYS, DTYPES
from minigrad.compiler.native.source import NativeCode, NativeWriter
from minigrad.compiler.native.values import ALIGNED, is_long
from minigrad.compiler.passes.cut import Group
from minigrad.compiler.passes.layouts import layout
from minigrad.compiler.passes.plan import root
from minigrad.compiler.refusals import Unsupported
from minigrad.engine.node import Node


@dataclass
class RunCode(NativeCode):
    """The source of a run, and the bytes from the start of each bound array, and of passed ones, to where it reads."""

    begins: list[int]
    shifts: list[int]
    within = True


class RunWriter(NativeWriter):
    """Writes one run.

    It is bound to arrays that are the same in every call (``static``), the numbers among them in arrays of their own,
    and passed the others, those that it fills included. What nobody else needs is in the memory that all runs share.
    Of an array that it reads a part of, it gets the address of that part: the runs for x[3] and x[4] are the same.
    """

    def __init__(self, draft: Draft, run: Group, static: Container[Node]) -> None:
        first, second = ([], run.nodes) if run.late else (run.nodes, [])
        own = {x: draft.plan.in_place[x] for x in (*run.nodes, *run.reads) if x in draft.plan.in_place}
        plan = replace(draft.plan, first=first, second=second, in_place=own, copies=[], fresh=set())
        super().__init__(replace(draft, plan=plan, returned=[], updates={}, inputs={}))
        self.rolled, self.kept = is_long(draft.plan), set(run.leaving)
        reads = dict.fromkeys(own.get(x, x) for x in run.reads)
        self.stored = [x for x in run.leaving if x.shape and x not in own]
        arrays = [*(x for x in reads if x.shape), *self.stored]
        numbers = [x for x in reads if not x.shape]
        self.bound = [*(x for x in arrays if x in static), *numbers]
        self.passed = [x for x in arrays if x not in static]
        self.given = [x for x in run.leaving if not x.shape]
        self.begins = find_begins(run.nodes, {x for x in reads if x.shape}.difference(own.values()))

    def pointer(self, base: Node) -> tuple[str, int]:
        """Give the name of a pointer and the number of elements from it to an array's first, which is before it."""
        name, at = super().pointer(base)
        return name, at - self.begins.get(base, 0)

    def write_address(self, i: int) -> str:
        """Write the address of what a passed array is read from."""
        return super().write_address(i) + (f" + shift{i}" if self.passed[i] in self.begins else "")

    def write_code(self) -> RunCode:
        """Write everything; raises ``Unsupported`` for all units that there are no loops for."""
        self.allocate_memory(self.stored)
        self.name_inputs()
        refused: list[Unsupported] = []
        for units in self.group_units():
            try:
                self.write_group(units)
            except Unsupported as error:
                refused.append(error)
        if refused:
            raise Unsupported(*(x for e in refused for x in e.refusals), nodes=[x for e in refused for x in e.nodes])
        bound = [*self.bound, *self.constants, *self.given]
        for i, x in enumerate(self.given, len(bound) - len(self.given)):
            self.kinds.add(x.dtype.name)
            self.lines.append(f"pointer{DTYPES[x.dtype.name]}(context[{i + ARRAYS}])[0] = {self.number(x, x.dtype)}")
        shifted = [i for i, x in enumerate(self.passed) if x in self.begins]
        shifts = [f"shift{i} = context[{k}]" for k, i in enumerate(shifted, ARRAYS + len(bound))]
        body = [*self.opening(), *shifts, *self.head, *self.lines, "return 0"]
        parameters = ", ".join(["address", *(f"a{i}" for i in range(len(self.passed)))])
        return RunCode(
            source="\n".join([f"def step({parameters}):", *(f"    {line}" for line in body), ""]),
            bound=bound,
            passed=self.passed,
            nbytes=self.nbytes + self.scratch + ALIGNED,
            outputs=[],
            numbers=[],
            weak=frozenset(),
            rolled=self.rolled,
            places={},
            quick=self.quick(),
            exact=self.exact,
            begins=[self.begins.get(x, 0) * x.dtype.itemsize for x in bound],
            shifts=[self.begins[self.passed[i]] * self.passed[i].dtype.itemsize for i in shifted],
        )


def find_begins(nodes: Iterable[Node], arrays: Container[Node]) -> dict[Node, int]:
    """Give, of some arrays that operations read no more than a part of, the element that is the first one read."""
    begins: dict[Node, int] = {}
    whole: set[Node] = set()
    for x in dict.fromkeys(x for node in nodes for x in node.inputs if isinstance(x, Node) and root(x) in arrays):
        try:
            at = layout(x)
        except Unsupported:  # which is said again, with the operation, when that is written
            continue
        first = at.offset + sum(min(0, max(n - 1, 0) * s) for n, s in zip(x.shape, at.strides, strict=True))
        begins[at.base] = min(first, begins.get(at.base, first))
        whole |= {at.base} if x.size >= at.base.size else set()
    return {x: first for x, first in begins.items() if x not in whole}


def bind_run(
    compiled: Callable[..., Any],
    memory: Any,
    arrays: Sequence[Any],
    begins: Sequence[int] = (),
    shifts: Sequence[int] = (),
) -> Callable[..., Any]:
    """Give a run that is bound to arrays, which it keeps; constants are copied where they do not lie in order."""
    held = [lay_in_order(x) for x in arrays]
    context = np.concatenate([make_context(memory, held), np.array(shifts, np.intp)])
    context[ARRAYS : ARRAYS + len(begins)] += np.array(begins, np.intp)
    run = partial(compiled, context.ctypes.data)
    run.held = (memory, context, held)  # type: ignore[attr-defined]
    return run


def lay_in_order(x: Any) -> Any:
    """Give an array whose elements lie in order, and may be written to: itself, or else a copy."""
    return x if type(x) is np.ndarray and x.flags.carray else np.array(x, order="C")
