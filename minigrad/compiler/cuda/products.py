"""Products of matrices: a call of cuBLAS where it has one, with the update drawn in, or else a kernel.

W ← W − Yᵀ δ is one call with α = −1 and β = 1; the learning rate is in δ already, which the passes have put there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from minigrad.compiler.cuda.along import AlongWriter
from minigrad.compiler.cuda.groups import Group
from minigrad.compiler.cuda.places import Kernel, Place, spread_layout, write_letters
from minigrad.compiler.cuda.registry import C_TYPES, SUFFIXES, Operand
from minigrad.compiler.passes.fuse import Product
from minigrad.compiler.passes.layouts import Layout, contiguous_strides, layout
from minigrad.engine.node import Node


@dataclass(frozen=True)
class Matrix:
    """Where a matrix begins, whether it lies by columns, how far its rows (or columns) are apart, and its batch's."""

    place: Place
    turned: bool
    lead: int
    apart: int = 0


@dataclass(frozen=True)
class Gemm:
    """C ← α A B + β C, of ``count`` matrices m × k and k × n; C lies by rows, as A and B do unless they are turned."""

    dtype: np.dtype[Any]
    m: int
    n: int
    k: int
    alpha: float
    a: Matrix
    b: Matrix
    beta: float
    c: Matrix
    count: int = 1

    @property
    def places(self) -> tuple[Place, ...]:
        """The places of A, B and C."""
        return self.a.place, self.b.place, self.c.place


class ProductWriter(AlongWriter):
    """Writes Products."""

    def write_product(self, unit: Product) -> None:
        """Write a matrix product; a vector is one row on the left, and one column on the right."""
        node = unit.node
        a, b = node.inputs
        m, n, k = a.shape[-2] if a.ndim > 1 else 1, b.shape[-1] if b.ndim > 1 else 1, a.shape[-1]
        batch = node.shape[: node.ndim - (a.ndim > 1) - (b.ndim > 1)]
        if not node.size:
            return
        whole = Layout(unit.into if unit.into is not None else node, 0, contiguous_strides((*batch, m, n)))
        layouts = [see_matrix(a, batch, False), see_matrix(b, batch, True), whole]
        alike = a.dtype == b.dtype == node.dtype and node.dtype.char in "df" and k
        by_blas = alike and all(
            suits_blas(at, size) for at, size in zip(layouts, ((m, k), (k, n), (m, n)), strict=True)
        )
        if by_blas:
            self.write_gemms(unit, layouts, batch, (m, n, k))
        else:
            self.write_sums(node, layouts, batch, (m, n, k), unit.sign)

    def write_gemms(self, unit: Product, layouts: list[Layout], batch: tuple[int, ...], sizes: tuple[int, ...]) -> None:
        """Write one call for each matrix of a batch, or for all along its last axis."""
        m, n, k = sizes
        around, count = (batch[:-1], batch[-1]) if batch else ((), 1)
        dtype = unit.node.dtype
        for at in product(*map(range, around)):
            matrices = []
            for seen, size in zip(layouts, ((m, k), (k, n), (m, n)), strict=True):
                offset = seen.offset + sum(i * s for i, s in zip(at, seen.strides, strict=False))
                matrices.append(self.matrix(seen, offset, size, seen.strides[-3] if batch else 0))
            a, b, c = matrices
            alpha, beta = (float(unit.sign), 1.0) if unit.into is not None else (1.0, 0.0)
            self.items.append(Gemm(dtype, m, n, k, alpha, a, b, beta, c, count))

    def matrix(self, at: Layout, offset: int, size: tuple[int, int], apart: int) -> Matrix:
        """Say how cuBLAS finds a matrix."""
        place = self.find(at.base)
        here = Place(place.kind, place.number, place.offset + offset * at.base.dtype.itemsize)
        lead = find_lead(at, size)
        assert lead is not None
        return Matrix(here, lead[0], lead[1], apart)

    def write_sums(
        self, node: Node, layouts: list[Layout], batch: tuple[int, ...], sizes: tuple[int, ...], sign: int
    ) -> None:
        """Write a product that cuBLAS has none for as sums: of integers, and of what lies in no such order."""
        (m, n, k), (a, b, c) = sizes, layouts
        letters = [f"o{axis}" for axis in range(len(batch) + 2)]
        shape = (*batch, m, n)
        group = Group(prod(shape), k, False)
        kernel = Kernel()
        body: list[str] = []
        x = self.read(a.base, Layout(a.base, a.offset, a.strides), [*letters[:-1], "r"], kernel, body)
        y = self.read(b.base, Layout(b.base, b.offset, b.strides), [*letters[:-2], "r", letters[-1]], kernel, body)
        kind, suffix = C_TYPES[node.dtype.name], SUFFIXES[node.dtype.name]
        target = f"{kernel.point(self.find(c.base), node.dtype)}[o]"
        entered = f"times{suffix}({x.to(node.dtype)}, {y.to(node.dtype)})"
        result = "s" if not sign else f"plus{suffix}({target}, {'-s' if sign < 0 else 's'})"
        kernel.lines = [
            "SHARED", f"GROUPS(o, {group.count}) {{", *(f"    {x}" for x in write_letters("o", letters, shape)),
            f"    {kind} s = {Operand('', None, 0).to(node.dtype)};",
            f"    if (LIVE(o, {group.count})) LANES(r, 0, {k}) {{", *(f"        {line}" for line in body),
            f"        s = plus{suffix}(s, {entered});", "    }", f"    GATHER(s, plus{suffix})",
            f"    if (FIRST && LIVE(o, {group.count})) {target} = {result};", "}",
        ]  # fmt: skip
        across, lanes = group.threads
        self.launch(kernel, -(-group.count // across), (across, lanes))


def see_matrix(x: Node, batch: tuple[int, ...], column: bool) -> Layout:
    """Give the layout of a factor as a matrix for each of a batch."""
    seen = layout(x)
    if x.ndim == 1:
        own = (seen.strides[0], 0) if column else (0, seen.strides[0])
        return Layout(seen.base, seen.offset, (*(0,) * len(batch), *own))
    over = spread_layout(Layout(seen.base, 0, seen.strides[:-2]), x.shape[:-2], batch).strides
    return Layout(seen.base, seen.offset, (*over, *seen.strides[-2:]))


def find_lead(at: Layout, size: tuple[int, int]) -> tuple[bool, int] | None:
    """Say whether a matrix lies by columns, and how far these, or its rows, are apart; None where it lies otherwise."""
    (rows, columns), (down, right) = size, at.strides[-2:]
    if (right == 1 or columns == 1) and (rows == 1 or down >= columns):
        return False, max(down if rows > 1 else columns, columns, 1)
    if (down == 1 or rows == 1) and (columns == 1 or right >= rows):
        return True, max(right if columns > 1 else rows, rows, 1)
    return None


def suits_blas(at: Layout, size: tuple[int, int]) -> bool:
    """Say whether cuBLAS can read a matrix as it lies."""
    return find_lead(at, size) is not None
