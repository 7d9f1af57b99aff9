"""Polynomials by their coefficients, the highest power first; convolution and correlation, which multiply them."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import as_array
from minigrad.ops.composed.reductions import cast
from minigrad.ops.dtypes import WHOLE
from minigrad.ops.sliding import convolve as convolve_full


def polyval(p: Any, x: Any) -> Any:
    """Give the polynomial's value at x, by Horner's rule."""
    p, x = as_array(p), as_array(x)
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
    """Multiply two polynomials. Unlike NumPy's, the result keeps coefficients that begin with 0."""
    return np.convolve(a1, a2)


def polyder(p: Any, m: int = 1) -> Any:
    """Give the coefficients of the m-th derivative."""
    if m < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    p = as_array(p)
    for _ in range(m):
        p = p[:-1] * np.arange(p.shape[0] - 1, 0, -1)
    return p


def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """Give the coefficients of the m-th integral, with its constants k, one or m of them."""
    if m < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    p = as_array(p)
    constants = np.zeros(m) if k is None else np.broadcast_to(np.ravel(as_array(k)), (m,))
    for n in range(m):
        p = np.concatenate([p / np.arange(p.shape[0], 0, -1), constants[n : n + 1]])
    return p


def poly(seq_of_zeros: Any) -> Any:
    """Give the coefficients of the polynomial that has these roots; of a matrix, its characteristic polynomial."""
    roots = as_array(seq_of_zeros)
    if roots.ndim == 2:
        roots = np.linalg.eigvals(roots)
    elif roots.ndim > 2:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    roots = np.reshape(roots, (-1,))
    if roots.dtype in WHOLE or roots.dtype == np.float16:  # NumPy computes with no smaller floats than float32
        roots = roots.astype(np.float64)
    p: Any = np.ones(1, roots.dtype)
    for n in range(roots.shape[0]):
        p = np.concatenate([p, np.zeros(1, p.dtype)]) - np.concatenate([np.zeros(1, p.dtype), p]) * roots[n]
    return p


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
    """Give the part of all positions that a mode is about."""
    if mode == "full":
        return whole
    if mode == "same":
        return whole[(short - 1) // 2 : (short - 1) // 2 + long]
    if mode == "valid":
        return whole[short - 1 : long]
    raise ValueError(f"mode must be one of 'valid', 'same', or 'full' (got {mode!r})")
