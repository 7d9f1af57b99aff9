"""The one reverse walk: from the gradient of an output to the gradients of everything it was computed from."""

from __future__ import annotations

from collections.abc import Container
from heapq import heappop, heappush, heapreplace
from typing import Any

import numpy as np
from numpy import dot, ndarray

from minigrad.ops.base import Shape, one
from minigrad.ops.reduction import BLAS, ones
from minigrad.ops.shaping import Cast


def pullback(
    output: Any, gradient: Any, *, create_graph: bool = False, since: int = 1, keep: Container[Any] | None = None
) -> dict[Any, Any]:
    """Carry ``gradient`` = ∂E/∂output back to the leaves: {leaf: ∂E/∂leaf}.

    The chain rule in reverse: ∂E/∂x = Σ over the uses of x of the rule that each use states. The walk runs on
    arrays, or, with ``create_graph``, on the operands themselves, so that the gradients have graphs of their own.

    An operand's serial number is larger than those of its inputs, so taking the largest first is a topological
    order, and needs no search beforehand. A gradient is dropped as soon as it has been used. Operands older than
    ``since`` count as constants; the gradients of those in ``keep`` are returned along with the leaves'.

    An element that a choice (where, an index, max …) ignored has gradient 0, and its own derivative may be infinite
    or NaN: there 0 · ∞ means 0. Watching for that costs more than the products themselves, so it is done only for
    what has its whole gradient through choices.
    """
    masked: set[int] = set()  # the serials of those
    found: dict[Any, Any] = {}
    waiting: dict[int, tuple[Any, Any]] = {}  # serial -> (operand, gradient so far)
    queue: list[int] = []  # their serials, negated: the largest is taken first
    next_t = next_g = None  # one held back from the queue: along a chain it is the next, and the queue stays empty
    t, g = output, gradient
    if t.op is None:
        return {t: g}
    kind = type(t)  # a recorded result's exact class, which is quicker to ask for than its base
    plain = not (create_graph or keep)
    while True:
        if keep and t in keep:
            found[t] = g
        if plain and not (queue or masked) and type(t._b) is ndarray:
            t, g = _along_chain(t, g, since)
        op, y = t.op, t.data
        watched = masked and t.serial in masked
        if t._b is None:
            inputs, values = t._a, t._x
        else:
            inputs, values = (t._a, t._b), (t._x, t._z)
        if create_graph:
            y, values = t, tuple(x if isinstance(x, kind) else v for x, v in zip(inputs, values, strict=True))
        i = -1
        for x in inputs:
            i += 1
            if not isinstance(x, kind) or x.serial < since:
                continue
            rule = op.vjps[i]
            if rule is None:
                continue
            c = _watched(rule, i, op, g, y, values, kind.guarded) if watched else rule(op, g, y, *values)
            if op.broadcasts:
                value = values[i]
                if c.shape != value.shape:
                    c = unbroadcast(c, value.shape)
                if c.dtype is not value.dtype and c.dtype != value.dtype:
                    c = Cast(value.dtype)(c)
            if x.op is None:
                found[x] = found[x] + c if x in found else c
                continue
            if x is next_t:
                next_g = next_g + c
            elif waiting and x.serial in waiting:
                waiting[x.serial] = (x, waiting[x.serial][1] + c)
            else:
                if next_t is None:
                    next_t, next_g = x, c
                else:
                    waiting[x.serial] = (x, c)
                    heappush(queue, -x.serial)
                if watched or op.chooses:
                    masked.add(x.serial)
                continue
            if masked and not (watched or op.chooses):
                masked.discard(x.serial)
        if next_t is None:
            if not queue:
                return found
            t, g = waiting.pop(-heappop(queue))
        elif not queue or next_t.serial > -queue[0]:
            t, g, next_t = next_t, next_g, None
        else:
            waiting[next_t.serial] = (next_t, next_g)
            t, g, next_t = *waiting.pop(-heapreplace(queue, -next_t.serial)), None


def _along_chain(t: Any, g: Any, since: int) -> tuple[Any, Any]:
    """Follow operators on an operand and an array, and give where that ends, with the gradient there.

    What ``pullback`` does while nothing waits, without asking whether something does: at half the overhead.
    """
    while type(t._b) is ndarray:
        x, value, derivatives = t._a, t._x, t.op.derivatives
        if derivatives is None or x.op is None or x.serial < since:
            break
        derivative = derivatives[0]
        g = g if derivative is one else g * derivative(t.data, value, t._b)
        if g.shape != value.shape:
            g = unbroadcast(g, value.shape)
        if g.dtype is not value.dtype and g.dtype != value.dtype:
            g = Cast(value.dtype)(g)
        t = x
    return t, g


def _watched(rule: Any, i: int, op: Any, g: Any, y: Any, values: tuple[Any, ...], guarded: bool) -> Any:
    """Apply a rule; where it multiplies by a derivative that is not finite, a gradient of 0 stays 0.

    Only such a derivative is replaced: where it is finite, it matters to the second order even at g = 0.
    """
    if op.derivatives is None:
        return rule(op, g, y, *values)
    derivative = op.derivatives[i](y, *values)
    if getattr(derivative, "dtype", None) == np.bool_:
        return g * derivative
    if not (guarded or (getattr(derivative, "has_data", True) and getattr(g, "has_data", True))):
        return g * derivative  # an expression has no values to look at
    if isinstance(derivative, np.ndarray | np.generic | float | int) and np.isfinite(derivative).all():
        return g * derivative
    return g * np.where(g != 0, derivative, np.where(np.isfinite(derivative), derivative, 0))


def unbroadcast(g: Any, shape: Shape) -> Any:
    """Sum a gradient over the axes along which its operand was broadcast: ∂E/∂x = Σ over the copies of x."""
    if len(shape) == 1 and type(g) is ndarray and g.ndim == 2 and g.shape[1] == shape[0] and g.dtype in BLAS:
        return dot(ones((len(g),), g.dtype), g)  # the bias of a layer: in half the time of np.add.reduce
    extra = g.ndim - len(shape)
    if extra and g.shape[extra:] == shape:  # only leading axes
        return g.sum(0 if extra == 1 else tuple(range(extra)))
    axes = tuple(i for i in range(g.ndim) if i < extra or (shape[i - extra] == 1 and g.shape[i] != 1))
    return np.reshape(g.sum(axes, keepdims=True), shape)
