"""Where the elements are that an index with operands chooses: what is known of it, and which axes operands are of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minigrad.compiler.refusals import Unsupported
from minigrad.engine.node import Node
from minigrad.ops.base import Shape
from minigrad.ops.common.lane_indices import find_selected
from minigrad.ops.indexing import Gather


class Chosen(NamedTuple):
    """Positions as they are if every operand is 0, the axes of them that operands are broadcast to, and the operands.

    Of each it says (index, axis, size, stride): index · stride is added to the positions.
    """

    places: NDArray[np.int64]
    named: slice
    indices: list[tuple[Node, int, int, int]]


def choose_places(op: Gather, indices: Sequence[Any], sizes: Shape, strides: Sequence[int]) -> Chosen:
    """Say which places of an array an index chooses, whatever else is in it: slices, masks, new axes."""
    key = op.filled([np.zeros(i.shape, np.intp) for i in indices])
    if any(isinstance(part, bool | np.bool_) or (np.ndim(part) == 0 and _is_mask(part)) for part in key):
        raise Unsupported("a truth value along with arrays that are indices")
    axes = _find_axes(key, len(sizes))
    of_operands = [axis for axis, part in zip(axes, op.template, strict=True) if part is None]
    found = [(i, axis, sizes[axis], strides[axis]) for i, axis in zip(indices, of_operands, strict=True)]
    if any(not n and i.size for i, _, n, _ in found):
        raise Unsupported("an index of an axis without elements")
    places: Any = 0
    for axis, (n, stride) in enumerate(zip(sizes, strides, strict=True)):
        along = (np.arange(n) * stride).reshape([-1 if i == axis else 1 for i in range(len(sizes))])
        places = places + np.broadcast_to(along, sizes)[key]
    selected, before = find_selected(key, len(sizes))
    return Chosen(np.asarray(places), slice(before, before + selected), found)


def _is_mask(part: Any) -> bool:
    return np.asarray(part).dtype.kind == "b"


def _find_axes(key: Sequence[Any], ndim: int) -> list[int]:
    """Give the axis that each part of an index begins at."""
    takes = [0 if part is None or part is Ellipsis else _count_axes(part) for part in key]
    axes, axis = [], 0
    for part, count in zip(key, takes, strict=True):
        axes.append(axis)
        axis += ndim - sum(takes) if part is Ellipsis else count
    return axes


def _count_axes(part: Any) -> int:
    return np.ndim(part) if not isinstance(part, slice) and _is_mask(part) else 1
