"""The reverse walk: from the gradient of an output to the gradients of everything it was computed from.

``pullback`` is the walk as the mathematics has it, and the one that expressions take; ``record`` has the same walk
tuned to what a tensor stores. The tests run one against the other.
"""

from __future__ import annotations

from collections.abc import Container
from operator import attrgetter
from typing import Any

import numpy as np
from numpy import ndarray

from minigrad.ops.base import Shape
from minigrad.ops.common.late import Late
from minigrad.ops.reduction import BLAS, ones
from minigrad.ops.shaping import fit_dtype

pairs = Late("minigrad.engine.messages.pairs")
reaching = Late("minigrad.engine.reach")


def pullback(
    output: Any,
    gradient: Any,
    *,
    create_graph: bool = False,
    since: int = 1,
    keep: Container[Any] = (),
    ends: Container[Any] = (),
) -> dict[Any, Any]:
    """Carry ``gradient`` = ∂E/∂output back to the leaves, by the chain rule: {leaf: ∂E/∂leaf}.

    ∂E/∂x = Σ ∂E/∂y · ∂y/∂x, summed over the uses y of x. The rules run on arrays, or, with ``create_graph``, on the
    operands themselves, so that the gradients have graphs of their own. Operands older than ``since`` count as
    constants; the gradients of those in ``keep`` are returned along with the leaves', and those in ``ends`` count as
    leaves.
    """
    gradients = {output: gradient}
    reach = reaching.Reach(output, since, unbroadcast)
    ordinary = {output}  # what has some of its gradient by another way than through choices: see ``apply_guarded``
    for y in latest_first(output, since, ends):  # so that ∂E/∂y is complete when its turn comes
        if y.op is None or y not in gradients or y in ends:
            continue
        g = gradients[y] if y in keep else gradients.pop(y)
        parts = y.op.split(_rule_values(y, create_graph)) if y.op.splits else None
        for i, x in enumerate(y.inputs):
            if flows_to(x, output, since) and y.op.vjps[i]:
                if parts is None:
                    c = apply_rule(y, i, g, create_graph, None if y in ordinary else reach)
                else:
                    c = fitted(parts[i](y.op, g, y if create_graph else y.array), y.values[i])
                gradients[x] = gradients[x] + c if x in gradients else c
                if y in ordinary and not y.op.chooses:
                    ordinary.add(x)
    return gradients


def latest_first(output: Any, since: int, ends: Container[Any] = ()) -> list[Any]:
    """Give all that a gradient of ``output`` flows to, in the reverse of the order in which it was made."""
    found, stack = {output}, [output]
    while stack:
        new = {x for x in stack.pop().inputs if flows_to(x, output, since) and x not in found}
        found |= new
        stack += [x for x in new if x not in ends]
    return sorted(found, key=attrgetter("serial"), reverse=True)


def flows_to(x: Any, output: Any, since: int) -> bool:
    """Say whether an operand is no constant, but of the output's kind and made since then."""
    return isinstance(x, type(output)) and x.serial >= since


def apply_rule(y: Any, i: int, g: Any, create_graph: bool, reach: Any) -> Any:
    """Give what y adds to the gradient of its input i, from g = ∂E/∂y and the rule of the operation that made y."""
    op, values = y.op, _rule_values(y, create_graph)
    result = y if create_graph else y.array
    c = apply_guarded(y, i, g, result, values, reach) if reach else op.vjps[i](op, g, result, *values)
    return fitted(c, values[i]) if op.broadcasts else c


def _rule_values(y: Any, create_graph: bool) -> tuple[Any, ...]:
    """Give what the rules of the operation that made y are told of its inputs: values, or the operands themselves."""
    if not create_graph:
        return y.values
    kind = type(y)
    return tuple(x if isinstance(x, kind) else value for x, value in zip(y.inputs, y.values, strict=True))


def apply_guarded(t: Any, i: int, g: Any, y: Any, values: tuple[Any, ...], reach: Any) -> Any:
    """Apply rule i of what made t; an infinite derivative meets no element that a choice ignored, whose gradient is 0.

    An element that a choice (where, an index, max …) ignored has gradient 0, and its own derivative may be infinite
    or NaN: there 0 · ∞ means 0. Where values are known later, the formula has to see to it.
    """
    op = t.op
    if op.derivatives is None or op.chooses:
        return (op.vjps if op.guarded_vjps is None else op.guarded_vjps)[i](op, g, y, *values)
    derivative = op.derivatives[i](y, *values)
    if getattr(derivative, "dtype", None) == np.bool_:
        return g * derivative
    unknown = t.guarded or _in_lanes(g)
    if not (unknown or (getattr(derivative, "has_data", True) and getattr(g, "has_data", True))):
        return g * derivative  # an expression has no values to look at
    if isinstance(derivative, np.ndarray | np.generic | float | int | complex) and np.isfinite(derivative).all():
        return g * derivative
    reached = reach.find(t)
    if reached is True:
        return g * derivative
    if reached is None or y is not t:
        return multiply_guarded(g, derivative, reached)
    return g * np.where(t.as_constant(reached), derivative, 0)  # recorded, for derivatives of its own


def _in_lanes(x: Any) -> bool:
    """Say whether something is of many lanes, whose values are there though nobody may look at them."""
    return bool(getattr(x, "guarded", False))


def multiply_guarded(g: Any, derivative: Any, reached: Any = None) -> Any:
    """Give g ⊙ ∂y/∂x, but 0 where g does not reach and the derivative is not finite; if unknown, where g is 0.

    Only such a derivative is replaced: where it is finite, it matters to the second order even at g = 0.
    """
    asked = g != 0 if reached is None else reached
    return g * np.where(asked, derivative, np.where(np.isfinite(derivative), derivative, 0))


def fitted(c: Any, value: Any) -> Any:
    """Bring a gradient into the shape and dtype of its operand, which may have been broadcast or promoted."""
    if c.shape != value.shape:
        c = unbroadcast(c, value.shape)
    if c.dtype is not value.dtype and c.dtype != value.dtype:
        c = fit_dtype(c, value.dtype)
    return c


def unbroadcast(g: Any, shape: Shape, y: Any = None) -> Any:
    """Sum a gradient over the axes along which its operand was broadcast: ∂E/∂x = Σ over the copies of x.

    Of ``y``, what the operand was broadcast for, a user is warned if that cannot have been meant.
    """
    if len(shape) == 1 and type(g) is ndarray and g.ndim == 2:
        rows, width = g.shape
        if rows == 1 and width == shape[0]:
            return g.flatten()  # a copy, in a fourth of the time of a product
        if width == shape[0] and g.dtype in BLAS:
            if rows == width > 1 and y is not None:
                pairs.warn_of_pairs(y)
            return ones((rows,), g.dtype).dot(g)  # the bias of a layer: in half the time of np.add.reduce
    extra = g.ndim - len(shape)
    if extra and g.shape[extra:] == shape:  # only leading axes
        return g.sum(0 if extra == 1 else tuple(range(extra)))
    if y is not None and g.ndim == len(shape) == 2 and shape[1] == 1 and g.shape[0] == g.shape[1] > 1:
        pairs.warn_of_pairs(y)
    axes = tuple(i for i in range(g.ndim) if i < extra or (shape[i - extra] == 1 and g.shape[i] != 1))
    return np.reshape(g.sum(axes, keepdims=True), shape)
