"""Solutions of triangles in NumPy, which has none of its own: block after block, of which each is a small system.

``numpy.linalg.solve`` takes any matrix apart anew, ⅔ n³ multiplications and more for each column; of a triangle of 200
rows and as many columns that took 0.6 ms, and takes a third in blocks, whose products are BLAS's.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minigrad.compiler.numpy.calls import KERNELS, Kernel, find_kernel
from minigrad.compiler.numpy.names import Lines
from minigrad.compiler.passes.triangles import find_triangle
from minigrad.engine.node import Node
from minigrad.ops.matrices.inverses import Solve

BLOCK = 48  # rows, of which LAPACK's way and products take about as long


def solve_triangle(lower: bool, a: Any, b: Any, y: Any) -> None:
    """Leave the solution of a y = b in y, for a lower triangle a or an upper one: yᵢ = aᵢᵢ⁻¹ (bᵢ − Σⱼ aᵢⱼ yⱼ)."""
    n = len(a)
    for first in range(0, n, BLOCK):
        end = min(first + BLOCK, n)
        own, known = (slice(first, end), slice(0, first)) if lower else (slice(n - end, n - first), slice(n - first, n))
        left = b[own] - a[own, known] @ y[known] if first else b[own]
        y[own] = np.linalg.solve(a[own, own], left)


def write_solution(w: Any, node: Node, out: str) -> Lines:
    """Write a solution, by blocks where the matrix is known to be a triangle."""
    a, b = node.inputs
    lower = find_triangle(a)
    if lower is None or a.ndim != 2 or b.ndim != 2 or a.shape[0] <= 2 * BLOCK or not b.size:
        return [f"{out}[...] = {find_kernel(node.op).number(w, node)}"]
    name = w.constant(partial(solve_triangle, lower), f"solve_{'lower' if lower else 'upper'}")
    return [f"{name}({w.value(a)}, {w.value(b)}, {out})"]


def register_triangles() -> None:
    """Say how a solution is written."""
    KERNELS.register(Kernel(write_solution, find_kernel(Solve()).number), Solve)
