"""Triangles in NumPy, which solves none of its own: block after block, of which each is a small system.

``numpy.linalg.solve`` takes any matrix apart anew, ⅔ n³ multiplications and more for each column: of a triangle of 200
rows and as many columns that took 1.3 ms, 0.7 in blocks, and takes 0.17 where the blocks on the diagonal are inverted
once, in 0.1, for all systems of a triangle; the rest is products, which are BLAS's. That is as exact where blocks are
well conditioned (J. Du Croz and N. Higham, "Stability of methods for matrix inversion", 1992).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minigrad.compiler.numpy.calls import KERNELS, Kernel, find_kernel
from minigrad.compiler.numpy.names import Lines
from minigrad.compiler.passes.triangles import find_root, find_triangle
from minigrad.engine.node import Node
from minigrad.ops.matrices.decompositions import HalfLower
from minigrad.ops.matrices.inverses import Solve

BLOCK = 32  # rows, of which LAPACK's way and products take about as long
COLUMNS = 3  # of all systems of a triangle, from which on its blocks are worth being inverted


def invert_blocks(a: Any, inverses: Any) -> None:
    """Leave the inverses of a triangle's blocks on the diagonal, the last of which may be smaller."""
    for i, first in enumerate(range(0, len(a), BLOCK)):
        own = a[first : first + BLOCK, first : first + BLOCK]
        inverses[i, : len(own), : len(own)] = np.linalg.inv(own)


def solve_triangle(lower: bool, a: Any, b: Any, y: Any, inverses: Any = None) -> None:
    """Leave the solution of a y = b in y, for a lower triangle a or an upper one: yᵢ = aᵢᵢ⁻¹ (bᵢ − Σⱼ aᵢⱼ yⱼ).

    ``inverses`` are those of the blocks aᵢᵢ, where they are known.
    """
    n = len(a)
    firsts = range(0, n, BLOCK)
    for first in firsts if lower else reversed(firsts):
        end = min(first + BLOCK, n)
        own, known = slice(first, end), slice(0, first) if lower else slice(end, n)
        left = b[own] - a[own, known] @ y[known] if known.stop > known.start else b[own]
        if inverses is None:
            y[own] = np.linalg.solve(a[own, own], left)
        else:
            np.matmul(inverses[first // BLOCK, : end - first, : end - first], left, y[own])


def write_solution(w: Any, node: Node, out: str) -> Lines:
    """Write a solution, by blocks where the matrix is known to be a triangle."""
    a, b = node.inputs
    lower = find_triangle(a)
    if lower is None or a.ndim != 2 or b.ndim != 2 or a.shape[0] <= 2 * BLOCK or not b.size:
        return [f"{out}[...] = {find_kernel(node.op).number(w, node)}"]
    name = w.constant(partial(solve_triangle, lower), f"solve_{'lower' if lower else 'upper'}")
    if a.dtype != b.dtype or _count_columns(w, find_root(a)) < COLUMNS:
        return [f"{name}({w.value(a)}, {w.value(b)}, {out})"]
    lines, inverses = _write_inverses(w, a)
    return [*lines, f"{name}({w.value(a)}, {w.value(b)}, {out}, {inverses})"]


def _write_inverses(w: Any, a: Node) -> tuple[Lines, str]:
    """Write how the blocks of a triangle are inverted, before its first system; give where the inverses are."""
    root, lines = find_root(a), []
    key = (root, "inverses")
    if key not in w.zeros:
        n = root.shape[0]
        w.zeros[key] = w.fresh(f"{w.value(root)}_inverses")
        w.made.append(f"{w.zeros[key]} = np.empty(({-(-n // BLOCK)}, {BLOCK}, {BLOCK}), np.{root.dtype.name})")
        lines.append(f"{w.constant(invert_blocks, 'invert_blocks')}({w.value(root)}, {w.zeros[key]})")
    if find_triangle(a) == find_triangle(root):
        return lines, w.zeros[key]
    turned = (root, "turned inverses")
    if turned not in w.zeros:
        w.zeros[turned] = w.fresh(f"{w.zeros[key]}_T")
        w.made.append(f"{w.zeros[turned]} = {w.zeros[key]}.transpose(0, 2, 1)")
    return lines, w.zeros[turned]


def _count_columns(w: Any, root: Node) -> int:
    """Count the columns of all systems of a triangle."""
    nodes = (*w.plan.first, *w.plan.second)
    return sum(
        x.inputs[1].shape[-1] for x in nodes if type(x.op) is Solve and x.ndim == 2 and find_root(x.inputs[0]) is root
    )


def write_half(w: Any, node: Node, out: str) -> Lines:
    """Write the lower triangle, of the diagonal one half: a product with what is there of each element, 1 or ½."""
    below = np.tril(np.ones(node.shape[-2:], bool))
    halves = below - 0.5 * np.eye(node.shape[-1])
    where, factors = w.constant(below, "below"), w.constant(halves.astype(node.dtype), "halves")
    return [f"{out}.fill(0)", w.call("multiply", w.value(node.inputs[0]), factors, out, f"where={where}")]


def register_triangles() -> None:
    """Say how a solution is written, and what the gradient of Cholesky's triangle takes."""
    KERNELS.register(Kernel(write_solution, find_kernel(Solve()).number), Solve)
    KERNELS.register(Kernel(write_half, find_kernel(HalfLower()).number), HalfLower)
