"""The one reverse walk: from the gradient of an output to the gradients of everything it was computed from."""

from __future__ import annotations

from collections.abc import Container
from heapq import heappop, heappush
from typing import Any

import numpy as np

from minigrad.op import Shape, minus_one, one
from minigrad.operand import Operand
from minigrad.ops.shaping import Cast


def pullback(
    output: Any, gradient: Any, *, create_graph: bool = False, since: int = 1, keep: Container[Any] = ()
) -> dict[Any, Any]:
    """Carry ``gradient`` = ∂E/∂output back to the leaves: {leaf: ∂E/∂leaf}.

    The chain rule in reverse: ∂E/∂x = Σ over the uses of x of the rule that each use states. The walk runs on
    arrays, or, with ``create_graph``, on the operands themselves, so that the gradients have graphs of their own.

    An operand's serial number is larger than those of its inputs, so taking the largest first is a topological
    order, and needs no search beforehand. A gradient is dropped as soon as it has been used. Operands older than
    ``since`` count as constants; the gradients of those in ``keep`` are returned along with the leaves'.
    """
    found: dict[Any, Any] = {}
    waiting: dict[int, tuple[Any, Any]] = {}  # serial -> (operand, gradient so far)
    queue: list[int] = []  # their serials, negated: the largest is taken first
    t, g = output, gradient
    while True:
        if keep and t in keep:
            found[t] = g
        op, inputs = t.op, t.inputs
        if op is None:
            found[t] = g
        else:
            y = t if create_graph else t.data
            if create_graph:
                xs = inputs
            elif len(inputs) == 2:  # spelled out: this is most of the work of a walk over tiny operations
                a, b = inputs
                xs = (a.data if isinstance(a, Operand) else a, b.data if isinstance(b, Operand) else b)
            else:
                xs = tuple([x.data if isinstance(x, Operand) else x for x in inputs])
            elementwise = op.elementwise
            rules = op.derivatives if elementwise else op.vjps
            i = -1
            for x in inputs:
                i += 1
                if not isinstance(x, Operand) or x.serial < since:
                    continue
                rule = rules[i]
                if rule is None:
                    continue
                if not elementwise:
                    c = rule(op, g, y, *xs)
                elif rule is one:
                    c = g
                elif rule is minus_one:
                    c = -g
                elif op.singular:
                    c = _product_at_singular_points(g, rule(y, *xs))
                else:
                    c = g * rule(y, *xs)
                if op.broadcasts:
                    value = xs[i]
                    if c.shape != value.shape:
                        c = unbroadcast(c, value.shape)
                    if c.dtype is not value.dtype and c.dtype != value.dtype:
                        c = Cast(value.dtype)(c)
                if x.op is None:
                    found[x] = found[x] + c if x in found else c
                else:
                    serial = x.serial
                    if serial in waiting:
                        waiting[serial] = (x, waiting[serial][1] + c)
                    else:
                        waiting[serial] = (x, c)
                        heappush(queue, -serial)
        if not queue:
            return found
        t, g = waiting.pop(-heappop(queue))


def unbroadcast(g: Any, shape: Shape) -> Any:
    """Sum a gradient over the axes along which its operand was broadcast: ∂E/∂x = Σ over the copies of x."""
    extra = g.ndim - len(shape)
    axes = tuple(i for i in range(g.ndim) if i < extra or (shape[i - extra] == 1 and g.shape[i] != 1))
    if len(axes) == extra:  # only leading axes, as for the bias of a layer
        return g.sum(axes[0] if extra == 1 else axes)
    return np.reshape(g.sum(axes, keepdims=True), shape)


def _product_at_singular_points(g: Any, derivative: Any) -> Any:
    """Multiply, where 0 · ∞ and 0 · NaN mean a branch that was not taken, and give 0.

    Only a derivative that is not finite is replaced: at g = 0 a finite one still matters to the second order.
    """
    d = derivative
    if isinstance(d, Operand):
        if not d.has_data:
            return g * d
        d = d.data
    matters = (g.data if isinstance(g, Operand) else g) != 0
    return g * np.where(np.isfinite(d) | matters, derivative, 0)
