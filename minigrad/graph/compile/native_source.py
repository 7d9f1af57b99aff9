"""Units -> one function for numba: loops over flat memory at fixed offsets, and calls of BLAS."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from minigrad.graph.compile.fuse import Loops, Number, Parts, Picked, Product
from minigrad.graph.compile.layouts import Unsupported, contiguous, layout
from minigrad.graph.compile.lower import SMALL_PRODUCT
from minigrad.graph.compile.native_loops import LoopWriter
from minigrad.graph.compile.native_values import ALIGNED, DTYPES, Lines, element
from minigrad.graph.compile.sources import Draw
from minigrad.graph.node import Node
from minigrad.ops.linalg import MatMul

AT_A_TIME = 4  # rows that a small product adds up before it writes
QUICK = 1 << 13  # multiplications or elements, up to which a step takes some microseconds


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


class NativeWriter(LoopWriter):
    """Writes one plan."""

    def product(self, unit: Product) -> None:
        """Write a matrix product as loops, or as a call of BLAS."""
        node = unit.node
        a, b, *bias = node.inputs
        if not (isinstance(a, Node) and isinstance(b, Node) and a.ndim == b.ndim == 2 and a.dtype == b.dtype):
            raise Unsupported("a product other than of two matrices")
        if node.dtype.kind != "f" or (unit.into is not None and unit.into.dtype != node.dtype):
            raise Unsupported("a product of integers")
        (m, k), n = a.shape, b.shape[1]
        target, at = self.pointer(unit.into if unit.into is not None else node)
        la, lb = layout(a), layout(b)
        (pa, oa), (pb, ob) = self.pointer(la.base), self.pointer(lb.base)
        oa, ob = oa + la.offset, ob + lb.offset
        if m * n * k > SMALL_PRODUCT and all(1 in x.strides for x in (la, lb)):
            self.blas(unit, (m, n, k), (pa, oa, la), (pb, ob, lb), (target, at))
            return
        zero, sign = f"np.{node.dtype.name}(0)", "-" if unit.sign < 0 else "+"
        (a0, a1), (b0, b1) = la.strides, lb.strides
        if b1 != 1 and n > 1 and k > 1:
            pb, ob = self.in_rows(node, (pb, ob), lb.strides, k, n)
            b0, b1 = n, 1
        if n > 1 or b1 == 1 or bias:
            result = f"{target}[{element(at, (n, 1), ['i', 'j'])}]"
            if bias:
                at_b = layout(bias[0])
                name, offset = self.pointer(at_b.base)
                start = f"{name}[{element(offset + at_b.offset, at_b.strides, ['j'])}]"
                self.lines += [f"for i in range({m}):", f"    for j in range({n}):", f"        {result} = {start}"]
            elif unit.into is None:
                self.zeros(node)
            self.rows(result, sign, (m, n, k), (pa, oa, la.strides), (pb, ob, (b0, b1)))
            return
        self.lines += [
            f"for i in range({m}):",
            f"    x = {zero}",
            f"    for k in range({k}):",
            f"        x += {pa}[{element(oa, (a0, a1), ['i', 'k'])}] * {pb}[{element(ob, (b0,), ['k'])}]",
            f"    {target}[{element(at, (1,), ['i'])}] {sign if unit.into is not None else ''}= x",
        ]

    def rows(self, result: str, sign: str, sizes: tuple[int, int, int], a: Any, b: Any) -> None:
        """Write C ± A B as sums of rows of B, several at a time, into one row of C after the other.

        The next addition is to another row, so it need not wait for the last one; 3 ns an element of A became 0.7.
        """
        (m, n, k), (pa, oa, (a0, a1)), (pb, ob, (b0, b1)) = sizes, a, b
        whole = k - k % AT_A_TIME
        for start, stop, step in ((0, whole, AT_A_TIME), (whole, k, k - whole)):
            if start == stop:
                continue
            many = range(step)
            self.lines += [f"for k in range({start}, {stop}, {step}):", f"    for i in range({m}):"]
            self.lines += [f"        x{q} = {pa}[{element(oa + q * a1, (a0, a1), ['i', 'k'])}]" for q in many]
            terms = [f"x{q} * {pb}[{element(ob + q * b0, (b0, b1), ['k', 'j'])}]" for q in many]
            self.lines += [f"        for j in range({n}):", f"            {result} {sign}= {' + '.join(terms)}"]

    def in_rows(self, node: Node, b: tuple[str, int], strides: tuple[int, ...], k: int, n: int) -> tuple[str, int]:
        """Write a copy of b whose rows lie in order: a loop along them is vectorised, one across them is not."""
        size = node.dtype.itemsize
        self.scratch = max(self.scratch, k * n * size)
        name, at = f"m{DTYPES[node.dtype.name]}", -(-self.nbytes // ALIGNED) * ALIGNED // size
        self.kinds.add(node.dtype.name)
        self.lines += [f"for j in range({n}):", f"    for k in range({k}):"]
        copied = f"{b[0]}[{element(b[1], strides, ['k', 'j'])}]"
        self.lines.append(f"        {name}[{element(at, (n, 1), ['k', 'j'])}] = {copied}")
        return name, at

    def blas(self, unit: Product, sizes: tuple[int, int, int], a: Any, b: Any, target: tuple[str, int]) -> None:
        """Write a call of gemm. BLAS counts by columns, so it is asked for the transpose, Cᵀ = Bᵀ Aᵀ."""
        m, n, k = sizes
        kind = DTYPES[unit.node.dtype.name]
        flags = []
        for _, _, at in (b, a):
            by_rows = at.strides[1] == 1
            flags.append(("78" if by_rows else "84", max(at.strides[0] if by_rows else at.strides[1], 1)))  # 'N', 'T'
        (tb, ldb), (ta, lda) = flags
        (pa, oa, _), (pb, ob, _) = a, b
        beta = 0.0 if unit.into is None else 1.0
        factors = f"{pb}, {ob}, {ldb}, {pa}, {oa}, {lda}"
        result = f"{beta}, {target[0]}, {target[1]}, {n}"
        self.lines.append(f"gemm{kind}(gemm{kind}_, {tb}, {ta}, {n}, {m}, {k}, {unit.sign}, {factors}, {result})")

    def parts(self, unit: Parts) -> None:
        """Write an array that is put together from others."""
        node = unit.node
        target, at = self.pointer(node)
        if unit.start is None:
            self.zeros(node)
        else:
            letters, indent = self.nest(node.shape)
            result = f"{target}[{element(at, contiguous(node.shape), letters)}]"
            self.lines.append(f"{indent}{result} = {self.at(unit.start, node.shape, letters, node.dtype)}")
        sign = "" if unit.start is None else "+"
        for x, region in unit.regions:
            if len(region.strides) != x.ndim:
                raise Unsupported("a part broadcast to its region")
            letters, indent = self.nest(x.shape)
            result = f"{target}[{element(at + region.offset, region.strides, letters)}]"
            self.lines.append(f"{indent}{result} {sign}= {self.at(x, x.shape, letters, node.dtype)}")

    # numbers

    def scalar(self, unit: Number) -> None:
        """Write an operation on numbers."""
        node = unit.node
        if isinstance(node.op, MatMul):
            raise Unsupported("a product of two vectors")
        meeting = self.meeting(node)
        if any(isinstance(x, Node) and x.shape for x in node.inputs):
            at = layout(node)
            name, offset = self.pointer(at.base)
            written = f"{name}[{offset + at.offset}]"
        else:
            written = self.expression(node, [self.number(x, meeting) for x in node.inputs])
        self.names[node] = f"s{len(self.names)}"
        self.lines.append(f"{self.names[node]} = {written}")

    # the whole

    def finished(self) -> NativeCode:
        """Write everything."""
        self.allocate()
        head: Lines = []
        parameters = ["address"]
        for i, x in enumerate(self.bound):
            self.pointers[x] = f"w{i}"
            if not x.shape and not isinstance(self.inputs[x], Draw):
                self.names[x] = f"n{i}"
        for i, x in enumerate(self.passed):
            parameters.append(f"a{i}")
            if x.weak:
                self.names[x] = f"a{i}"
            else:
                self.pointers[x] = f"p{i}"
                head.append(f"p{i} = pointer{DTYPES[x.dtype.name]}(a{i}.ctypes.data)")
                if not x.shape:
                    self.names[x] = f"n_a{i}"
                    head.append(f"n_a{i} = p{i}[0]")
        for unit in self.units:
            if isinstance(unit, Loops):
                self.loops(unit)
            elif isinstance(unit, Product):
                self.product(unit)
            elif isinstance(unit, Parts):
                self.parts(unit)
            elif isinstance(unit, Picked):
                self.picked(unit)
            else:
                self.scalar(unit)
        for state, value in self.plan.copies:
            self.copy(state, value)
        kinds = sorted(self.kinds | {x.dtype.name for x in self.offset})
        opening = ["context = pointeri64(address)"]
        opening += [f"m{DTYPES[kind]} = pointer{DTYPES[kind]}(context[0])" for kind in kinds]
        opening += [f"gemm{kind}_ = context[{i}]" for i, kind in ((1, "64"), (2, "32"))]
        for i, x in enumerate((*self.bound, *self.constants)):
            name = self.pointers.get(x, "")
            opening.append(f"{name} = pointer{DTYPES[x.dtype.name]}(context[{i + 3}])")
            if x in self.names:
                opening.append(f"{self.names[x]} = {name}[0]")
        for x, name in self.fresh.items():
            parameters.append(f"{name}_")
            opening.append(f"{name} = pointer{DTYPES[x.dtype.name]}({name}_.ctypes.data)")
        results = [self.number(x, np.dtype(np.float64)) for x in self.returned if np.shape(x) == ()]
        end = f"return {', '.join(results)}" if results else "return 0"
        body = [*self.suited(), *opening, *head, *self.apart(), *self.lines, end]
        source = "\n".join([f"def step({', '.join(parameters)}):", *(f"    {line}" for line in body), ""])
        numbers = [
            None if np.shape(x) else (x.dtype if isinstance(x, Node) else np.result_type(x)) for x in self.returned
        ]
        outputs = [(x.shape, x.dtype) for x in self.fresh]
        order = {x: i for i, x in enumerate(self.fresh)}
        places = {i: order[x] for i, x in enumerate(self.returned) if np.shape(x)}
        return NativeCode(
            source,
            [*self.bound, *self.constants],
            self.passed,
            self.nbytes + self.scratch + ALIGNED,
            outputs,
            numbers,
            places,
            self.work() <= QUICK and not any(isinstance(self.inputs[x], Draw) for x in self.bound),
        )

    def work(self) -> int:
        """Count the multiplications of the products and the elements of everything else."""
        nodes = [*self.plan.first, *self.plan.second]
        products = sum(x.size * x.inputs[0].shape[-1] for x in nodes if isinstance(x.op, MatMul))
        return products + sum(x.size for x in nodes)

    def suited(self) -> Lines:
        """Refuse arguments of other shapes: here it takes 1 ns, before the call 50 for each."""
        wrong = [f"a{i}.shape != {x.shape}" for i, x in enumerate(self.passed) if x.shape]
        return [f"if {' or '.join(wrong)}:", '    raise TypeError("shape")'] if wrong else []

    def apart(self) -> Lines:
        """Refuse arguments in memory that is written to before they have been read: it takes copies of them."""
        at = {x: f"context[{i + 3}]" for i, x in enumerate(self.bound)}
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
            if at.strides != contiguous(value.shape):
                raise Unsupported("a copy of what does not lie in order")
            name, offset = self.pointer(at.base)
            self.lines += [
                f"for i in range({prod(value.shape)}):",
                f"    {target}[i] = {name}[{offset + at.offset} + i]",
            ]
        else:
            written = self.number(value, state.dtype)
            self.lines += [f"for i in range({prod(state.shape)}):", f"    {target}[i] = {written}"]
