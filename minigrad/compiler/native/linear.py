"""Small matrices in native code: factors, inverses, determinants and solutions, by loops over a few rows.

A call of NumPy's for a 2 × 2 matrix takes 5 μs, of which the arithmetic is 20 ns. Up to 16 rows the loops are faster;
where the size is known, as it always is here, those over two or three rows are no loops any more. Matrices lie in order
from ``a[at]`` on, pivots from ``p[pt]`` on. (G. Golub and C. Van Loan, *Matrix Computations*, 2013, 3.1, 3.4, 4.2; the
pivots are those of LAPACK's getrf.) Needs the extra ``native``.
"""

from __future__ import annotations

import math
from typing import Any

from minigrad.compiler.native.math import PLAIN, numba


@numba.njit(**PLAIN)  # type: ignore[untyped-decorator]
def factor(n: Any, a: Any, at: Any, p: Any, pt: Any) -> Any:
    """P a = L U in the place of a, whose rows are swapped so that each pivot is the largest below; say if one is 0."""
    singular = False
    for j in range(n):
        r, most = j, abs(a[at + j * n + j])
        for i in range(j + 1, n):
            size = abs(a[at + i * n + j])
            if size > most:
                r, most = i, size
        p[pt + j] = r
        if most == 0:
            singular = True
            continue
        if r != j:
            for k in range(n):
                a[at + j * n + k], a[at + r * n + k] = a[at + r * n + k], a[at + j * n + k]
        for i in range(j + 1, n):
            a[at + i * n + j] /= a[at + j * n + j]
            for k in range(j + 1, n):
                a[at + i * n + k] -= a[at + i * n + j] * a[at + j * n + k]
    return singular


@numba.njit(**PLAIN)  # type: ignore[untyped-decorator]
def solve(n: Any, m: Any, a: Any, at: Any, p: Any, pt: Any, y: Any, yt: Any) -> Any:
    """Solve a x = y for the m columns of y, in their place, and factor a; say whether it is singular."""
    if factor(n, a, at, p, pt):
        return True
    for i in range(n):
        r = p[pt + i]
        for k in range(m):
            y[yt + i * m + k], y[yt + r * m + k] = y[yt + r * m + k], y[yt + i * m + k]
    for i in range(n):
        for j in range(i):
            for k in range(m):
                y[yt + i * m + k] -= a[at + i * n + j] * y[yt + j * m + k]
    substitute(n, m, False, a, at, n, 1, y, yt)
    return False


@numba.njit(**PLAIN)  # type: ignore[untyped-decorator]
def invert(n: Any, a: Any, at: Any, p: Any, pt: Any, y: Any, yt: Any) -> Any:
    """y = a⁻¹, with a factored in its place; say whether it is singular."""
    for i in range(n):
        for j in range(n):
            y[yt + i * n + j] = i == j
    return solve(n, n, a, at, p, pt, y, yt)


@numba.njit(**PLAIN)  # type: ignore[untyped-decorator]
def substitute(n: Any, m: Any, lower: Any, a: Any, at: Any, down: Any, right: Any, y: Any, yt: Any) -> None:
    """Solve a x = y for the m columns of y, in their place, where a is the triangle of a[at + i down + j right]."""
    for step in range(n):
        i = step if lower else n - 1 - step
        for j in range(0 if lower else i + 1, i if lower else n):
            for k in range(m):
                y[yt + i * m + k] -= a[at + i * down + j * right] * y[yt + j * m + k]
        for k in range(m):
            y[yt + i * m + k] /= a[at + i * (down + right)]


@numba.njit(**PLAIN)  # type: ignore[untyped-decorator]
def sign_of(n: Any, a: Any, at: Any, p: Any, pt: Any) -> Any:
    """The sign of the determinant of P⁻¹ L U: that of the pivots, and of the swaps; 0 if one is 0."""
    sign = 1
    for i in range(n):
        pivot = a[at + i * (n + 1)]
        sign = 0 if pivot == 0 else -sign if (pivot < 0) != (p[pt + i] != i) else sign
    return sign


@numba.njit(**PLAIN)  # type: ignore[untyped-decorator]
def log_size(n: Any, a: Any, at: Any) -> Any:
    """The logarithm of the size of the pivots' product, −∞ if one is 0."""
    total = a[at] * 0
    for i in range(n):
        size = abs(a[at + i * (n + 1)])
        if size == 0:
            return total * 0 - math.inf
        total += math.log(size)
    return total


@numba.njit(**PLAIN)  # type: ignore[untyped-decorator]
def decompose(n: Any, a: Any, at: Any) -> Any:
    """a = L Lᵀ: the triangle L in the place of a's lower one; say whether a is not positive definite."""
    for j in range(n):
        for k in range(j):
            for i in range(j, n):
                a[at + i * n + j] -= a[at + i * n + k] * a[at + j * n + k]
        square = a[at + j * (n + 1)]
        if square <= 0:  # NaN goes on, as NumPy lets it
            return True
        size = math.sqrt(square)
        a[at + j * (n + 1)] = size
        for i in range(j + 1, n):
            a[at + i * n + j] /= size
    return False
