"""An outputs' column met with a row of as many targets: NumPy broadcasts them to all pairs, and few mean that."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine.messages.errors import describe, made_at, warn_user
from minigrad.ops import arithmetic
from minigrad.ops.base import Elementwise
from minigrad.ops.indexing import Index
from minigrad.ops.shaping import Reshape


def warn_of_pairs(y: Any) -> None:
    """Warn if y is a difference, or a product, of outputs of shape (n, 1) and targets of shape (n,), or the other way.

    Only of what an operation gave, and not where an axis was put in on purpose, as x[:, None] does: pairwise distances
    are written so. Asked in the walk back, where a gradient has to be summed over copies anyway.
    """
    if y.op is not arithmetic.subtract and y.op is not arithmetic.multiply:
        return
    a, b = y.inputs
    column, row = (a, b) if np.ndim(a) == 2 else (b, a)
    if np.shape(row) != np.shape(column)[:1] or np.shape(column)[1:] != (1,) or _is_deliberate(column):
        return
    outputs = column if _is_result(column) else row
    if not _is_result(outputs) or (y.op is arithmetic.multiply and (outputs is row or _requires_gradient(row))):
        return
    name = getattr(row, "name", None) or ("y" if outputs is row else "t")
    made = made_at([column, row])
    warn_user(
        f"{y.op.name}: {describe(a)}:{np.shape(a)} and {describe(b)}:{np.shape(b)} were broadcast to {y.shape}, each "
        f"output with every target{f'; {made}' if made else ''}. Make a column of the row, {name}[:, None]; or, if all "
        f"pairs are meant, write {name}[None, :].",
        RuntimeWarning,
    )


def _is_result(x: Any) -> bool:
    """Say whether x comes from more than functions of the elements of a tensor that the user has shaped so."""
    return _requires_gradient(x) and getattr(_below_functions(x), "op", None) is not None


def _requires_gradient(x: Any) -> bool:
    return getattr(x, "serial", 0) > 0


def _is_deliberate(x: Any) -> bool:
    """Say whether the axis of length 1 was put in by the user: by an index, a shape, or keepdims."""
    op = getattr(_below_functions(x), "op", None)
    return isinstance(op, Index | Reshape) or bool(getattr(op, "keepdims", False))


def _below_functions(x: Any) -> Any:
    while isinstance(getattr(x, "op", None), Elementwise) and len(x.inputs) == 1:
        (x,) = x.inputs
    return x
