"""Polynomials by their coefficients, the highest power first; convolution and correlation, which multiply them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from minigrad.ops.base import as_array, as_floating
from minigrad.ops.common.dtypes import WHOLE
from minigrad.ops.composed.arguments import find_values, has_zero
from minigrad.ops.composed.reductions import cast
from minigrad.ops.parts import is_complex
from minigrad.ops.places.sliding import convolve as convolve_full


def polyval(p: Any, x: Any) -> Any:
    """Give the polynomial's value at x, by Horner's rule."""
    p, x = as_array(p), as_array(x)
    if not p.ndim:
        raise TypeError("polyval: wanted coefficients, the highest power first, and p is one number; write p[None]")
    y = p[0] if p.shape[0] > 1 else 0 * x + (p[0] if p.shape[0] else 0)
    for n in range(1, p.shape[0]):
        y = y * x + p[n]
    return y


def polyadd(a1: Any, a2: Any) -> Any:
    """Add two polynomials."""
    a, b = _align(a1, a2)
    return a + b


def polysub(a1: Any, a2: Any) -> Any:
    """Subtract one polynomial from another."""
    a, b = _align(a1, a2)
    return a - b


def _align(a: Any, b: Any) -> tuple[Any, Any]:
    """Give the coefficients of both from the same power on."""
    a, b = (x if x.ndim else np.reshape(x, (1,)) for x in map(as_array, (a, b)))
    missing = a.shape[0] - b.shape[0]
    if missing > 0:
        b = np.concatenate([np.zeros(missing, b.dtype), b])
    elif missing < 0:
        a = np.concatenate([np.zeros(-missing, a.dtype), a])
    return a, b


def polymul(a1: Any, a2: Any) -> Any:
    """Multiply two polynomials, without the zeros that coefficients may begin with, unless those have a gradient."""
    return np.convolve(*(_start_at_first(as_array(p)) for p in (a1, a2)))


def _start_at_first(p: Any) -> Any:
    """Give coefficients from the first on that is not 0.

    One that is 0 and has a gradient is a coefficient like others; so is one that is not known, in compiled code.
    """
    values = find_values(p)
    if values is None or _has_gradient(p) or not values.size or not p.ndim:
        return p
    return p[int(np.argmax(values != 0)) :] if values.any() else p[-1:]


def _has_gradient(p: Any) -> bool:
    return bool(getattr(p, "requires_grad", False))


def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """Divide one polynomial by another: the quotient, and what is left over, which has as many coefficients less.

    NumPy leaves out those of the remainder's first that are nearly 0; here they stay where they have a gradient.
    """
    u, v = (as_floating(x if x.ndim else np.reshape(x, (1,))) for x in map(as_array, (u, v)))
    n, rest, quotient = v.shape[0] - 1, u, []
    for _ in range(u.shape[0] - n):
        q = rest[0] / v[0]
        quotient.append(q)
        rest = np.concatenate([rest[1 : n + 1] - q * v[1:], rest[n + 1 :]])
    zero = 0 * u[:1] * v[:1]
    while (known := find_values(rest)) is not None and known.shape[0] > 1 and not _has_gradient(rest):
        if not np.allclose(known[0], 0, rtol=1e-14):
            break
        rest = rest[1:]
    return np.stack(quotient) if quotient else zero, rest if rest.shape[0] else zero


def roots(p: Any) -> Any:
    """Give the numbers at which a polynomial is 0: complex ones, unless all of them are known to be real.

    They are the eigenvalues of its companion matrix (R. A. Horn and C. R. Johnson, Matrix Analysis, 1999, 3.3.12), and
    those that are 0 come last, as NumPy has them.
    """
    p = as_floating(as_array(p))
    p = _start_at_first(p if p.ndim else np.reshape(p, (1,)))
    if p.ndim != 1:
        raise ValueError("Input must be a rank-1 array.")
    n = p.shape[0]
    if n < 2:
        return p[:0]
    if has_zero(p[:1]):
        raise ValueError("roots: the first coefficient is 0, so that a root is infinite; leave it out, p[1:]")
    w = np.linalg.eigvals(np.concatenate([np.expand_dims(-p[1:] / p[0], 0), np.eye(n - 2, n - 1, dtype=p.dtype)]))
    known = find_values(w)
    return w if known is None or known.all() else w[np.argsort(known == 0, kind="stable")]


def polyfit(
    x: Any, y: Any, deg: Any, rcond: float | None = None, full: bool = False, w: Any = None, cov: bool | str = False
) -> Any:
    """Give the coefficients of the polynomial of a degree that is nearest to y at x: least squares, weighted by w.

    With ``full`` also what ``np.linalg.lstsq`` gives, with ``cov`` the coefficients' covariances: (VᵀV)⁻¹ times the
    residuals a degree of freedom, V having the powers of x as columns.
    """
    x, y, order = as_floating(as_array(x)), as_floating(as_array(y)), int(deg) + 1
    if x.dtype in _UNSOLVED:
        raise TypeError(f"array type {x.dtype} is unsupported in linalg")
    _check_fit(x, y, order)
    powers = np.vander(x, order)
    if w is not None:
        w = as_array(w)
        if w.shape != x.shape:
            raise TypeError("polyfit: expected w of x's shape, one weight a place")
        powers, y = powers * np.expand_dims(w, -1), (y.T * w).T
    scale = np.sqrt(np.sum(powers * powers, 0))
    powers = powers / scale
    rcond = x.shape[0] * np.finfo(x.dtype).eps if rcond is None else rcond
    c, residuals, rank, s = np.linalg.lstsq(powers, y, rcond)
    c = (c.T / scale).T
    if full:
        return c, residuals, rank, s, rcond
    if isinstance(rank, int) and rank != order:
        warnings.warn("Polyfit may be poorly conditioned", np.exceptions.RankWarning, stacklevel=5)
    if not cov:
        return c
    spread = np.linalg.inv(powers.T @ powers) / (scale[:, None] * scale)
    if cov != "unscaled":
        if x.shape[0] <= order:
            raise ValueError("the number of data points must exceed order to scale the covariance matrix")
        spread = (np.expand_dims(spread, -1) if y.ndim > 1 else spread) * (residuals / (x.shape[0] - order))
    elif y.ndim > 1:
        spread = np.expand_dims(spread, -1)
    return c, spread


_UNSOLVED = (np.float16, np.longdouble, np.clongdouble)  # which NumPy solves no equations with


def _check_fit(x: Any, y: Any, order: int) -> None:
    """Raise NumPy's errors for places and values that do not fit together."""
    if order < 1:
        raise ValueError("expected deg >= 0")
    if x.ndim != 1:
        raise TypeError("expected 1D vector for x")
    if not x.shape[0]:
        raise TypeError("expected non-empty vector for x")
    if y.ndim not in (1, 2):
        raise TypeError("expected 1D or 2D array for y")
    if x.shape[0] != y.shape[0]:
        raise TypeError("expected x and y to have same length")


