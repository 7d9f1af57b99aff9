"""What people write in several ways, as a textbook has it: forward formulas, before anything is derived from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.algebra.normal.axes import takes_all
from minigrad.algebra.rewrite import on
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import multiply, negative
from minigrad.ops.base import Elementwise
from minigrad.ops.elements.exponential import log1p
from minigrad.ops.elementwise import log, square
from minigrad.ops.indexing import Index
from minigrad.ops.linalg import matmul
from minigrad.ops.places.moving import Diagonal
from minigrad.ops.reduction import Reduction, Sum
from minigrad.ops.shaping import Concatenate, Reshape, Stack, Transpose


@on(multiply)
def product_with_itself(node: Node) -> Any:
    """a ⊙ a = a², of real numbers."""
    a, b = node.inputs
    return square(a) if a is b and node.dtype.kind == "f" else None


@on(Index)
def index_of_all(node: Node) -> Any:
    """x[:, None] = x, as a column, and so for any index that takes all elements in order, into a matrix at most."""
    match node:
        case Node(Index() as op, (Node() as x,)) if type(op) is Index and node.ndim <= 2:
            return node.apply(Reshape(node.shape), (x,)) if x.size == node.size and takes_all(op.key) else None
    return None


@on(Index)
def part_of_joined(node: Node) -> Any:
    """stack(a, b)[1] = b, and so for what an index takes of one of the arrays alone that were joined."""
    match node:
        case Node(Index() as op, (Node(Concatenate() as joined, parts) as whole,)) if type(op) is Index:
            pass
        case _:
            return None
    keys = _whole_key(op.key, whole.ndim)
    if keys is None:
        return None
    axis = joined.axis % whole.ndim
    size, asked = whole.shape[axis], keys[axis]
    for x, place in zip(parts, joined.places(parts), strict=True):
        if isinstance(joined, Stack) and not isinstance(asked, slice):
            within: list[Any] | None = [] if place == asked % size else None
        else:
            within = _within(asked, place, size) if isinstance(place, slice) else None
        if within is not None:
            key = (*keys[:axis], *within, *keys[axis + 1 :])
            all_of_it = all(isinstance(part, slice) and part == slice(None) for part in key)
            return x if all_of_it or not isinstance(x, Node) else node.apply(Index(key), (x,))
    return None


def _whole_key(key: Any, ndim: int) -> list[Any] | None:
    """Give a number or a slice for each axis; None for an index that adds axes, or chooses by an array."""
    parts = list(key) if isinstance(key, tuple) else [key]
    dots = [i for i, part in enumerate(parts) if part is Ellipsis]
    if len(dots) > 1 or not all(part is Ellipsis or _is_place(part) for part in parts):
        return None
    at = dots[0] if dots else len(parts)
    return [*parts[:at], *[slice(None)] * (ndim - len(parts) + len(dots)), *parts[at + 1 :]]


def _is_place(part: Any) -> bool:
    return isinstance(part, slice | int | np.integer) and not isinstance(part, bool)


def _within(asked: Any, place: slice, size: int) -> list[Any] | None:
    """Give the index into an array that stands at a place of an axis; None where all of it is not asked for there."""
    if isinstance(asked, slice):
        start, stop, step = asked.indices(size)
        if step != 1 or not place.start <= start < stop <= place.stop:
            return None
        whole = (start, stop) == (place.start, place.stop)
        return [slice(None) if whole else slice(start - place.start, stop - place.start)]
    return [asked % size - place.start] if place.start <= asked % size < place.stop else None


@on(Reshape)
def axes_of_reduction(node: Node) -> Any:
    """Σₖ u = Σₖ u, with the axis kept in place of a reshape that brings it back; so for any reduction."""
    match node.inputs:
        case (Node(Reduction() as op, (Node() as x,)),) if op.fields == Reduction.fields and not op.keepdims:
            kept = type(op)(op.axis, True)
            return node.apply(kept, (x,)) if op.axis is not None and kept.shape(x.shape) == node.shape else None
    return None


@on(Reshape)
def reshape_of_function(node: Node) -> Any:
    """√(x) = √(x), as a column, of a column: a function of a vector's elements; and so with numbers, x + 2."""
    match node:
        case Node(Reshape() as op, (Node(Elementwise() as f, parts),)):
            arrays = [x for x in parts if np.ndim(x)]
            if len(arrays) == 1 and arrays[0].shape == (node.size,) and node.shape == (node.size, 1):
                return node.apply(f, tuple(node.apply(op, (x,)) if np.ndim(x) else x for x in parts))
    return None


