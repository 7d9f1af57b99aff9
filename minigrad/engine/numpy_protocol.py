"""Which of NumPy's own functions work on operands, and by which operation (NEP 13 and NEP 18)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.ops import arithmetic, elementwise, linalg, reduction, shaping
from minigrad.ops.base import Op

UFUNCS: dict[np.ufunc, Op] = {
    np.add: arithmetic.add,
    np.subtract: arithmetic.subtract,
    np.multiply: arithmetic.multiply,
    np.divide: arithmetic.divide,
    np.negative: arithmetic.negative,
    np.absolute: arithmetic.absolute,
    np.power: arithmetic.power,
    np.maximum: arithmetic.maximum,
    np.minimum: arithmetic.minimum,
    np.greater: arithmetic.greater,
    np.greater_equal: arithmetic.greater_equal,
    np.less: arithmetic.less,
    np.less_equal: arithmetic.less_equal,
    np.equal: arithmetic.equal,
    np.not_equal: arithmetic.not_equal,
    np.exp: elementwise.exp,
    np.log: elementwise.log,
    np.sqrt: elementwise.sqrt,
    np.cbrt: elementwise.cbrt,
    np.square: elementwise.square,
    np.sin: elementwise.sin,
    np.cos: elementwise.cos,
    np.tanh: elementwise.tanh,
    np.sign: elementwise.sign,
    np.isfinite: elementwise.isfinite,
    np.matmul: linalg.matmul,
}


def where(condition: Any, x: Any, y: Any) -> Any:
    """Choose as ``numpy.where`` does, of its three arguments."""
    return arithmetic.where(condition, x, y)


FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.sum: reduction.sum,
    np.mean: reduction.mean,
    np.max: reduction.max,
    np.min: reduction.min,
    np.reshape: shaping.reshape,
    np.transpose: shaping.transpose,
    np.swapaxes: shaping.swapaxes,
    np.expand_dims: shaping.expand_dims,
    np.squeeze: shaping.squeeze,
    np.ravel: shaping.ravel,
    np.broadcast_to: shaping.broadcast_to,
    np.concatenate: shaping.concatenate,
    np.stack: shaping.stack,
    np.where: where,
    np.dot: linalg.dot,
    np.vdot: linalg.vdot,
    np.shape: lambda x: x.shape,
    np.ndim: lambda x: x.ndim,
    np.size: lambda x: x.size,
}

# NumPy functions whose result is a constant, an index or a truth value: no gradient belongs to it, so none is lost.
PLAIN: frozenset[Callable[..., Any]] = frozenset(
    (
        *(np.zeros_like, np.ones_like, np.empty_like, np.result_type),
        *(np.argmax, np.argmin, np.argsort, np.count_nonzero, np.nonzero, np.any, np.all),
        *(np.allclose, np.array_equal, np.isclose, np.array_repr, np.array_str, np.array2string),
    )
)

# Those that write into their first argument.
WRITING: frozenset[Callable[..., Any]] = frozenset(
    (np.copyto, np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal)
)