def polyder(p: Any, m: int = 1) -> Any:
    """Give the coefficients of the m-th derivative."""
    if m < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    p = as_array(p)
    if not p.ndim:
        raise TypeError("polyder: wanted coefficients, the highest power first, and p is one number; write p[None]")
    for _ in range(m):
        p = p[:-1] * np.arange(p.shape[0] - 1, 0, -1)
    return p


def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """Give the coefficients of the m-th integral, with its constants k, one or m of them."""
    if m < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    p = as_array(p)
    constants = np.zeros(m) if k is None else np.ravel(as_array(k))
    if constants.shape == (1,) and m > 1:
        constants = np.broadcast_to(constants, (m,))
    if constants.shape[0] < m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    for n in range(m):
        p = np.concatenate([p / np.arange(p.shape[0], 0, -1), constants[n : n + 1]])
    return p


def poly(seq_of_zeros: Any) -> Any:
    """Give the coefficients of the polynomial that has these roots; of a matrix, its characteristic polynomial."""
    roots = as_array(seq_of_zeros)
    if roots.ndim == 2:
        characteristic = poly(np.linalg.eigvals(roots))
        return characteristic if is_complex(roots) else characteristic.real  # as it is of real ones, up to rounding
    if roots.ndim > 2:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    roots = np.reshape(roots, (-1,))
    if roots.dtype in WHOLE or roots.dtype == np.float16:  # NumPy computes with no smaller floats than float32
        roots = roots.astype(np.float64)
    p: Any = np.ones(1, roots.dtype)
    for n in range(roots.shape[0]):
        p = np.concatenate([p, np.zeros(1, p.dtype)]) - np.concatenate([np.zeros(1, p.dtype), p]) * roots[n]
    known = find_values(roots) if is_complex(roots) else None
    if known is None or not np.all(np.sort(known) == np.sort(known.conj())):
        return p
    return p.real  # of conjugate pairs


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Give the powers of each element as columns, the highest first."""
    x = as_array(x)
    x = cast(x, np.promote_types(x.dtype, int))
    if x.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    powers = range(x.shape[0] if N is None else N)
    if not powers:
        return x[:, None][:, :0]
    return np.stack([x**n for n in (powers if increasing else powers[::-1])], 1)


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """Give Σ aₖ₋ₘ vₘ: wherever the two overlap, as many as the longer has, or where the shorter lies within it."""
    a, v = _as_rows(a, v)
    long, short = max(a.shape[0], v.shape[0]), min(a.shape[0], v.shape[0])
    return _cut(convolve_full(a, v), mode, long, short)


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """Give Σ aₖ₊ₘ v̄ₘ, where one lies within the other, or as in ``convolve``."""
    a, v = _as_rows(a, v)
    long, short = max(a.shape[0], v.shape[0]), min(a.shape[0], v.shape[0])
    v = v.conj() if v.dtype.kind == "c" else v
    if a.shape[0] < v.shape[0]:  # NumPy exchanges the two, and what it leaves out at the ends with them
        return _cut(convolve_full(v, a[::-1]), mode, long, short)[::-1]
    return _cut(convolve_full(a, v[::-1]), mode, long, short)


def _as_rows(a: Any, v: Any) -> tuple[Any, Any]:
    a, v = (x if x.ndim else np.reshape(x, (1,)) for x in map(as_array, (a, v)))
    if a.ndim > 1 or v.ndim > 1:
        raise ValueError("object too deep for desired array")
    if not a.shape[0] or not v.shape[0]:
        raise ValueError(f"{'v' if a.shape[0] else 'a'} cannot be empty")
    return a, v


def _cut(whole: Any, mode: str, long: int, short: int) -> Any:
    """Give the part of all positions that a mode is about; NumPy takes it as a number, too."""
    mode = {0: "valid", 1: "same", 2: "full"}.get(mode, mode)  # type: ignore[call-overload]
    if mode == "full":
        return whole
    if mode == "same":
        return whole[(short - 1) // 2 : (short - 1) // 2 + long]
    if mode == "valid":
        return whole[short - 1 : long]
    raise ValueError(f"mode must be one of 'valid', 'same', or 'full' (got {mode!r})")
