"""A plan -> straight-line NumPy: every array allocated once, every operation one call that writes into it."""

from __future__ import annotations

from collections.abc import Sequence, Set
from math import prod
from typing import Any

import numpy as np

from minigrad.compiler.backend import Draft
from minigrad.compiler.numpy.calls import find_kernel, write_store, write_ufunc, write_view
from minigrad.compiler.numpy.chunks import part_runs, write_chunks
from minigrad.compiler.numpy.gemm import write_gemm
from minigrad.compiler.numpy.memory import CHANGES, find_begun_arrays, plan_arrays
from minigrad.compiler.numpy.names import Lines, Names
from minigrad.compiler.numpy.resume import Code, Turns, find_assigned, write_resumable
from minigrad.compiler.numpy.scalars import write_as
from minigrad.compiler.passes.memory import Memory
from minigrad.compiler.passes.plan import is_array
from minigrad.compiler.trace.sources import Argument, Draw, Gradient, NumberOutside
from minigrad.engine.node import Node
from minigrad.notation.alike import AlikeOperations
from minigrad.ops import shaping
from minigrad.ops.base import Shape
from minigrad.ops.indexing import Index

MANY = 500  # lines of make, up to which it is no matter how they are compiled
WIDE = 60  # characters of a formula that is a comment no more


