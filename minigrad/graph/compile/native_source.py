"""Units -> one function for numba: loops over flat memory at fixed offsets, and calls of BLAS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from minigrad.graph.compile.fuse import (
    Layout,
    Loops,
    Number,
    Parts,
    Product,
    Unit,
    Unsupported,
    fused,
    is_reduction,
    layout,
    space,
)
from minigrad.graph.compile.lower import is_view
from minigrad.graph.compile.plan import Plan, root
from minigrad.graph.compile.sources import Argument, Draw, Gradient, Setting, Source
from minigrad.graph.node import Node
from minigrad.ops.arithmetic import Power
from minigrad.ops.linalg import Inner, LogLikelihood, MatMul
from minigrad.ops.reduction import Max, Min, Sum, normalize_axis
from minigrad.ops.shaping import Cast

Lines = list[str]

ALIGNED = 64  # bytes, a cache line and the widest vector
AT_A_TIME = 4  # rows that a small product adds up before it writes
SMALL_PRODUCT = 16384  # multiplications, up to which loops take less time than a call of BLAS
DTYPES = {"float64": "64", "float32": "32", "int64": "i64", "int32": "i32", "bool": "b"}
SIGNS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "greater": ">", "greater_equal": ">=", "less": "<",
    "less_equal": "<=", "equal": "==", "not_equal": "!=",
}  # fmt: skip
CALLS = {
    "absolute": "abs", "maximum": "larger", "minimum": "smaller", "sqrt": "math.sqrt", "sin": "math.sin",
    "cos": "math.cos", "sign": "signum", "isfinite": "math.isfinite", "log": "math.log",
}  # fmt: skip


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


class NativeWriter:
    """Writes one plan."""

    def __init__(
        self, plan: Plan, returned: Sequence[Any], updates: Iterable[Any], inputs: Mapping[Node, Source]
    ) -> None:
        self.plan, self.returned, self.inputs = plan, list(returned), inputs
        kept = {root(x) for x in (*returned, *(v for _, v in plan.copies)) if isinstance(x, Node)}
        self.kept = kept
        self.final = set(updates) & set(plan.in_place)
        self.units = fused(plan, {x for x in (*returned, *(v for _, v in plan.copies)) if isinstance(x, Node)})
        self.bound = [x for x, source in inputs.items() if not isinstance(source, Argument | Setting | Gradient)]
        self.passed = [x for x, source in inputs.items() if isinstance(source, Argument | Setting | Gradient)]
        self.constants: list[Node] = []
        self.names: dict[Node, str] = {}  # of numbers
        self.pointers: dict[Node, str] = {}
        self.offset: dict[Node, int] = {}  # in bytes, of what is stored in the plan's memory
        self.nbytes = self.scratch = 0
        self.kinds: set[str] = set()
        self.lines: Lines = []
        for x in (*inputs, *plan.first, *plan.second):
            if x.dtype.name not in DTYPES and not x.weak:
                raise Unsupported(f"dtype {x.dtype}")

    # memory

    def allocate(self) -> None:
        """Give what is stored an offset, and use memory again as soon as its last reader has run."""
        last: dict[Node, int] = {}
        for i, unit in enumerate(self.units):
            for x in self.reads(unit):
                last[x] = i
        for x in self.kept:
            last[x] = len(self.units)
        free: list[tuple[int, int]] = []  # (bytes, offset)
        fresh = list(dict.fromkeys(x for x in self.returned if isinstance(x, Node) and x.shape))
        self.fresh = {x: f"r{i}" for i, x in enumerate(fresh)}
        living: list[tuple[int, int, int]] = []  # (last, bytes, offset)
        for i, unit in enumerate(self.units):
            free += [(n, offset) for end, n, offset in living if end < i]
            living = [entry for entry in living if entry[0] >= i]
            for x in self.stored(unit):
                if x in self.fresh or x in self.plan.in_place:
                    continue
                nbytes = -(-max(prod(x.shape), 1) * x.dtype.itemsize // ALIGNED) * ALIGNED
                fitting = [entry for entry in free if nbytes <= entry[0] <= 4 * nbytes]
                if fitting:
                    best = min(fitting)
                    free.remove(best)
                else:
                    best = (nbytes, self.nbytes)
                    self.nbytes += nbytes
                self.offset[x] = best[1]
                living.append((last.get(x, i), *best))

    def reads(self, unit: Unit) -> list[Node]:
        """Give the stored arrays that a unit reads."""
        inside = set(unit.members)
        found = [x for node in unit.members for x in node.inputs if isinstance(x, Node)]
        return [root(x) for x in found if root(x) not in inside or is_view(x.op) or is_reduction(x)]

    def stored(self, unit: Unit) -> list[Node]:
        """Give the results of a unit that something outside of it needs as arrays."""
        if isinstance(unit, Number):
            return []
        if isinstance(unit, Product):
            return [] if unit.into is not None else [unit.node]
        outside = {
            root(x)
            for other in self.units
            for node in other.members
            for x in node.inputs
            if isinstance(x, Node) and (other is not unit or is_view(x.op))
        } | self.kept
        return [x for x in unit.members if x.shape and (x in outside or x in self.final)]

    def pointer(self, base: Node) -> tuple[str, int]:
        """Give the name of a pointer and the number of elements from it to an array's first."""
        if base in self.plan.in_place:
            base = self.plan.in_place[base]
        if base in self.offset:
            return f"m{DTYPES[base.dtype.name]}", self.offset[base] // base.dtype.itemsize
        if base in self.fresh:
            return self.fresh[base], 0
        if base not in self.pointers:
            if base.value is None:
                raise Unsupported(f"{base!r} without a value")
            self.constants.append(base)
            self.pointers[base] = f"c{len(self.constants)}"
        return self.pointers[base], 0

    # values

    def number(self, x: Any, dtype: np.dtype[Any]) -> str:
        """Write a number as an operand in an operation on a dtype."""
        if isinstance(x, Node):
            written = self.names.get(x)
            if written is None and x.value is not None:
                written = repr(x.value.item())
                dtype = x.dtype
            if written is None:
                raise Unsupported(f"{x!r}")
            return f"np.{dtype.name}({written})" if x.weak and dtype.kind in "fi" else written
        odd = "np.nan" if np.isnan(x) else "np.inf" if x > 0 else "-np.inf"
        written = repr(x) if np.isfinite(x) else odd
        return f"np.{dtype.name}({written})" if dtype.kind in "fi" else written

    def expression(self, node: Node, values: list[str]) -> str:
        """Write an elementwise operation on written operands."""
        op, name = node.op, node.op.name  # type: ignore[union-attr]
        single = node.dtype == np.float32
        if name in SIGNS and len(values) == 2:
            written = f"{values[0]} {SIGNS[name]} {values[1]}"
        elif name == "negative":
            written = f"-{values[0]}"
        elif name == "exp" or name == "tanh":
            written = f"{name}{32 if single and name == 'exp' else 64}({values[0]})"
        elif name in CALLS:
            written = f"{CALLS[name]}({', '.join(values)})"
        elif isinstance(op, Power):
            written = f"{values[0]} ** {op.exponent!r}"
        elif name == "power":
            written = f"{values[0]} ** {values[1]}"
        elif name == "where":
            written = f"({values[1]}) if {values[0]} else ({values[2]})"
        elif isinstance(op, Cast):
            written = values[0]
        elif name in ("spread", "reshape", "identity", "item"):
            return values[0]
        else:
            raise Unsupported(f"{op!r}")
        return written if node.dtype.kind == "b" and not isinstance(op, Cast) else f"np.{node.dtype.name}({written})"

    def meeting(self, node: Node) -> np.dtype[Any]:
        """Give the dtype that a number takes among a Node's operands."""
        dtypes = [x.dtype for x in node.inputs if isinstance(x, Node) and not x.weak]
        return np.result_type(*dtypes) if dtypes else node.dtype

    # units

    def loops(self, unit: Loops) -> None:
        """Write one loop nest."""
        stored = set(self.stored(unit))
        shape = unit.shape
        operands = [
            x
            for node in unit.members
            for x in node.inputs
            if isinstance(x, Node) and x.shape and not self.inside(x, unit)
        ]
        layouts = {x: _spread(layout(x), x.shape, shape) for x in operands}
        partial = [x for x in unit.members if is_reduction(x) and x.shape]
        for node in unit.members:
            state = self.plan.in_place.get(node)
            if any(at.base is state and at.strides != _contiguous(shape) for at in layouts.values()):
                raise Unsupported("a new value computed from other places of the old one")
        full = all(at.strides == _contiguous(shape) for at in layouts.values()) and not partial
        dims = [prod(shape)] if full else list(shape)
        letters = [f"i{k}" for k in range(len(dims))]
        for node in unit.members:
            if is_reduction(node):
                self.prepare(node, dims)
        depth = 0
        last_axis = [x for x in partial if self.along_rows(x)]
        for k, (letter, n) in enumerate(zip(letters, dims, strict=True)):
            if k == len(dims) - 1:
                for node in last_axis:
                    self.lines.append("    " * depth + f"{self.accumulator(node)} = {self.start(node)}")
            self.lines.append("    " * depth + f"for {letter} in range({n}):")
            depth += 1
        body: Lines = []
        values: dict[Node, str] = {}
        for node in unit.members:
            self.member(node, unit, values, layouts, letters, full, stored, body)
        self.lines += ["    " * depth + line for line in body or ["pass"]]
        for node in last_axis:
            name, at = self.pointer(node)
            axes = normalize_axis(node.op.axis, len(shape))  # type: ignore[union-attr]
            index = self.reduced(node, axes, letters[:-1], at)
            self.lines.append("    " * (depth - 1) + f"{name}[{index}] = {self.accumulator(node)}")
        for node in unit.members:
            if isinstance(node.op, LogLikelihood):
                name = self.accumulator(node)  # 0 ln 0 = 0: the second sum passes over what is not there
                self.lines.append(f"{name} = {name} if {name} == {name} else {name}_present")

    def inside(self, x: Node, unit: Loops) -> bool:
        """Say whether a loop has computed an operand itself, at the same index."""
        return x in set(unit.members) and not is_reduction(x)

    def member(
        self, node: Node, unit: Loops, values: dict[Node, str], layouts: Mapping[Node, Layout], letters: list[str],
        full: bool, stored: set[Node], body: Lines,
    ) -> None:  # fmt: skip
        """Write one operation of a loop."""
        parts = []
        meeting = self.meeting(node)
        for x in node.inputs:
            if isinstance(x, Node) and x.shape:
                if x not in values:
                    name, at = self.pointer(layouts[x].base)
                    values[x] = f"x{len(values)}"
                    strides = (1,) if full else layouts[x].strides
                    body.append(f"{values[x]} = {name}[{_index(at + layouts[x].offset, strides, letters)}]")
                parts.append(values[x])
            else:
                parts.append(self.number(x, meeting))
        if is_reduction(node):
            self.accumulate(node, parts, letters, full, body)
            return
        values[node] = f"x{len(values)}"
        body.append(f"{values[node]} = {self.expression(node, parts)}")
        if node in stored:
            name, at = self.pointer(node)
            strides = (1,) if full else _contiguous(unit.shape)
            body.append(f"{name}[{_index(at, strides, letters)}] = {values[node]}")

    # reductions

    def accumulator(self, node: Node) -> str:
        """Name the number that a reduction is gathered in."""
        return self.names.setdefault(node, f"s{len(self.names)}")

    def start(self, node: Node) -> str:
        """Write what a reduction starts from."""
        if isinstance(node.op, Max):
            extreme = "np.inf" if isinstance(node.op, Min) else "-np.inf"
            return f"np.{node.dtype.name}({extreme})"
        return f"np.{node.dtype.name}(0)"

    def along_rows(self, node: Node) -> bool:
        """Say whether a reduction is over the last axis alone, so that a number can hold it along the inner loop."""
        shape = space(node)
        return isinstance(node.op, Sum | Max) and normalize_axis(node.op.axis, len(shape)) == (len(shape) - 1,)

    def prepare(self, node: Node, dims: list[int]) -> None:
        """Write what must be done before the loop."""
        if isinstance(node.op, Max) and (prod(dims) == 0 or node.dtype.kind != "f"):
            raise Unsupported("an extreme of nothing, or of integers")
        if not node.shape:
            self.lines.append(f"{self.accumulator(node)} = {self.start(node)}")
            if isinstance(node.op, LogLikelihood):
                self.lines.append(f"{self.accumulator(node)}_present = {self.start(node)}")
        elif not self.along_rows(node):
            name, at = self.pointer(node)
            self.lines.append(f"for i in range({prod(node.shape)}):")
            self.lines.append(f"    {name}[{at} + i] = {self.start(node)}")

    def accumulate(self, node: Node, parts: list[str], letters: list[str], full: bool, body: Lines) -> None:
        """Write what a reduction does with one element."""
        value = parts[0] if not isinstance(node.op, Inner) else f"{parts[0]} * {parts[1]}"
        if not node.shape or self.along_rows(node):
            into = self.accumulator(node)
        else:
            name, at = self.pointer(node)
            axes = normalize_axis(node.op.axis, len(letters))  # type: ignore[union-attr]
            into = f"{name}[{self.reduced(node, axes, letters, at)}]"
        if isinstance(node.op, Max):
            body.append(f"{into} = {'smaller' if isinstance(node.op, Min) else 'larger'}({value}, {into})")
        else:
            body.append(f"{into} += {value}")
            if isinstance(node.op, LogLikelihood):
                body.append(f"{into}_present += {value} if {parts[0]} != 0 else {self.start(node)}")

    def reduced(self, node: Node, axes: tuple[int, ...], letters: list[str], at: int) -> str:
        """Write the index of a reduction's result from those of the loops."""
        shape = space(node)
        left = [letter for axis, letter in enumerate(letters) if axis not in axes]
        sizes = tuple(n for axis, n in enumerate(shape) if axis not in axes)
        return _index(at, _contiguous(sizes), left)

    # products

    def product(self, unit: Product) -> None:
        """Write a matrix product as loops, or as a call of BLAS."""
        node = unit.node
        a, b = node.inputs
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
        if n > 1 or b1 == 1:
            result = f"{target}[{_index(at, (n, 1), ['i', 'j'])}]"
            if unit.into is None:
                self.lines += [f"for i in range({m * n}):", f"    {target}[{at} + i] = {zero}"]
            self.rows(result, sign, (m, n, k), (pa, oa, la.strides), (pb, ob, (b0, b1)))
            return
        self.lines += [
            f"for i in range({m}):",
            f"    x = {zero}",
            f"    for k in range({k}):",
            f"        x += {pa}[{_index(oa, (a0, a1), ['i', 'k'])}] * {pb}[{_index(ob, (b0,), ['k'])}]",
            f"    {target}[{_index(at, (1,), ['i'])}] {sign if unit.into is not None else ''}= x",
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
            self.lines += [f"        x{q} = {pa}[{_index(oa + q * a1, (a0, a1), ['i', 'k'])}]" for q in many]
            terms = [f"x{q} * {pb}[{_index(ob + q * b0, (b0, b1), ['k', 'j'])}]" for q in many]
            self.lines += [f"        for j in range({n}):", f"            {result} {sign}= {' + '.join(terms)}"]

    def in_rows(self, node: Node, b: tuple[str, int], strides: tuple[int, ...], k: int, n: int) -> tuple[str, int]:
        """Write a copy of b whose rows lie in order: a loop along them is vectorised, one across them is not."""
        size = node.dtype.itemsize
        self.scratch = max(self.scratch, k * n * size)
        name, at = f"m{DTYPES[node.dtype.name]}", -(-self.nbytes // ALIGNED) * ALIGNED // size
        self.kinds.add(node.dtype.name)
        self.lines += [f"for j in range({n}):", f"    for k in range({k}):"]
        copied = f"{b[0]}[{_index(b[1], strides, ['k', 'j'])}]"
        self.lines.append(f"        {name}[{_index(at, (n, 1), ['k', 'j'])}] = {copied}")
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
        zero = "False" if node.dtype.kind == "b" else f"np.{node.dtype.name}(0)"
        self.lines += [f"for i in range({prod(node.shape)}):", f"    {target}[{at} + i] = {zero}"]
        for x, region in unit.regions:
            letters = [f"i{k}" for k in range(x.ndim)]
            if x.shape:
                seen = layout(x)
                name, offset = self.pointer(seen.base)
                value = f"{name}[{_index(offset + seen.offset, seen.strides, letters)}]"
            else:
                value = self.number(x, node.dtype)
            strides = region.strides[len(region.strides) - x.ndim :]
            if len(region.strides) != x.ndim:
                raise Unsupported("a part broadcast to its region")
            for depth, (letter, n) in enumerate(zip(letters, x.shape, strict=True)):
                self.lines.append("    " * depth + f"for {letter} in range({n}):")
            written = f"{target}[{_index(at + region.offset, strides, letters)}] = {value}"
            self.lines.append("    " * x.ndim + written)

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
        body = [*opening, *head, *self.lines, f"return {', '.join(results)}" if results else "return 0"]
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
        )

    def copy(self, state: Node, value: Any) -> None:
        """Write a new value into an input's array."""
        target = self.pointers[state]
        if isinstance(value, Node) and value.shape:
            at = layout(value)
            if at.strides != _contiguous(value.shape):
                raise Unsupported("a copy of what does not lie in order")
            name, offset = self.pointer(at.base)
            self.lines += [
                f"for i in range({prod(value.shape)}):",
                f"    {target}[i] = {name}[{offset + at.offset} + i]",
            ]
        else:
            written = self.number(value, state.dtype)
            self.lines += [f"for i in range({prod(state.shape)}):", f"    {target}[i] = {written}"]


def _contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))


def _spread(at: Layout, own: tuple[int, ...], shape: tuple[int, ...]) -> Layout:
    """Give the layout of an operand as it is broadcast to a loop's shape."""
    extra = len(shape) - len(own)
    strides = tuple(s if n == m else 0 for s, n, m in zip(at.strides, own, shape[extra:], strict=True))
    return Layout(at.base, at.offset, (0,) * extra + strides)


def _index(offset: int, strides: Sequence[int], letters: Sequence[str]) -> str:
    """Write an index: offset + Σ letter · stride."""
    terms = [letter if s == 1 else f"{letter} * {s}" for letter, s in zip(letters, strides, strict=True) if s]
    return " + ".join([*terms, str(offset)] if offset or not terms else terms)
