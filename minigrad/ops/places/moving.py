"""Indexing that has a notation of its own: reversed, rolled, a diagonal, a triangle of a matrix."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from minigrad.ops.base import Op, Shape
from minigrad.ops.common.lanes import batch_along
from minigrad.ops.indexing import Index, Scatter


class Flip(Index):
    """The elements in reverse along axes: whole slices, some of them backwards. The gradient is reversed again."""

    name = "flip"
    example = (slice(None, None, -1),)
    vjps = (lambda op, g, y, x: Flip(op.key)(g),)


class Diagonal(Index):
    """The k-th diagonal of matrices, which lie on the last two axes: yᵢ = xᵢᵢ₊ₖ. A view, for reading alone."""

    name, text, shows = "diagonal", "diag({x})", True
    example = ((..., np.arange(3), np.arange(3)),)
    vjps = (lambda op, g, y, x: Diag(op.key, x.shape)(g),)

    def __init__(self, key: Any) -> None:
        super().__init__(key)
        self.text = _write_diagonal(key)

    def forward(self, x: Any) -> Any:
        """Show the diagonal."""
        return np.diagonal(x, _find_offset(self.key) if len(self.key[1]) else x.shape[-1], -2, -1)

    @classmethod
    def of(cls, shape: Shape, k: int) -> Diagonal:
        """Give the operation for matrices of these sizes."""
        return cls(_diagonal_key(shape, k))


class Diag(Scatter):
    """The transpose of ``Diagonal``: zeros of shape ``into``, with x on the k-th diagonal."""

    name, text = "diag", "diag({x})"
    vjps = (lambda op, g, y, x: Diagonal(op.key)(g),)
    example: ClassVar[tuple[Any, ...]] = ((..., np.arange(3), np.arange(3)), (3, 3, 3))

    def __init__(self, key: Any, into: Shape) -> None:
        super().__init__(key, into)
        self.text = _write_diagonal(key)

    @classmethod
    def of(cls, into: Shape, k: int) -> Diag:
        """Give the operation for matrices of these sizes."""
        return cls(_diagonal_key(into, k), into)


def _diagonal_key(shape: Shape, k: int) -> tuple[Any, ...]:
    rows, columns = shape[-2:]
    n = np.arange(max(min(rows + min(k, 0), columns - max(k, 0)), 0))
    return ..., n - min(k, 0), n + max(k, 0)


def _find_offset(key: tuple[Any, ...]) -> int:
    _, rows, columns = key
    return int(columns[0] - rows[0])


def _write_diagonal(key: tuple[Any, ...]) -> str:
    k = _find_offset(key) if len(key[1]) else 0
    return f"diag({{x}}, {k})" if k else "diag({x})"


class Roll(Op):
    """The elements moved on along an axis, those at its end coming in at its start: ∂E/∂x = roll(g, −shift)."""

    name, text, fields, example = "roll", "roll({x}, {shift})", ("shift", "axis"), (1, 0)
    reads_values = False
    vjps = (lambda op, g, y, x: Roll(-op.shift, op.axis)(g),)

    def __init__(self, shift: int, axis: int) -> None:
        self.shift, self.axis = shift, axis

    batch = batch_along

    def forward(self, x: Any) -> Any:
        """Move the elements."""
        return np.roll(x, self.shift, self.axis)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the input's own shape."""
        return shapes[0]

    def as_simpler(self, x: Any) -> Any:
        """Give the same by slices that are joined."""
        along = (slice(None),) * (self.axis % x.ndim)
        start = -self.shift % max(x.shape[self.axis], 1)
        return np.concatenate([x[*along, start:], x[*along, :start]], self.axis)


class Tril(Op):
    """The elements of matrices on the k-th diagonal and below, and 0 above; the gradient is cut in the same way."""

    name, text = "tril", "tril({x})"
    fields: ClassVar[tuple[str, ...]] = ("k",)
    example: ClassVar[tuple[Any, ...]] = (0,)
    reads_values, chooses = False, True
    vjps = (lambda op, g, y, x: type(op)(op.k)(g),)

    def __init__(self, k: int) -> None:
        self.k = k
        self.text = f"{self.name}({{x}}, {{k}})" if k else type(self).text

    def batch(self, x: Any) -> Any:
        """Cut off of all lanes."""
        return self(x)

    def forward(self, x: Any) -> Any:
        """Cut off what lies above."""
        return np.tril(x, self.k)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the input's own shape."""
        return shapes[0]

    def as_simpler(self, x: Any) -> Any:
        """Give the same as a choice by a mask."""
        return np.where(np.tri(x.shape[-2], x.shape[-1], self.k, dtype=bool), x, np.zeros(1, x.dtype))


class Triu(Tril):
    """The elements of matrices on the k-th diagonal and above, and 0 below; the gradient is cut in the same way."""

    name, text = "triu", "triu({x})"

    def forward(self, x: Any) -> Any:
        """Cut off what lies below."""
        return np.triu(x, self.k)

    def as_simpler(self, x: Any) -> Any:
        """Give the same as a choice by a mask."""
        return np.where(np.tri(x.shape[-2], x.shape[-1], self.k - 1, dtype=bool), np.zeros(1, x.dtype), x)
