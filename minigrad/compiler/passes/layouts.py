"""Where the elements of views lie, for code that computes in flat memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from minigrad.compiler.passes.lower import is_view
from minigrad.compiler.refusals import Unsupported
from minigrad.engine.node import Node
from minigrad.ops.base import Shape
from minigrad.ops.indexing import Index
from minigrad.ops.shaping import BroadcastTo, Transpose


@dataclass(frozen=True)
class Layout:
    """Where the elements of a view lie in its base's memory: at offset + Σ index · stride, counted in elements."""

    base: Node
    offset: int
    strides: tuple[int, ...]


def contiguous_strides(shape: Shape) -> tuple[int, ...]:
    """Give the strides of an array whose elements lie in order."""
    strides, stride = [1] * len(shape), 1
    for i in range(len(shape) - 1, 0, -1):
        stride *= shape[i]
        strides[i - 1] = stride
    return tuple(strides)


def layout(node: Node) -> Layout:
    """Follow views to the memory that they look at."""
    if not is_view(node.op):
        return Layout(node, 0, contiguous_strides(node.shape))
    (x,) = node.inputs
    inner, op = layout(x), node.op
    if isinstance(op, Transpose):
        axes = op.axes if op.axes is not None else tuple(range(x.ndim))[::-1]
        return Layout(inner.base, inner.offset, tuple(inner.strides[i] for i in axes))
    if isinstance(op, BroadcastTo):
        own = (1,) * (node.ndim - x.ndim) + x.shape
        strides = (0,) * (node.ndim - x.ndim) + inner.strides
        return Layout(inner.base, inner.offset, tuple(s if n != 1 else 0 for s, n in zip(strides, own, strict=True)))
    if isinstance(op, Index):
        return index_layout(inner, x.shape, op.key)
    if inner.strides == contiguous_strides(x.shape):
        return Layout(inner.base, inner.offset, contiguous_strides(node.shape))
    kept = [s for s, n in zip(inner.strides, x.shape, strict=True) if n != 1]
    if [n for n in x.shape if n != 1] != [n for n in node.shape if n != 1]:
        raise Unsupported("a reshape of elements that do not lie in order")
    left = iter(kept)
    return Layout(inner.base, inner.offset, tuple(next(left) if n != 1 else 0 for n in node.shape))


def index_layout(inner: Layout, shape: Shape, key: Any) -> Layout:
    """Find offset and strides of what an index gives a view of."""
    parts = key if isinstance(key, tuple) else (key,)
    if any(type(part) is not int and type(part) is not slice for part in parts):
        return _index_any(inner, shape, parts)
    first, sizes, steps = 0, [], []
    for part, n, stride in zip(parts, shape, inner.strides, strict=False):
        if type(part) is int:
            first += (part if part >= 0 else part + n) * stride
        else:
            seen = range(*part.indices(n))
            sizes.append(len(seen))
            steps.append(stride * seen.step)
            first += seen.start * stride if sizes[-1] else 0
    sizes += shape[len(parts) :]
    steps += inner.strides[len(parts) :]
    first = first if all(sizes) else 0
    return Layout(inner.base, inner.offset + first, tuple(s if n > 1 else 0 for s, n in zip(steps, sizes, strict=True)))


def _index_any(inner: Layout, shape: Shape, parts: tuple[Any, ...]) -> Layout:
    """Find them for whatever else an index may hold.

    It is taken of bytes that are not there, and that nobody reads: so it costs nothing, whatever the size.
    """
    whole = as_strided(np.empty(1, np.int8), shape, inner.strides)
    seen = whole[parts if ... in parts else (*parts, ...)]  # an array, also of one element
    first = seen.ctypes.data - whole.ctypes.data if seen.size else 0
    steps = tuple(s if n > 1 else 0 for s, n in zip(seen.strides, seen.shape, strict=True))
    return Layout(inner.base, inner.offset + first, steps)


def positions(at: Layout, shape: Shape) -> NDArray[np.int64]:
    """Give the position of each element, counted from the first."""
    found = np.zeros(shape, np.int64)
    for axis, stride in enumerate(at.strides):
        found += (np.arange(shape[axis]) * stride).reshape([-1 if i == axis else 1 for i in range(len(shape))])
    return found


def find_steps(places: NDArray[np.int64]) -> tuple[int, tuple[int, ...]]:
    """Give the first of some positions, and the step to the next one along each axis."""
    if places.size == 0:
        return 0, (0,) * places.ndim
    first = int(places.flat[0])
    nexts = np.eye(places.ndim, dtype=int)
    steps = (int(places[tuple(e)]) - first if n > 1 else 0 for n, e in zip(places.shape, nexts, strict=True))
    return first, tuple(steps)


def share_loops(shape: Shape, strides: Iterable[Sequence[int]], apart: Iterable[Collection[int]]) -> list[int]:
    """Give for each axis the number of the loop that runs along it.

    Axes whose elements lie in order in all arrays, of some ``strides``, share one; not those of which one is among
    ``apart`` and the other is not. Over short axes the rest that fills no vector costs as much as what does.
    """
    strides, apart = list(strides), list(apart)
    loops = [0] * len(shape)
    for k in range(1, len(shape)):
        together = all(s[k - 1] == s[k] * shape[k] for s in strides) and all((k in x) == (k - 1 in x) for x in apart)
        loops[k] = loops[k - 1] + (not together)
    return loops


def merge_sizes(shape: Shape, loops: Sequence[int]) -> Shape:
    """Give the sizes of loops that are shared by axes."""
    return tuple(prod(n for n, loop in zip(shape, loops, strict=True) if loop == k) for k in range(loops[-1] + 1))


def merge_strides(strides: Sequence[int], loops: Sequence[int]) -> tuple[int, ...]:
    """Give the strides of loops that are shared by axes: those of their last ones."""
    return tuple(dict(zip(loops, strides, strict=True)).values())
