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
HALF = BLOCK // 2
COLUMNS = 3  # of all systems of a triangle, from which on its blocks are worth being inverted


def invert_blocks(lower: bool, a: Any, inverses: Any) -> None:
    """Leave the inverses of a triangle's blocks on the diagonal, the last of which may be smaller.

    Those of halves A and B on a block's diagonal come first, in one call: (A 0; C B)⁻¹ = (A⁻¹ 0; −B⁻¹ C A⁻¹ B⁻¹), which
    spares a quarter of the time. What is beyond the last is filled up with ones.
    """
    corner = (slice(HALF, None), slice(0, HALF)) if lower else (slice(0, HALF), slice(HALF, None))
    halves = np.zeros((2 * len(inverses), HALF, HALF), a.dtype)
    halves[:, range(HALF), range(HALF)] = 1
    for i, first in enumerate(range(0, len(a), HALF)):
        own = a[first : first + HALF, first : first + HALF]
        halves[i, : len(own), : len(own)] = own
    halves = np.linalg.inv(halves)
    inverses.fill(0)
    for i, first in enumerate(range(0, len(a), BLOCK)):
        own = a[first : first + BLOCK, first : first + BLOCK][corner]
        inverses[(i, *corner)][: own.shape[0], : own.shape[1]] = own
    inverses[:, :HALF, :HALF], inverses[:, HALF:, HALF:] = a_, b_ = halves[::2], halves[1::2]
    c = inverses[(slice(None), *corner)]
    c[...] = -(b_ @ c @ a_ if lower else a_ @ c @ b_)


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
        invert = w.constant(partial(invert_blocks, bool(find_triangle(root))), "invert_blocks")
        lines.append(f"{invert}({w.value(root)}, {w.zeros[key]})")
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
    """Write the lower triangle, of the diagonal one half: the bits of what is there, and none elsewhere.

    A product with 0 would be NaN of what is ∞, and one where it counts takes NumPy twice as long.
    """
    if node.dtype.char not in "efd" or node.inputs[0].dtype != node.dtype:
        return [f"{out}[...] = {find_kernel(node.op).number(w, node)}"]
    n, whole = node.shape[-1], np.dtype(f"i{node.dtype.itemsize}")
    bits = w.constant(-np.tril(np.ones(node.shape[-2:], whole)), "below")
    x = w.value(node.inputs[0])
    seen = (f"{name}.view(np.{whole.name})" for name in (x, out))
    diagonal = f"{out}.reshape({(*node.shape[:-2], n * n)})[..., :: {n + 1}]"
    return [w.call("bitwise_and", next(seen), bits, next(seen)), w.call("multiply", diagonal, "0.5", diagonal)]


def register_triangles() -> None:
    """Say how a solution is written, and what the gradient of Cholesky's triangle takes."""
    KERNELS.register(Kernel(write_solution, find_kernel(Solve()).number), Solve)
    KERNELS.register(Kernel(write_half, find_kernel(HalfLower()).number), HalfLower)
