"""Gradients of an array that was taken apart, as u[:, :3], u[:, 3:6], …: together they are one array again."""

from __future__ import annotations

from typing import Any

from minigrad.algebra.numbers import same_arithmetic
from minigrad.algebra.rewrite import on
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add, negative, subtract
from minigrad.ops.indexing import Scatter
from minigrad.ops.shaping import Concatenate


@on(add, subtract)
def parts_together(node: Node) -> Any:
    """scatter(a, [:2]) + scatter(b, [2:]) = concatenate(a, b), of slices that cover an axis, each element once."""
    if node.dtype.kind != "f" or not (any(map(_is_part, node.inputs)) or all(map(_is_sum, node.inputs))):
        return None  # the terms of a long sum were looked at when it was shorter
    terms = _split_terms(node)
    places = {i: _place(x) for i, (x, _) in enumerate(terms) if getattr(x, "dtype", None) == node.dtype}
    axes = {place[0] for place in places.values() if place}
    for axis in sorted(axes):
        along = sorted((place[1:], i) for i, place in places.items() if place and place[0] == axis)
        starts, stops = [start for (start, _), _ in along], [stop for (_, stop), _ in along]
        if len(along) < 2 or starts != [0, *stops[:-1]] or stops[-1] != node.shape[axis]:
            continue
        parts = tuple(terms[i][0].inputs[0] if terms[i][1] else -terms[i][0].inputs[0] for _, i in along)
        total: Any = node.apply(Concatenate(axis), parts)
        for i, (x, is_added) in enumerate(terms):
            if i not in {i for _, i in along}:
                total = total + x if is_added else total - x
        return total
    return None


def _is_sum(x: Any) -> bool:
    return isinstance(x, Node) and x.op in (add, subtract)


def _is_part(x: Any) -> bool:
    """Say whether x was scattered, or is the negative of what was."""
    x = x.inputs[0] if isinstance(x, Node) and x.op == negative else x
    return isinstance(x, Node) and type(x.op) is Scatter


def _split_terms(node: Node) -> list[tuple[Any, bool]]:
    """Give the terms of a sum of one shape, in order, and whether each is added or taken away."""
    terms: list[tuple[Any, bool]] = []
    stack: list[tuple[Any, bool]] = [(node, True)]
    while stack:
        x, is_added = stack.pop()
        if isinstance(x, Node) and x.op in (add, subtract) and x.shape == node.shape and x.dtype == node.dtype:
            stack += [(x.inputs[1], is_added == (x.op == add)), (x.inputs[0], is_added)]
        elif isinstance(x, Node) and x.op == negative and same_arithmetic(x.inputs[0], node):
            stack.append((x.inputs[0], not is_added))
        else:
            terms.append((x, is_added))
    return terms


def _place(x: Any) -> tuple[int, int, int] | None:
    """Give the axis and the ends of the one slice that an array was scattered into; None for anything else."""
    if not isinstance(x, Node) or type(x.op) is not Scatter or not isinstance(x.inputs[0], Node):
        return None
    parts = x.op.key if isinstance(x.op.key, tuple) else (x.op.key,)
    if len(parts) > x.ndim or not all(isinstance(part, slice) for part in parts):
        return None
    ends = [(i, *part.indices(x.shape[i])) for i, part in enumerate(parts)]
    some = [(i, start, stop) for i, start, stop, step in ends if (start, stop, step) != (0, x.shape[i], 1)]
    if len(some) != 1 or any(step != 1 for *_, step in ends):
        return None
    axis, start, stop = some[0]
    inner = (*x.shape[:axis], stop - start, *x.shape[axis + 1 :])
    alike = x.inputs[0].shape == inner and x.inputs[0].dtype == x.dtype
    return (axis, start, stop) if stop > start and alike else None
