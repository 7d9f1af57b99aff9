"""A draft -> what the step does, one item after another: kernels, products, and calls of CuPy between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from minigrad.compiler.backend import Draft
from minigrad.compiler.cuda.dialects import CUDA, write_module
from minigrad.compiler.cuda.host import HostPart, part_host
from minigrad.compiler.cuda.kernels import NAME
from minigrad.compiler.cuda.places import ALIGNED, Launch, Numbers, Place, Work
from minigrad.compiler.cuda.products import Gemm, ProductWriter
from minigrad.compiler.cuda.registry import find_calls
from minigrad.compiler.cuda.rows import Rows, join_rows
from minigrad.compiler.cuda.tails import Tailed, join_tails
from minigrad.compiler.passes.fuse import Along, Loops, Number, Parts, Picked, Product, find_misfits
from minigrad.compiler.passes.lower import is_view
from minigrad.compiler.passes.plan import root
from minigrad.compiler.refusals import Refusal, Unsupported, refused_for
from minigrad.compiler.trace.sources import Argument, Gradient, NumberOutside
from minigrad.engine.node import Node

WIDE = 1 << 30  # elements, from which on places need more than 32 bits: a thread steps on by up to 2²³


@dataclass(frozen=True)
class Calling:
    """An operation that CuPy computes, and the place of its value."""

    node: Node
    place: Place


@dataclass(frozen=True)
class Result:
    """Where a result is: in the block that each call copies, or a number that is known or on the host (``value``)."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int | None
    value: Any = None


@dataclass
class CudaCode:
    """A step: the texts of its kernels, its items, the memory that these need, and what it is called with.

    ``seen`` are the operands of calls, each with the place of the array that it is, or is a view of.
    """

    kernels: list[str]
    items: list[Launch | Gemm | Calling]
    host: HostPart
    bound: list[Node]
    passed: list[Node]
    constants: list[Any]
    results: list[Result]
    nbytes: int
    result_bytes: int
    scratch: int
    seen: dict[Node, Place]
    written: list[int]  # of the bound
    calls: list[Refusal]
    wide: bool

    def write(self, dialect: str = CUDA) -> str:
        """Give the kernels as source."""
        named = [text.replace(NAME, f"k{i}", 1) for i, text in enumerate(self.kernels)]
        return write_module(named, dialect, self.wide)

    @property
    def needed(self) -> int:
        """Bytes of the GPU's memory that a step takes, besides what it is bound to."""
        inputs = [x for x in self.passed if not x.weak]
        arrays = sum(x.size * x.dtype.itemsize for x in inputs) + sum(x.nbytes for x in self.constants)
        return arrays + self.nbytes + 2 * self.result_bytes + self.scratch


class CudaWriter(ProductWriter):
    """Writes one plan."""

    def __init__(self, draft: Draft, host: HostPart, calls: Mapping[Node, str]) -> None:
        brought = Argument | NumberOutside | Gradient
        self.bound = [x for x, s in draft.inputs.items() if not isinstance(s, brought) and x not in host.updates]
        self.passed = [x for x, s in draft.inputs.items() if isinstance(s, brought)]
        plan = draft.plan
        rest = replace(
            plan,
            first=[x for x in plan.first if x not in host.computed],
            second=[x for x in plan.second if x not in host.computed],
            copies=[(x, value) for x, value in plan.copies if x not in host.updates],
        )
        self.host, self.texts, self.items = host, {}, []
        self.seen: dict[Node, Place] = {}
        updates = {x: value for x, value in draft.updates.items() if x not in host.updates}
        super().__init__(rest, draft.returned, updates, calls, self.bound, self.passed, host.given)

    def order_works(self) -> list[Any]:
        """Put together what works row by row, and sums with what follows them."""
        works = join_rows(super().order_works(), self.plan)
        return join_tails(works, self.plan, bool(self.calls))

    def write_code(self, calls: Mapping[Node, str]) -> CudaCode:
        """Write everything; raises ``Unsupported``, with its Nodes, for units that are no kernels."""
        refused: list[Unsupported] = []
        for work in self.works:
            try:
                with refused_for(work.members):
                    self.write_work(work)
            except Unsupported as error:
                refused.append(error)
        if refused:
            raise Unsupported(*(x for e in refused for x in e.refusals), nodes=[x for e in refused for x in e.nodes])
        for state, value in self.plan.copies:
            self.write_copy(self.find(state), state.dtype, state.shape, value)
        results = [self.write_result(x) for x in self.returned]
        written = set(self.plan.written)
        nodes = [*self.plan.first, *self.plan.second]
        return CudaCode(
            list(self.texts), self.items, self.host, self.bound, self.passed, self.constants, results,
            self.nbytes + ALIGNED, self.result_bytes, self.scratch, self.seen,
            [i for i, x in enumerate(self.bound) if x in written],
            list(dict.fromkeys(Refusal(repr(x.op), calls[x]) for x in nodes if x in calls)),
            any(prod(y.shape) >= WIDE for x in nodes for y in (x, *x.inputs) if isinstance(y, Node)),
        )  # fmt: skip

    def write_work(self, work: Work) -> None:
        """Write some work."""
        if isinstance(work, Numbers):
            self.write_numbers(work)
        elif isinstance(work, Loops):
            self.write_loops(work)
        elif isinstance(work, Rows):
            self.write_rows(work)
        elif isinstance(work, Tailed):
            self.write_loops(work.head, work.tails)
        elif isinstance(work, Product):
            self.write_product(work)
        elif isinstance(work, Parts):
            self.write_parts(work)
        elif isinstance(work, Picked):
            self.write_picked(work)
        elif isinstance(work, Along):
            self.write_along(work)
        elif not isinstance(work, Number) and work.node in self.calls:
            self.write_call(work.node)
        else:
            raise Unsupported("no kernels are written for it")

    def write_call(self, node: Node) -> None:
        """Note that CuPy computes an operation."""
        for x in node.inputs:
            if isinstance(x, Node):
                seen = root(x) if x.shape or is_view(x.op) else x
                if seen.value is None or seen.shape:
                    self.seen[seen] = self.find(seen)
        self.items.append(Calling(node, self.find(node)))

    def write_result(self, x: Any) -> Result:
        """Say where a result is; what lies elsewhere is copied to where results are."""
        if not isinstance(x, Node):
            return Result((), np.result_type(x), None, x)
        if x.op is None and x.value is not None and not x.shape:
            return Result((), x.dtype, None, x.value[()])
        place = self.where.get(x)
        if place is not None and place.kind == "numbers":
            return Result((), x.dtype, None, x)
        if place is None or place.kind != "results":
            place = Place("results", 0, self.result_bytes)
            self.result_bytes += -(-max(x.size, 1) * x.dtype.itemsize // ALIGNED) * ALIGNED
            self.write_copy(place, x.dtype, x.shape, x)
        return Result(x.shape, x.dtype, place.offset)


def write_step(draft: Draft) -> CudaCode:
    """Write a step; an operation, or a unit of some, that there are no kernels for becomes a call of CuPy."""
    host = part_host(draft)
    plan = draft.plan
    own = [x for x in (*plan.first, *plan.second) if x not in host.computed]
    calls = find_misfits(plan) | find_calls(x for x in own if not (is_view(x.op) and x.shape))
    while True:
        calls = {x: reason for x, reason in calls.items() if x not in host.computed}
        try:
            return CudaWriter(draft, host, calls).write_code(calls)
        except Unsupported as error:
            new = [x for x in error.nodes if x not in calls and not (is_view(x.op) and x.shape)]
            if not new:
                raise
            calls |= dict.fromkeys(new, error.refusals[0].reason)
