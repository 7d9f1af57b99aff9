"""A block of a matrix product that stays in registers: what native code makes a product of.

BLAS copies both factors into an order of its own before it multiplies, which pays for itself over many rows. A batch
has few: a block of C that is summed in registers, over rows of B as they lie, runs at 96 % of the processor's peak
where OpenBLAS reaches 80 (AMD EPYC with AVX-512, 64 rows). Needs the extra ``native``.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from minigrad.extras import require

extending: Any = require("numba.extending", "native")
types: Any = require("numba.core.types", "native")
ir: Any = require("llvmlite.ir", "native")
binding: Any = require("llvmlite.binding", "native")

Sums = list[list[Any]]  # for each row of a block, its vectors

WHOLE, LANE = ir.IntType(64), ir.IntType(32)


def _vectors() -> tuple[int, int]:
    """Give the bytes of this processor's widest vector, and how many registers hold one."""
    has = binding.get_host_cpu_features()
    if has.get("avx512f"):
        return 64, 32
    if has.get("avx"):
        return 32, 16
    return 16, 32 if has.get("neon") else 16


BYTES, REGISTERS = _vectors()
# Registers for the sums, and for one row of B; one is left for an element of A. More rows than so many are no faster.
SUMS, ACROSS, MOST_ROWS = (24, 4, 12) if REGISTERS == 32 else (12, 2, 6)


def block(m: int, n: int, itemsize: int) -> tuple[int, int]:
    """Give rows and columns of the blocks to cut a C of m rows and n columns into: about equal, and few."""
    lanes = BYTES // itemsize
    vectors = -(-n // lanes)
    across = _even(vectors, max(ACROSS, SUMS // m))
    return _even(m, min(SUMS // across, MOST_ROWS)), min(across * lanes, n)


def _even(total: int, most: int) -> int:
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
        real = context.get_value_type(a.dtype)
        writer = _Block(builder, real, rows.literal_value, columns.literal_value)
        _, _, _, a_, a0, ai, ak, b_, b0, bk, c_, c0, ci, k, first, f0 = arguments
        start = None if signature.args[-2] == types.none else writer.row(first, f0)
        sums = writer.sums(a_, a0, ai, ak, b_, b0, bk, k, start)
        writer.store(sums, sign.literal_value, c_, c0, ci)
        return context.get_dummy_value()

    return signature, generate


class _Block:
    """Writes LLVM's code for one block."""

    def __init__(self, builder: Any, real: Any, rows: int, columns: int) -> None:
        self.builder, self.real, self.rows = builder, real, rows
        self.itemsize = 4 if isinstance(real, ir.FloatType) else 8
        lanes = BYTES // self.itemsize
        self.starts = range(0, columns, lanes)  # of the vectors in a row, the last of which may be shorter
        self.kinds = [ir.VectorType(real, min(lanes, columns - start)) for start in self.starts]

    def sums(
        self, a: Any, a0: Any, ai: Any, ak: Any, b: Any, b0: Any, bk: Any, k: Any, start: list[Any] | None
    ) -> Sums:
        """Write the loop over k."""
        builder = self.builder
        before, loop, after = builder.block, *(builder.append_basic_block(name) for name in ("k", "summed"))
        builder.branch(loop)
        builder.position_at_end(loop)
        step = builder.phi(WHOLE)
        olds = [[builder.phi(kind) for kind in self.kinds] for _ in range(self.rows)]
        row = self.row(b, builder.add(b0, builder.mul(step, bk)))
        column = builder.add(a0, builder.mul(step, ak))
        news = []
        for i, line in enumerate(olds):
            x = builder.load(builder.gep(a, [builder.add(column, builder.mul(WHOLE(i), ai))]))
            news.append([self.multiply_add(x, y, old) for y, old in zip(row, line, strict=True)])
        following = builder.add(step, WHOLE(1))
        builder.cbranch(builder.icmp_signed("<", following, k), loop, after)
        step.add_incoming(WHOLE(0), before)
        step.add_incoming(following, loop)
        starts = start or [ir.Constant(kind, [0.0] * kind.count) for kind in self.kinds]
        for old, first, new in zip(chain(*olds), starts * self.rows, chain(*news), strict=True):
            old.add_incoming(first, before)
            old.add_incoming(new, loop)
        builder.position_at_end(after)
        return news

    def store(self, sums: Sums, sign: int, c: Any, c0: Any, ci: Any) -> None:
        """Write what becomes of the sums."""
        builder = self.builder
        for i, line in enumerate(sums):
            place = builder.add(c0, builder.mul(WHOLE(i), ci))
            if sign:
                change = builder.fadd if sign > 0 else builder.fsub
                line = [change(old, new) for old, new in zip(self.row(c, place), line, strict=True)]
            for start, x in zip(self.starts, line, strict=True):
                builder.store(x, self.at(c, place, start, x.type), self.itemsize)

    def row(self, pointer: Any, place: Any) -> list[Any]:
        """Load the vectors of a row."""
        places = [self.at(pointer, place, start, kind) for start, kind in zip(self.starts, self.kinds, strict=True)]
        return [self.builder.load(x, align=self.itemsize) for x in places]

    def at(self, pointer: Any, place: Any, start: int, kind: Any) -> Any:
        """Point to a vector."""
        first = self.builder.gep(pointer, [self.builder.add(place, WHOLE(start))])
        return self.builder.bitcast(first, kind.as_pointer())

    def multiply_add(self, x: Any, y: Any, z: Any) -> Any:
        """Give x y + z for a number x and vectors y and z, in one instruction where there is one."""
        kind, none = y.type, ir.Constant(y.type, ir.Undefined)
        lanes = ir.Constant(ir.VectorType(LANE, kind.count), [0] * kind.count)
        spread = self.builder.shuffle_vector(self.builder.insert_element(none, x, LANE(0)), none, lanes)
        name = f"llvm.fmuladd.v{kind.count}f{8 * self.itemsize}"
        function = self.builder.module.declare_intrinsic(name, (), ir.FunctionType(kind, [kind] * 3))
        return self.builder.call(function, [spread, y, z])
