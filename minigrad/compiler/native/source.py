"""Units -> one function for numba: loops over flat memory at fixed offsets, and calls of BLAS."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from minigrad.compiler.native import room
from minigrad.compiler.native.along import AlongWriter
from minigrad.compiler.native.convolution import ConvolutionWriter
from minigrad.compiler.native.matrices import MatrixWriter
from minigrad.compiler.native.pooling import PoolingWriter
from minigrad.compiler.native.products import ProductWriter
from minigrad.compiler.native.registry import ARRAYS, DTYPES, Lines, find_kernel
from minigrad.compiler.native.together import count_turns
from minigrad.compiler.native.values import ALIGNED, read_element
from minigrad.compiler.passes.fuse import Loops, Number, Unit
from minigrad.compiler.passes.layouts import contiguous_strides, layout
from minigrad.compiler.passes.promotion import find_meeting_dtype
from minigrad.compiler.refusals import Unsupported, refused_for
from minigrad.compiler.rolling.loop import Loop
from minigrad.compiler.trace.sources import Draw
from minigrad.engine.node import Node
from minigrad.ops.linalg import MatMul
from minigrad.ops.matrices.inverses import OfMatrices

QUICK = 1 << 16  # multiplications or elements, up to which a step takes some microseconds


@dataclass
class NativeCode:
    """The source of ``step(address, …)``, and what it has to be called with.

    At that address lie others: of the memory, then of the arrays of ``bound``. ``passed`` are the inputs that a call
    brings, ``outputs`` the arrays (shape, dtype) that it brings to be filled; ``numbers`` are the dtypes of the numbers
    returned, in the order of the results, with None for each array.
    """

    source: str
    bound: list[Node]
    passed: list[Node]
    nbytes: int
    outputs: list[tuple[tuple[int, ...], np.dtype[Any]]]
    numbers: list[np.dtype[Any] | None]
    places: dict[int, int]  # the position of a returned array among the results -> among the outputs
    quick: bool  # other threads may as well wait for it
    exact: bool  # no two operations may be contracted, or taken in another order
    weak: frozenset[int]  # the positions of Python numbers among the results: they stay such
    rolled: bool  # it is so long that turns of loops are not to be written one after the other
    within: ClassVar[bool] = False  # it is a part of a step
    looks: ClassVar[bool] = True  # it may be passed objects where they lie


class NativeWriter(MatrixWriter, ProductWriter, ConvolutionWriter, PoolingWriter, AlongWriter):
    """Writes one plan."""

    # numbers

    def write_number(self, unit: Number) -> None:
        """Write an operation on numbers."""
        node = unit.node
        meeting = find_meeting_dtype(node)
        if any(isinstance(x, Node) and x.shape for x in node.inputs):
            at = layout(node)
            if at.base.shape:
                name, offset = self.pointer(at.base)
                written = read_element(at.base, f"{name}[{offset + at.offset}]")
            else:
                written = self.number(at.base, meeting)
        else:
            written = self.expression(node, [self.number(x, meeting) for x in node.inputs])
        self.names[node] = f"s{len(self.names)}"
        self.lines.append(f"{self.names[node]} = {written}")

    # the whole

    def write_code(self) -> NativeCode:
        """Write everything."""
        self.allocate_memory()
        self.name_inputs()
        self.write_units()
        for state, value in self.plan.copies:
            self.copy(state, value)
        results = [self.number(x, np.dtype(np.float64)) for x in self.returned if np.shape(x) == ()]
        end = f"return {', '.join(results)}" if results else "return 0"
        body = [*self.refuse_shapes(), *self.opening(), *self.head, *self.refuse_shared(), *self.lines, end]
        parameters = ["address", *(f"a{i}" for i in range(len(self.passed))), *(f"{r}_" for r in self.fresh.values())]
        source = "\n".join([f"def step({', '.join(parameters)}):", *(f"    {line}" for line in body), ""])
        dtypes = [x.dtype if isinstance(x, Node) else np.result_type(x) for x in self.returned]
        order = {x: i for i, x in enumerate(self.fresh)}
        return NativeCode(
            source=source,
            bound=[*self.bound, *self.constants],
            passed=self.passed,
            nbytes=self.nbytes + self.scratch + ALIGNED,
            outputs=[(x.shape, x.dtype) for x in self.fresh],
            numbers=[None if np.shape(x) else dtype for x, dtype in zip(self.returned, dtypes, strict=True)],
            places={i: order[x] for i, x in enumerate(self.returned) if np.shape(x)},
            quick=self.quick(),
            exact=self.exact,
            weak=frozenset(i for i, x in enumerate(self.returned) if isinstance(x, Node) and x.weak),
            rolled=self.rolled,
        )

    def write_units(self) -> None:
        """Write all units."""
        for group in self.group_units():
            self.write_group(group)

    def write_group(self, group: Sequence[Unit]) -> None:
        """Write one unit; or those that go through samples, as one loop over parts of them that threads share."""
        if len(group) == 1:
            with refused_for(group[0].members):
                self.write_unit(group[0])
            return
        lines, self.turns = self.lines, count_turns(group)
        before: Lines = []
        inside: Lines = []
        for unit in group:
            self.lines = []
            with refused_for(unit.members):
                self.write_unit(unit)
            head = next(i for i, line in enumerate(self.lines) if "in shared(" in line)
            before += self.lines[:head]
            inside += self.lines[head + 1 :]
            shared = self.lines[head]
        self.lines = [*lines, *before, shared, *inside]
        self.turns, self.reserved = 1, 0

    def write_unit(self, unit: Unit) -> None:
        """Write one unit: a loop, a number, or what the registry says of its operation."""
        if isinstance(unit, Loops):
            self.write_loops(unit)
        elif isinstance(unit, Number):
            self.write_number(unit)
        else:
            write = find_kernel(unit.node).unit
            if write is None:
                raise Unsupported("it is written for loops alone")
            write(self, unit)

    def name_inputs(self) -> None:
        """Name the arrays that the step is bound to, and what it is passed; ``head`` are the lines that read those."""
        self.head: Lines = []
        for i, x in enumerate(self.bound):
            self.pointers[x] = f"w{i}"
            if not x.shape and not isinstance(self.inputs.get(x), Draw):
                self.names[x] = f"n{i}"
        for i, x in enumerate(self.passed):
            if x.weak:
                self.names[x] = f"a{i}"
                continue
            self.pointers[x] = f"p{i}"
            self.head.append(f"p{i} = pointer{DTYPES[x.dtype.name]}({self.write_address(i)})")
            if not x.shape:
                self.names[x] = f"n_a{i}"
                self.head.append(f"n_a{i} = {read_element(x, f'p{i}[0]')}")

    def write_address(self, i: int) -> str:
        """Write the address of an array that is passed."""
        return f"a{i}.ctypes.data"

    def opening(self) -> Lines:
        """Write where everything is: the memory, BLAS, the arrays that the step is bound to, those that it returns."""
        kinds = sorted(self.kinds | {x.dtype.name for x in self.offset})
        lines = ["context = pointeri64(address)"]
        needed = self.nbytes + self.scratch + ALIGNED
        memory = f"room({needed})" if needed <= room.MOST else "context[0]"
        lines += [f"memory = {memory}", *(f"m{DTYPES[kind]} = pointer{DTYPES[kind]}(memory)" for kind in kinds)]
        lines += [f"gemm{kind}_ = context[{i}]" for i, kind in ((1, "64"), (2, "32"))]
        lines += ["crew = context[3]"]
        words = {word for line in (*self.head, *self.lines) for word in re.findall(r"\w+", line)}
        for i, x in enumerate((*self.bound, *self.constants)):
            name = self.pointers.get(x, "")
            if name not in words and x not in self.names:
                continue  # loops have found its address among the others
            lines.append(f"{name} = pointer{DTYPES[x.dtype.name]}(context[{i + ARRAYS}])")
            if x in self.names:
                lines.append(f"{self.names[x]} = {read_element(x, f'{name}[0]')}")
        lines += [f"{r} = pointer{DTYPES[x.dtype.name]}({r}_.ctypes.data)" for x, r in self.fresh.items()]
        return lines

    def quick(self) -> bool:
        """Say whether the step is over so soon that it may hold Python's lock (the GIL), where there is one."""
        drawn = any(isinstance(self.inputs.get(x), Draw) for x in self.bound)
        return self.work() <= QUICK and not drawn and getattr(sys, "_is_gil_enabled", lambda: True)()

    def work(self) -> int:
        """Count the multiplications of the products and the elements of everything else."""
        return count_work([*self.plan.first, *self.plan.second])

    def refuse_shapes(self) -> Lines:
        """Refuse arguments of other shapes: here it takes 1 ns, before the call 50 for each."""
        wrong = [f"a{i}.shape != {x.shape}" for i, x in enumerate(self.passed) if x.shape]
        return [f"if {' or '.join(wrong)}:", '    raise TypeError("shape")'] if wrong else []

    def refuse_shared(self) -> Lines:
        """Refuse arguments in memory that is written to before they have been read: it takes copies of them."""
        at = {x: f"context[{i + ARRAYS}]" for i, x in enumerate(self.bound)}
        shared, exposed = [], set(self.plan.exposed)
        for i, x in enumerate(self.passed):
            if x in exposed:
                for w in self.plan.written:
                    there, sizes = f"a{i}.ctypes.data", [y.size * y.dtype.itemsize for y in (w, x)]
                    shared.append(f"({there} < {at[w]} + {sizes[0]} and {at[w]} < {there} + {sizes[1]})")
        return [f"if {' or '.join(shared)}:", '    raise TypeError("shared memory")'] if shared else []

    def copy(self, state: Node, value: Any) -> None:
        """Write a new value into an input's array."""
        target = self.pointers[state]
        if isinstance(value, Node) and value.shape:
            at = layout(value)
            if at.strides != contiguous_strides(value.shape):
                raise Unsupported("a copy of what does not lie in order")
            name, offset = self.pointer(at.base)
            self.lines += [
                f"for i in range({prod(value.shape)}):",
                f"    {target}[i] = {name}[{offset + at.offset} + i]",
            ]
        else:
            written = self.number(value, state.dtype)
            self.lines += [f"for i in range({prod(state.shape)}):", f"    {target}[i] = {written}"]


def count_work(nodes: Sequence[Node]) -> int:
    """Count the multiplications of products, the cubes of matrices' sizes, and the elements of everything else."""
    products = sum(x.size * x.inputs[0].shape[-1] for x in nodes if isinstance(x.op, MatMul))
    products += sum(x.inputs[0].size * x.inputs[0].shape[-1] for x in nodes if isinstance(x.op, OfMatrices))
    bodies = (x.op.body for x in nodes if isinstance(x.op, Loop))
    return products + sum(x.size for x in nodes) + sum(body.count * count_work(body.nodes) for body in bodies)