class Writer(Names):
    """Writes one plan. ``floats`` are the numbers in it that are Python's, ``samples_last`` arrays that lie so."""

    floats: Set[Node] = frozenset()  # of loops there are none
    samples_last: Set[Node] = frozenset()

    def __init__(self, draft: Draft) -> None:
        self.plan, self.returned, self.inputs = draft.plan, draft.returned, draft.inputs
        self.begun, self.memory = self.plan_memory()
        self.formulas = AlikeOperations()
        self.inner: list[Writer] = []  # those of its loops
        super().__init__(draft.hints, draft.plan.fresh | self.begun)
        brought = Argument | NumberOutside | Gradient
        self.bound = [x for x, source in self.inputs.items() if not isinstance(source, brought)]
        self.passed = [x for x, source in self.inputs.items() if isinstance(source, brought)]
        self.static.update(x for x in self.bound if not isinstance(self.inputs[x], Draw))

    # arrays

    def share(self, outer: Writer) -> None:
        """Share all names with the code around this, what is made once, and what is known of it."""
        self.formulas, self.inner = outer.formulas, outer.inner
        self.inner.append(self)  # what is made is known by the identity of its memory, which has to last
        self.fresh_arrays, self.prelude, self.lines = self.plan.fresh, [], []
        self.made, self.names, self.static = outer.made, outer.names, outer.static
        self.taken, self.numbered, self.constants = outer.taken, outer.numbered, outer.constants
        self.zeros, self.used, self.blas, self.turned = outer.zeros, outer.used, outer.blas, outer.turned

    def plan_memory(self) -> tuple[set[Node], dict[Node, Memory]]:
        """Say what is begun in an array that is returned, and give all else that a call computes its memory."""
        begun = find_begun_arrays(self.plan, self.returned)
        return begun, plan_arrays(self.plan, self.returned, begun)

    def write_part(self, nodes: Sequence[Node]) -> None:
        """Write operations one after another; of the second part, whose lines may have to run again, none by parts."""
        for run in part_runs(self, nodes) if nodes is self.plan.first else ([node] for node in nodes):
            if len(run) > 1:
                write_chunks(self, run)
            else:
                self.write(run[0])

    def write(self, node: Node) -> None:
        """Write the line, or lines, that compute one Node."""
        if node in self.plan.drawn_in:
            return
        if node in self.plan.in_place:
            out = self.names[self.plan.in_place[node]]
            self.names[node] = out
            drawn = [x for x in node.inputs if isinstance(x, Node) and x in self.plan.drawn_in]
            self.lines.append(
                write_gemm(self, node, drawn[0]) if drawn else write_ufunc(self, node, out) + self.comment(node)
            )
            self.static.add(node)
        elif not is_array(node):
            kernel = find_kernel(node.op)
            name = self.names[node] = self.fresh("v")
            number = write_as(node, self.floats, kernel.number(self, node))
            self.lines.append(f"{name} = {number}{self.comment(node)}")
            self.lines += kernel.mend(self, node, name)
        elif node in self.memory or node in self.fresh_arrays:
            self.array(node)
        else:
            self.view(node)

    def view(self, node: Node) -> None:
        """Look at another array's memory; for what stays where it is, once and for all."""
        (x,) = node.inputs
        source = self.value(x)
        expression = write_view(node.op, source, self)
        self.names[node] = self.fresh(f"{source}_T" if isinstance(node.op, shaping.Transpose) else "v")
        if x in self.static and self.stays_contiguous(x, node):
            self.static.add(node)
            self.made.append(f"{self.names[node]} = {expression}")
        else:
            self.lines.append(f"{self.names[node]} = {expression}")

    def stays_contiguous(self, x: Node, node: Node) -> bool:
        """Say whether a view can be had without a copy: a reshape needs elements in order."""
        if not isinstance(node.op, shaping.Reshape) or x in self.memory or self.is_part(x):
            return True
        return [n for n in x.shape if n != 1] == [n for n in node.shape if n != 1]

    def is_part(self, x: Node) -> bool:
        """Say whether an array is some elements of another's memory, one beside the next: what a loop keeps."""
        if type(x.op) is not Index or x.ndim != 1 or x.inputs[0].ndim != 1 or x.inputs[0] not in self.memory:
            return False
        key = x.op.key if isinstance(x.op.key, tuple) else (x.op.key,)
        return isinstance(key[0], slice) and key[0].step in (None, 1)

    def array(self, node: Node) -> None:
        """Compute an array into memory of the plan's own or, if it is returned, into a new one."""
        name = self.place_array(node)
        for line in find_kernel(node.op).array(self, node, name):  # which may add lines of its own before
            self.lines.append(line)
        self.lines[-1] += self.comment(node)

    def place_array(self, node: Node) -> str:
        """Give the name of the array that an operation's result goes to."""
        name = self.names[node] = self.fresh("r" if node in self.fresh_arrays else "v")
        if isinstance(node.op, CHANGES) and node.inputs[0] in self.begun:
            name = self.names[node] = self.names[node.inputs[0]]
        elif node in self.fresh_arrays:
            self.lines.append(f"{name} = {self.allocate(node)}")
        else:
            self.static.add(node)
            memory = self.memory[node]
            key = ((id(memory), node.shape, node in self.samples_last), node.dtype.str)
            if key not in self.zeros:  # the first array of its shape that is there, which others are in their turn
                self.zeros[key] = name
                view = self.slice_memory(memory, node) if self.is_shared(memory) else self.allocate(node)
                self.made.append(f"{name} = {view}")
                if node in self.samples_last:
                    self.turned[name] = f"{name}.transpose({(*range(1, node.ndim), 0)})"
            name = self.names[node] = self.zeros[key]
        return name

    def allocate(self, node: Node) -> str:
        """Write an array of a Node's shape and dtype."""
        lying, seen = self.lay_out(node)
        return f"np.empty({lying}, np.{node.dtype.name}){seen}"

    def lay_out(self, node: Node) -> tuple[Shape, str]:
        """Give the shape of an array in memory, and what is written behind it to see it in its own."""
        if node not in self.samples_last:
            return node.shape, ""
        last = node.ndim - 1
        return (*node.shape[1:], node.shape[0]), f".transpose({(last, *range(last))})"

    def is_shared(self, memory: Any) -> bool:
        """Say whether results of several shapes or dtypes use a piece of memory in turns."""
        return len({(x.shape, x.dtype) for x in memory.users}) > 1

    def slice_memory(self, memory: Any, node: Node) -> str:
        """Write the view of a piece of memory as an array of a Node's shape and dtype."""
        key = (id(memory), "memory")
        if key not in self.zeros:
            self.zeros[key] = self.fresh("memory")
            self.made.append(f"{self.zeros[key]} = np.empty({memory.nbytes}, np.uint8)")
        nbytes = prod(node.shape) * node.dtype.itemsize
        lying, seen = self.lay_out(node)
        return f"{self.zeros[key]}[:{nbytes}].view(np.{node.dtype.name}).reshape({lying}){seen}"

    def comment(self, node: Node) -> str:
        """Say which formula a line computes."""
        if len(node.inputs) >= WIDE:
            return ""
        formula = self.formulas.write(node, self.names)
        return f"  # {formula}" if len(formula) < WIDE else ""

    # the whole

    def write_code(self) -> Code:
        """Write everything: the first part, and the second, which a call that has begun it always finishes."""
        self.called = {x: self.names[x] for x in self.passed}
        self.taken_over = {x: self.names[x] for x in self.bound}  # what make calls its parameters
        read = self.find_read()
        for node in self.bound:
            if node in read:
                self.open_input(node)
        for node in self.plan.exposed:
            if not isinstance(self.inputs[node], Draw):
                self.keep_apart(node)
        self.write_part(self.plan.first)
        first, self.lines = self.lines, []
        self.write_part(self.plan.second)
        for state, value in self.plan.copies:
            shape = state.shape if np.shape(value) == () else ()
            self.lines.append(write_store(self, self.taken_over[state], shape, self.value(value), static=True))
        loops = self.write_loops()
        second, self.lines = self.lines, []
        results = [self.value(x) for x in self.returned]
        return self.assemble([*self.prelude, *first], second, results, loops)

    def write_loops(self) -> list[Turns]:
        """Write loops over parameters, which come last; a turn of a loop has none."""
        return []

    def find_read(self) -> set[Any]:
        """Give the inputs that are read, or written to, elsewhere than in loops over parameters."""
        return (
            {x for node in (*self.plan.first, *self.plan.second) for x in node.inputs if isinstance(x, Node)}
            | {x for pair in self.plan.copies for x in pair if isinstance(x, Node)}
            | {x for x in self.returned if isinstance(x, Node)}
        )

    def open_input(self, node: Node) -> None:
        """Draw random numbers; read an array of 0 dimensions, which may have changed since the last call."""
        given = self.taken_over[node]
        if isinstance(self.inputs[node], Draw):
            self.names[node] = self.fresh("drawn")
            self.static.add(node)
            self.made.append(f"{self.names[node]} = np.empty({node.shape})")
            self.prelude.append(f"{given}.random(out={self.names[node]})")
        elif not node.shape:
            self.names[node] = self.fresh(f"{given}_now")
            self.static.discard(node)
            self.prelude.append(f"{self.names[node]} = {given}[()]")

    def keep_apart(self, node: Node) -> None:
        """Take a copy of an input that lies in the same memory as one which is written to before it has been read."""
        given, self.names[node] = self.names[node], self.fresh(f"{self.names[node]}_now")
        shared = " or ".join(f"np.may_share_memory({given}, {self.taken_over[x]})" for x in self.plan.written)
        self.static.discard(node)
        self.prelude.append(f"{self.names[node]} = {given}.copy() if {shared} else {given}")

    def part_made(self) -> Lines:
        """Give the lines of make; a condition, which never holds, parts many of them from the first block of its code.

        For each name that step reads, Python's compiler inserts an instruction at the start of that block, and moves
        what else is in it: 3 000 names took 4.3 s, and take 0.8.
        """
        if len(self.made) <= MANY:
            return self.made
        return ["if np is None:  # never, but what follows a jump is compiled sooner", "    return None", *self.made]

    def assemble(self, first: Lines, second: Lines, results: list[str], loops: Sequence[Turns] = ()) -> Code:
        """Put make and step together."""
        bound = list(self.taken_over.values())
        passed = [self.called[x] for x in self.passed]
        body = list(first)
        functions = sorted(name for name in self.used if hasattr(np, name))
        finish: Lines = []
        if second or loops:
            finish, (writes, handler) = write_resumable(second, [*passed, *find_assigned(first)], loops)
            body = ["done = -1", "try:", *(f"    {line}" for line in (*first, *writes)), *handler]
        body.append(f"return {', '.join(results)}" + ("," if len(results) == 1 else "") if results else "return ()")
        lines = ["import numpy as np"]
        if functions:
            lines.append(f"from numpy import {', '.join(functions)}")
        if self.blas:
            lines.append(f"from scipy.linalg.blas import {', '.join(sorted(self.blas))}")
        lines += ["", "", f"def make({', '.join(bound)}):"]
        lines += [f"    {line}" for line in self.part_made()]
        if finish:
            lines += ["", *(f"    {line}" for line in finish)]
        lines += ["", f"    def step({', '.join(passed)}):", *(f"        {line}" for line in body)]
        lines += ["", "    return step", ""]
        return Code("\n".join(lines), self.bound, self.passed, self.constants)
