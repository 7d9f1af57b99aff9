"""Indexing as NumPy does it, and its transpose, which adds into zeros at an index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from minigrad.ops.base import EachInput, Op, Shape, placeholder


class Index(Op):
    """Indexing as NumPy does it: slices, integers, arrays of integers, masks. An element taken twice counts twice."""

    name, text, chooses = "index", "{x}[{key}]", True
    reads_values, views = False, True
    fields: ClassVar[tuple[str, ...]] = ("key",)
    example: ClassVar[tuple[Any, ...]] = (0,)
    vjps = (lambda op, g, y, x: Scatter(op.key, x.shape)(g),)

    def __init__(self, key: Any) -> None:
        self.key = _own(key)

    def forward(self, x: Any) -> Any:
        """Index; basic indexing gives a view."""
        return x[self.key]

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of what the index selects."""
        return placeholder(shapes[0])[self.key].shape

    def _key(self) -> tuple[Any, ...]:
        return (_hashable(self.key),)


class Scatter(Index):
    """The transpose of indexing: zeros of shape ``into``, with x added in at the index."""

    name, text, chooses = "scatter", "scatter({x}, [{key}])", False
    views = False
    fields: ClassVar[tuple[str, ...]] = ("key", "into")
    example: ClassVar[tuple[Any, ...]] = (0, (3, 3, 3))
    vjps = (lambda op, g, y, x: g[op.key],)

    def __init__(self, key: Any, into: Shape) -> None:
        self.key, self.into = _own(key), into

    def forward(self, x: Any) -> Any:
        """Add x into zeros; an index that holds arrays may name an element twice, which += would count once."""
        y = np.zeros_like(x, shape=self.into)
        if is_basic(self.key):
            y[self.key] = x
        else:
            np.add.at(y, self.key, x)
        return y

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape scattered into."""
        return self.into

    def _key(self) -> tuple[Any, ...]:
        return (_hashable(self.key), self.into)


class Diagonal(Index):
    """The k-th diagonal of matrices, which lie on the last two axes: yᵢ = xᵢᵢ₊ₖ."""

    name, text = "diagonal", "diag({x})"
    example = ((..., np.arange(3), np.arange(3)),)
    vjps = (lambda op, g, y, x: Diag(op.key, x.shape)(g),)

    def __init__(self, key: Any) -> None:
        super().__init__(key)
        self.text = _write_diagonal(key)

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


def _write_diagonal(key: tuple[Any, ...]) -> str:
    _, rows, columns = key
    k = int(columns[0] - rows[0]) if len(rows) else 0
    return f"diag({{x}}, {k})" if k else "diag({x})"


def _own(key: Any) -> Any:
    """Copy the arrays of an index: one that changes after indexing must not change where the gradient goes."""
    if isinstance(key, tuple):
        return tuple(_own(part) for part in key)
    return key.copy() if isinstance(key, np.ndarray) else list(key) if isinstance(key, list) else key


def is_basic(key: Any) -> bool:
    """Say whether an index holds no arrays, so that it names every element once."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(part is None or part is Ellipsis or isinstance(part, slice | int | np.integer) for part in parts)


def _hashable(key: Any) -> Any:
    """Give a stand-in for an index that compares and hashes by value, arrays and slices included."""
    if isinstance(key, tuple):
        return tuple(_hashable(part) for part in key)
    if isinstance(key, slice):
        return ("slice", key.start, key.stop, key.step)
    if isinstance(key, list | np.ndarray):
        array = np.asarray(key)
        return (array.shape, array.dtype.str, array.tobytes())
    return (isinstance(key, bool | np.bool_), key)


class OfTheFirst(EachInput):
    """A rule for the first input alone; the others, indices, have no gradient."""

    def __getitem__(self, i: int) -> Any:
        return self.rule if i == 0 else None


class Gather(Op):
    """Indexing where some of the indices are operands: ``template`` holds the static ones, each in a tuple, and None.

    ``Gather((None,))(x, i)`` is ``x[i]``, and ``Gather(((slice(2),), None))(x, i)`` is ``x[:2, i]``.
    """

    name, letters, text, chooses = "gather", "xi", "{x}[{i}]", True
    fields: ClassVar[tuple[str, ...]] = ("template",)
    example: ClassVar[tuple[Any, ...]] = ((None,),)
    vjps = OfTheFirst(lambda op, g, y, x, *indices: ScatterAt(op.template, x.shape)(g, *indices))

    def __init__(self, template: tuple[Any, ...]) -> None:
        self.template = template

    def filled(self, indices: Sequence[Any]) -> tuple[Any, ...]:
        """Give the whole index, with the operands in their places."""
        left = iter(indices)
        return tuple(next(left) if part is None else part[0] for part in self.template)

    def forward(self, x: Any, *indices: Any) -> Any:
        """Index."""
        return x[self.filled(indices)]

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of what the index selects."""
        return placeholder(shapes[0])[self.filled([np.zeros(shape, np.intp) for shape in shapes[1:]])].shape

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype of x."""
        return np.result_type(dtypes[0])

    def _key(self) -> tuple[Any, ...]:
        return (_hashable(self.template),)


class ScatterAt(Gather):
    """The transpose of ``Gather``: zeros of shape ``into``, with x added in at the index."""

    name, text, chooses = "scatter_at", "scatter({x}, {i})", False
    fields: ClassVar[tuple[str, ...]] = ("template", "into")
    example = ((None,), (3,))
    vjps = OfTheFirst(lambda op, g, y, x, *indices: Gather(op.template)(g, *indices))

    def __init__(self, template: tuple[Any, ...], into: Shape) -> None:
        super().__init__(template)
        self.into = into

    def forward(self, x: Any, *indices: Any) -> Any:
        """Add x into zeros."""
        y = np.zeros_like(x, shape=self.into)
        np.add.at(y, self.filled(indices), x)
        return y

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape scattered into."""
        return self.into

    def _key(self) -> tuple[Any, ...]:
        return (_hashable(self.template), self.into)
