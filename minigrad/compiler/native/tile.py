"""A block of a matrix product that stays in registers: what native code makes a product of.

BLAS copies both factors into an order of its own before it multiplies, which pays for itself over many rows. A batch
has few: a block of C that is summed in registers, over rows of B as they lie, runs at 96 % of the processor's peak
where OpenBLAS reaches 80 (AMD EPYC with AVX-512, 64 rows). Needs the extra ``native``.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any

from minigrad.extras import require

extending: Any = require("numba.extending", "native")
types: Any = require("numba.core.types", "native")
ir: Any = require("llvmlite.ir", "native")
binding: Any = require("llvmlite.binding", "native")

WHOLE, LANE = ir.IntType(64), ir.IntType(32)


def _vectors() -> tuple[int, int]:
    """Give the bytes of this processor's widest vector, and how many registers hold one."""
    try:
        has = binding.get_host_cpu_features()
    except RuntimeError:  # on systems where LLVM cannot tell
        has = {}
    if has.get("avx512f"):
        return 64, 32
    if has.get("avx"):
        return 32, 16
    return 16, 32 if platform.machine() in ("arm64", "aarch64") else 16


def budget(registers: int) -> tuple[int, int, int]:
    """Give the registers for the sums of a block and for a row of B, and the rows from which more are no faster.

    One register is left for an element of A.
    """
    return (24, 4, 12) if registers == 32 else (12, 2, 6)


BYTES, REGISTERS = _vectors()
SUMS, ACROSS, MOST_ROWS = budget(REGISTERS)

MASKING = 32  # bytes of a vector, from which on processors load and store some elements of one alone

AT_ONCE = 4  # vectors of sums of a dot product: the next addition need not wait for the last one


