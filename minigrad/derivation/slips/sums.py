"""Slips of sums and products: an axis too many, too few or another, and factors that are not transposed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minigrad.derivation.calculation import Calculation
from minigrad.derivation.slips.base import Slip, called, operands
from minigrad.engine.node import Node
from minigrad.ops.linalg import matmul
from minigrad.ops.shaping import BroadcastTo


def transposed(way: Calculation, x: Node) -> Iterator[Slip]:
    """(∂E/∂x)ᵀ in place of ∂E/∂x."""
    g = way.gradient(x)
    if g.ndim > 1:
        yield Slip("it is transposed", g.T)


def summed_otherwise(way: Calculation, x: Node) -> Iterator[Slip]:
    """Where x is broadcast, its gradient is summed over the axes of that: over none, or others, is a slip."""
    user = only_user(way, x)
    if user is None or user.op is None or user.op == matmul:
        return
    g = way.gradient(user)
    if not isinstance(user.op, BroadcastTo):
        rule = user.op.vjps[next(i for i, part in enumerate(user.inputs) if part is x)]
        if rule is None or not user.op.broadcasts:
            return
        with np.errstate(all="ignore"):
            g = rule(user.op, g, way.values[user], *operands(user, way))
    extra = np.ndim(g) - x.ndim
    axes = [i for i, n in enumerate(np.shape(g)) if i < extra or x.shape[i - extra] != n]
    if not axes:
        return
    right = f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"
    yield Slip(f"it is not summed over {right}, the batch" if axes == [0] else f"it is not summed over {right}", g)
    for axis in range(g.ndim):
        if [axis] != axes:
            says = f"it is summed over axis {axis} instead of {right}"
            yield from (Slip(says, g.sum(axis=axis, keepdims=kept)) for kept in (False, True))
    if len(axes) == 1:
        kept = g.sum(axis=axes[0], keepdims=True)
        if kept.shape != x.shape:
            yield Slip(f"it kept {right}, with length 1, in the sum", kept)


def product_otherwise(way: Calculation, x: Node) -> Iterator[Slip]:
    """∂E/∂a = g bᵀ and ∂E/∂b = aᵀ g: without the transpose, or the sum over the rows."""
    user = only_user(way, x)
    if user is None or user.op != matmul or any(np.ndim(part) != 2 for part in user.inputs):
        return
    g = way.gradient(user)
    a, b = operands(user, way)
    first = user.inputs[0] is x
    other = called(user.inputs[1 if first else 0], way)
    if first and g.shape[1] == b.shape[0]:
        yield Slip(f"{other} is not transposed", g @ b)
    if not first and a.shape[1] == g.shape[0]:
        yield Slip(f"{other} is not transposed", a @ g)
    if not first and a.size * g.shape[1] <= 10**7:  # one product a sample, all of them kept
        yield Slip("it is not summed over the batch", a[:, :, None] * g[:, None, :])


def only_user(way: Calculation, x: Node) -> Node | None:
    """Give the one operation on x, if it is one, and x is one of its operands."""
    users = way.tape.users.get(x, [])
    return users[0] if len(users) == 1 and sum(part is x for part in users[0].inputs) == 1 else None
