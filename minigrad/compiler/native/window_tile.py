"""Blocks of a convolution that stay in registers: windows of images, which no matrix is made of.

A sum runs over k, the elements of a window in all channels, and a table says how far each is from the window's first:
a row of the factor B is a line of the image from there on (an implicit product; Chetlur et al. 2014). Needs the extra
``native``.
"""

from __future__ import annotations

from typing import Any

from minigrad.compiler.native.tile import (
    MOST_ROWS,
    SUMS,
    WHOLE,
    WideRow,
    add_lanes,
    count_lanes,
    extending,
    fill_lanes,
    multiply_add,
    part_evenly,
    sum_over,
    types,
    widen,
)

ACROSS = 4  # vectors of a line, at most, in one block


def cut_block(rows: int, lines: int, width: int, lanes: int) -> tuple[int, int, int]:
    """Give rows, lines and columns of the blocks to cut the outputs of windows into: about equal, and few."""
    vectors = -(-width // lanes)
    across = part_evenly(vectors, ACROSS)
    high = part_evenly(lines, max(1, max(2, SUMS // rows) // across))
    return part_evenly(rows, min(SUMS // (across * high), MOST_ROWS)), high, min(across * lanes, width)


def cut_sums(rows: int, columns: int) -> tuple[int, int]:
    """Give rows and columns of the blocks to cut the sums of a kernel's gradient into."""
    most = 4 if SUMS == 24 else 3
    high = part_evenly(rows, most)
    return high, part_evenly(columns, max(SUMS // high, 1))


@extending.intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def window_tile(
    typing: Any, rows: Any, lines: Any, columns: Any, a: Any, a0: Any, ai: Any, b: Any, b0: Any, bl: Any,
    table: Any, t0: Any, c: Any, c0: Any, ci: Any, cl: Any, k: Any,
) -> Any:  # fmt: skip
    """C[i, l, j] ← Σₖ A[i, k] B[l, k, j] for a block of C, whose sizes are literal; there is at least one k.

    A[i, k] is a[a0 + i ai + k], B[l, k, j] is b[b0 + l bl + table[t0 + k] + j], and C[i, l, j] c[c0 + i ci + l cl + j].
    """
    place = types.intp
    begins = (a, place, place, b, place, place, table, place, c, place, place, place, place)
    signature = types.void(rows, lines, columns, *begins)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, _, a_, a0, ai, b_, b0, bl, table_, t0, c_, c0, ci, cl, k = arguments
        row = WideRow(builder, context.get_value_type(a.dtype), columns.literal_value)
        ups, sides = range(rows.literal_value), range(lines.literal_value)

        def more(step: Any, sums: list[Any]) -> list[Any]:
            """Add a column of A times a row of B."""
            shift = builder.load(builder.gep(table_, [builder.add(t0, step)]))
            begin = builder.add(b0, shift)
            vectors = [x for h in sides for x in row.load(b_, builder.add(begin, builder.mul(WHOLE(h), bl)))]
            column = builder.add(a0, step)
            places = [builder.add(column, builder.mul(WHOLE(i), ai)) for i in ups]
            numbers = [builder.load(builder.gep(a_, [x])) for x in places]
            factors = [(fill_lanes(builder, x, y.type), y) for x in numbers for y in vectors]
            return [multiply_add(builder, x, y, old) for (x, y), old in zip(factors, sums, strict=True)]

        sums = sum_over(builder, k, 1, row.zeros() * len(sides) * len(ups), more)
        across = len(row.kinds)
        for n, (i, h) in enumerate((i, h) for i in ups for h in sides):
            line = builder.add(builder.mul(WHOLE(i), ci), builder.mul(WHOLE(h), cl))
            row.store(sums[n * across : (n + 1) * across], c_, builder.add(c0, line))
        return context.get_dummy_value()

    return signature, generate


@extending.intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def window_dots(
    typing: Any, rows: Any, columns: Any, width: Any, a: Any, a0: Any, ai: Any, an: Any, b: Any, b0: Any, bn: Any,
    table: Any, t0: Any, l0: Any, c: Any, c0: Any, ci: Any, lines: Any, samples: Any,
) -> Any:  # fmt: skip
    """C[i, j] ← C[i, j] + Σ A[n, i, l, q] B[n, j, l, q] over samples n, lines l and places q, for a block of C.

    Rows, columns and the width of lines are literal. A[n, i, l, q] is a[a0 + n an + i ai + l width + q], B[n, j, l, q]
    is b[b0 + n bn + table[t0 + j] + table[l0 + l] + q], and C[i, j] is c[c0 + i ci + j].
    """
    place = types.intp
    begins = (a, place, place, place, b, place, place, table, place, place, c, place, place, place, place)
    signature = types.void(rows, columns, width, *begins)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, _, a_, a0, ai, an, b_, b0, bn, table_, t0, l0, c_, c0, ci, lines, samples = arguments
        real = context.get_value_type(a.dtype)
        ups, sides = range(rows.literal_value), range(columns.literal_value)
        shifts = [builder.load(builder.gep(table_, [builder.add(t0, WHOLE(j))])) for j in sides]

        def added(count: int, left: Any, right: Any, sums: list[Any]) -> list[Any]:
            """Add the products of some elements of a line."""
            row, lanes = WideRow(builder, real, count), count_lanes(real)
            tops = [row.load(a_, builder.add(left, builder.mul(WHOLE(i), ai))) for i in ups]
            parts = [row.load(b_, builder.add(right, shift)) for shift in shifts]
            for v in range(len(row.kinds)):
                ys, xs = ([widen(builder, z[v], lanes) for z in zs] for zs in (tops, parts))
                pairs = [(y, x) for y in ys for x in xs]
                sums = [multiply_add(builder, y, x, old) for (y, x), old in zip(pairs, sums, strict=True)]
            return sums

        def of_line(left: Any, right: Any, sums: list[Any]) -> list[Any]:
            """Add those of a line: of whole vectors in a loop, and the rest."""
            size, lanes = width.literal_value, count_lanes(real)
            whole = size // lanes * lanes
            if whole > lanes:
                sums = sum_over(
                    builder, WHOLE(whole), lanes, sums,
                    lambda q, sums: added(lanes, builder.add(left, q), builder.add(right, q), sums),
                )  # fmt: skip
            elif whole:
                sums = added(lanes, left, right, sums)
            left, right = (builder.add(z, WHOLE(whole)) for z in (left, right))
            return added(size - whole, left, right, sums) if size > whole else sums

        def of_sample(n: Any, sums: list[Any]) -> list[Any]:
            left = builder.add(a0, builder.mul(n, an))
            right = builder.add(b0, builder.mul(n, bn))

            def more(h: Any, sums: list[Any]) -> list[Any]:
                shift = builder.load(builder.gep(table_, [builder.add(l0, h)]))
                begin = builder.add(left, builder.mul(h, WHOLE(width.literal_value)))
                return of_line(begin, builder.add(right, shift), sums)

            return sum_over(builder, lines, 1, sums, more)

        whole = WideRow(builder, real, count_lanes(real))
        sums = sum_over(builder, samples, 1, whole.zeros() * (len(ups) * len(sides)), of_sample)
        for n, (i, j) in enumerate((i, j) for i in ups for j in sides):
            at = builder.add(c0, builder.add(builder.mul(WHOLE(i), ci), WHOLE(j)))
            target = builder.gep(c_, [at])
            builder.store(builder.fadd(builder.load(target), add_lanes(builder, sums[n])), target)
        return context.get_dummy_value()

    return signature, generate