def block(m: int, n: int, itemsize: int) -> tuple[int, int]:
    """Give rows and columns of the blocks to cut a C of m rows and n columns into: about equal, and few."""
    lanes = BYTES // itemsize
    vectors = -(-n // lanes)
    across = part_evenly(vectors, max(ACROSS, SUMS // m))
    return part_evenly(m, min(SUMS // across, MOST_ROWS)), min(across * lanes, n)


def part_evenly(total: int, most: int) -> int:
    """Give the size of equal parts, of at most so many, to cut a total into."""
    return -(-total // -(-total // most))


@extending.intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def tile(
    typing: Any, rows: Any, columns: Any, sign: Any, a: Any, a0: Any, ai: Any, ak: Any, b: Any, b0: Any, bk: Any,
    c: Any, c0: Any, ci: Any, k: Any, first: Any, f0: Any,
) -> Any:  # fmt: skip
    """C ← A B, or C ← C ± A B where the sign is not 0, for a block of C; its size and the sign are literal.

    A[i, k] is a[a0 + i ai + k ak], B[k, j] is b[b0 + k bk + j], and C[i, j] is c[c0 + i ci + j]. There is at least one
    k. Each row of the sums starts from that at first[f0], or from 0 where ``first`` is None.
    """
    place = types.intp
    ends = (types.none if isinstance(first, types.NoneType) else first, place)
    signature = types.void(rows, columns, sign, a, place, place, place, b, place, place, c, place, place, place, *ends)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, _, a_, a0, ai, ak, b_, b0, bk, c_, c0, ci, k, first, f0 = arguments
        row = Row(builder, context.get_value_type(a.dtype), columns.literal_value)
        lines = range(rows.literal_value)
        start = row.zeros() if signature.args[-2] == types.none else row.load(first, f0)

        def more(step: Any, sums: list[Any]) -> list[Any]:
            """Add a column of A times a row of B."""
            vectors = row.load(b_, builder.add(b0, builder.mul(step, bk)))
            column = builder.add(a0, builder.mul(step, ak))
            places = [builder.add(column, builder.mul(WHOLE(i), ai)) for i in lines]
            numbers = [builder.load(builder.gep(a_, [place])) for place in places]
            factors = [(fill_lanes(builder, x, y.type), y) for x in numbers for y in vectors]
            return [multiply_add(builder, x, y, old) for (x, y), old in zip(factors, sums, strict=True)]

        sums = sum_over(builder, k, 1, start * len(lines), more)
        for i in lines:
            place, new = builder.add(c0, builder.mul(WHOLE(i), ci)), sums[i * len(start) : (i + 1) * len(start)]
            if sign.literal_value:
                change = builder.fadd if sign.literal_value > 0 else builder.fsub
                new = [change(x, y) for x, y in zip(row.load(c_, place), new, strict=True)]
            row.store(new, c_, place)
        return context.get_dummy_value()

    return signature, generate


@extending.intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def dot(typing: Any, k: Any, a: Any, a0: Any, b: Any, b0: Any) -> Any:
    """Σ a b over a literal number of elements, from a[a0] and b[b0] on."""
    signature = a.dtype(k, a, types.intp, b, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, a_, a0, b_, b0 = arguments
        real = context.get_value_type(a.dtype)
        lanes = count_lanes(real)
        several = Row(builder, real, AT_ONCE * lanes)
        sums, whole = several.zeros(), k.literal_value // (AT_ONCE * lanes) * (AT_ONCE * lanes)

        def added(row: Row, step: Any, sums: list[Any]) -> list[Any]:
            """Add the products of two rows."""
            xs, ys = (row.load(pointer, builder.add(place, step)) for pointer, place in ((a_, a0), (b_, b0)))
            pairs = [(widen(builder, x, lanes), widen(builder, y, lanes)) for x, y in zip(xs, ys, strict=True)]
            return [multiply_add(builder, x, y, old) for (x, y), old in zip(pairs, sums, strict=False)]

        if whole:
            sums = sum_over(builder, WHOLE(whole), AT_ONCE * lanes, sums, partial(added, several))
        rest = added(Row(builder, real, k.literal_value - whole), WHOLE(whole), sums)
        return add_lanes(builder, reduce(builder.fadd, rest + sums[len(rest) :]))

    return signature, generate


def count_lanes(real: Any) -> int:
    """Give how many elements the widest vector holds."""
    return BYTES // (4 if isinstance(real, ir.FloatType) else 8)


class Row:
    """Elements that lie in order, as vectors of which the last may be shorter."""

    def __init__(self, builder: Any, real: Any, columns: int) -> None:
        self.builder, self.aligned = builder, 4 if isinstance(real, ir.FloatType) else 8  # bytes, of an element alone
        self.starts = range(0, columns, count_lanes(real))
        self.kinds = [ir.VectorType(real, min(count_lanes(real), columns - start)) for start in self.starts]

    def zeros(self) -> list[Any]:
        """Give vectors of zeros."""
        return [ir.Constant(kind, [0.0] * kind.count) for kind in self.kinds]

    def load(self, pointer: Any, place: Any) -> list[Any]:
        """Load the row at a place."""
        return [self.builder.load(x, align=self.aligned) for x in self._each(pointer, place)]

    def store(self, vectors: list[Any], pointer: Any, place: Any) -> None:
        """Store the row at a place."""
        for x, to in zip(vectors, self._each(pointer, place), strict=True):
            self.builder.store(x, to, self.aligned)

    def _each(self, pointer: Any, place: Any) -> list[Any]:
        firsts = [self.builder.gep(pointer, [self.builder.add(place, WHOLE(start))]) for start in self.starts]
        return [self.builder.bitcast(x, kind.as_pointer()) for x, kind in zip(firsts, self.kinds, strict=True)]


class WideRow(Row):
    """Elements that lie in order, as whole vectors: what is beyond the last element is 0, and never looked at.

    That is one instruction, where a vector of 11 is one of 8, one of 2 and one of 1: a kernel's gradient took half as
    long again. One of 8 is an instruction, too, and stays such. What has just been stored so must not be read soon,
    which waits for the cache.
    """

    def __init__(self, builder: Any, real: Any, columns: int) -> None:
        super().__init__(builder, real, columns)
        self.whole, n = ir.VectorType(real, count_lanes(real)), self.kinds[-1].count
        self.masked = n & (n - 1) > 0 and BYTES >= MASKING
        if self.masked:
            self.kinds[-1] = self.whole
            bit = ir.IntType(1)
            self.mask = ir.Constant(ir.VectorType(bit, self.whole.count), [bit(i < n) for i in range(self.whole.count)])

    def load(self, pointer: Any, place: Any) -> list[Any]:
        """Load the row at a place."""
        if not self.masked:
            return super().load(pointer, place)
        *firsts, last = self._each(pointer, place)
        zeros = ir.Constant(self.whole, [0.0] * self.whole.count)
        short = self._call("load", self.whole, [last, LANE(self.aligned), self.mask, zeros])
        return [*(self.builder.load(x, align=self.aligned) for x in firsts), short]

    def store(self, vectors: list[Any], pointer: Any, place: Any) -> None:
        """Store the row at a place."""
        if not self.masked:
            super().store(vectors, pointer, place)
            return
        *firsts, last = self._each(pointer, place)
        for x, to in zip(vectors, firsts, strict=False):
            self.builder.store(x, to, self.aligned)
        self._call("store", ir.VoidType(), [vectors[-1], last, LANE(self.aligned), self.mask])

    def _call(self, name: str, result: Any, arguments: list[Any]) -> Any:
        """Call a function of LLVM's that looks at some elements alone."""
        lanes, real = self.whole.count, "f32" if isinstance(self.whole.element, ir.FloatType) else "f64"
        kind = ir.FunctionType(result, [x.type for x in arguments])
        function = self.builder.module.declare_intrinsic(f"llvm.masked.{name}.v{lanes}{real}.p0", (), kind)
        return self.builder.call(function, arguments)


def sum_over(builder: Any, stop: Any, step: int, sums: list[Any], more: Callable[[Any, list[Any]], list[Any]]) -> Any:
    """Write a loop over k from 0 to below ``stop``, which is above 0: the sums become ``more(k, sums)`` each time."""
    before, loop, after = builder.block, *(builder.append_basic_block(name) for name in ("k", "summed"))
    builder.branch(loop)
    builder.position_at_end(loop)
    k, olds = builder.phi(WHOLE), [builder.phi(x.type) for x in sums]
    news = more(k, olds)
    following = builder.add(k, WHOLE(step))
    last = builder.block  # another one than the loop's first if there is a loop inside
    builder.cbranch(builder.icmp_signed("<", following, stop), loop, after)
    for old, first, new in zip([k, *olds], [WHOLE(0), *sums], [following, *news], strict=True):
        old.add_incoming(first, before)
        old.add_incoming(new, last)
    builder.position_at_end(after)
    return news


def multiply_add(builder: Any, x: Any, y: Any, z: Any) -> Any:
    """Give x y + z of vectors, in one instruction where there is one."""
    kind = x.type
    name = f"llvm.fmuladd.v{kind.count}f{32 if isinstance(kind.element, ir.FloatType) else 64}"
    return builder.call(builder.module.declare_intrinsic(name, (), ir.FunctionType(kind, [kind] * 3)), [x, y, z])


def take_lanes(builder: Any, x: Any, lanes: Sequence[int]) -> Any:
    """Give some of the elements of a vector; what is beyond its end is 0."""
    mask = ir.Constant(ir.VectorType(LANE, len(lanes)), list(lanes))
    return builder.shuffle_vector(x, ir.Constant(x.type, [0.0] * x.type.count), mask)


def add_lanes(builder: Any, x: Any) -> Any:
    """Add up the elements of a vector, its halves first."""
    while x.type.count > 1:
        half = x.type.count // 2
        x = builder.fadd(*(take_lanes(builder, x, range(i, i + half)) for i in (0, half)))
    return builder.extract_element(x, LANE(0))


def fill_lanes(builder: Any, x: Any, kind: Any) -> Any:
    """Fill a vector with one number."""
    return take_lanes(builder, builder.insert_element(ir.Constant(kind, ir.Undefined), x, LANE(0)), [0] * kind.count)


def widen(builder: Any, x: Any, lanes: int) -> Any:
    """Fill a shorter vector up with zeros."""
    n = x.type.count
    return x if n == lanes else take_lanes(builder, x, [*range(n), *[n] * (lanes - n)])