@on(matmul)
def product_of_rows(node: Node) -> Any:
    """reshape(a) reshape(b) = Σ a ⊙ b, the product of all elements in a row, of two arrays of one shape."""
    if node.size != 1:
        return None
    (c, a), (d, b) = (_unrolled(x) for x in node.inputs)
    if a is None or b is None or a.shape != b.shape or a.dtype != b.dtype or a.dtype.kind not in "fc":
        return None
    total = Sum()(a * b)
    total = total if c * d == 1 else (c * d) * total
    return total if not node.shape else node.apply(Reshape(node.shape), (total,))


def _unrolled(x: Any) -> tuple[float, Node | None]:
    """Give the number before, and what has all its elements in one row, or column, here."""
    match x:
        case Node(op, (int() | float() as c, Node() as inner)) if op == multiply:
            factor, found = _unrolled(inner)
            return c * factor, found
        case Node(Reshape(), (Node() as inner,)) if x.size == max(x.shape) and inner.ndim > 1:
            return 1, inner
    return 1, None


@on(Sum)
def trace_of_product(node: Node) -> Any:
    """Σ diag(a b) = Σ a ⊙ bᵀ, the trace of a product of matrices."""
    match node:
        case Node(Sum(), (Node(Diagonal() as op, (Node(product, (Node() as a, Node() as b)),)),)):
            if product != matmul or node.shape or not a.ndim == b.ndim == 2 or node.dtype.kind != "f":
                return None
            if op != Diagonal.of((a.shape[0], b.shape[1]), 0):
                return None
            if isinstance(a.op, Transpose):  # Σ aᵀ ⊙ bᵀ is Σ a ⊙ b
                return Sum()(a.inputs[0] * b)
            return Sum()(a * (b.inputs[0] if isinstance(b.op, Transpose) else b.T))
    return None


@on(matmul)
def sum_by_ones(node: Node) -> Any:
    """a ones = Σₖ a, for a column of ones, of an a that is computed."""
    x, ones = node.inputs
    if not isinstance(x, Node) or x.op is None or x.ndim != 2 or not isinstance(ones, Node) or ones.value is None:
        return None
    if node.dtype.kind != "f":  # truth values are not counted by a product
        return None
    alike = ones.shape in ((x.shape[1],), (x.shape[1], 1)) and ones.dtype == x.dtype and x.shape[1] > 1
    return Sum(-1, keepdims=ones.ndim == 2)(x) if alike and np.all(ones.value == 1) else None


@on(Transpose)
def transpose_of_function(node: Node) -> Any:
    """(aᵀ ⊙ b)ᵀ = a ⊙ bᵀ, and so for any function of elements and on either side; a vector becomes a column."""
    match node:
        case Node(Transpose(axes=None | (1, 0)), (Node(Elementwise() as f, parts),)) if node.ndim == 2:
            turned = [isinstance(x, Node) and isinstance(x.op, Transpose) and x.ndim == 2 for x in parts]
            if any(turned) and len(parts) > 1:
                inside = [_turned(x, known) for x, known in zip(parts, turned, strict=True)]
                found = node.apply(f, tuple(inside))
                return found if found.shape == node.shape else None
    return None


def _turned(x: Any, is_transpose: bool) -> Any:
    """Give the transpose of what broadcasts to a matrix."""
    if is_transpose:
        return x.inputs[0]
    if np.ndim(x) == 1:
        return x.apply(Reshape((x.size, 1)), (x,))
    return x if not np.ndim(x) else x.T


@on(log1p)
def log_of_one_less(node: Node) -> Any:
    """log(1 + (−x)) = log(1 − x)."""
    match node.inputs:
        case (Node(op, (x,)),) if op == negative and node.inputs[0].dtype == node.dtype:
            return log(1 - x)
    return None
