"""Slips of sums and products: an axis too many, too few or another, and factors that are not transposed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.derivation.comparing.calculation import Calculation
from minigrad.derivation.comparing.slips.base import Slip, called, formula_of, operands, places_alone, slip_in
from minigrad.derivation.wording import say
from minigrad.engine.node import Node
from minigrad.ops.base import Rule
from minigrad.ops.linalg import matmul
from minigrad.ops.shaping import BroadcastTo, Transpose

_MOST = 10**7  # elements of the products of all samples, side by side


def transposed(way: Calculation, x: Node) -> Iterator[Slip]:
    """(∂E/∂x)ᵀ in place of ∂E/∂x."""
    g = way.gradient(x)
    if g.ndim > 1:
        yield Slip(say("it is transposed"), g.T)


def summed_otherwise(way: Calculation, x: Node) -> Iterator[Slip]:
    """Where x is broadcast, its gradient is summed over the axes of that: over none, or others, is a slip."""
    shares = [_unsummed(way, x, user) for user in way.tape.users.get(x, [])]
    if not shares or any(share is None or np.shape(share) != np.shape(shares[0]) for share in shares):
        return
    g = np.sum(shares, axis=0)
    extra = np.ndim(g) - x.ndim
    axes = [i for i, n in enumerate(np.shape(g)) if i < extra or x.shape[i - extra] != n]
    if not axes:
        return
    one = len(axes) == 1
    right = say("axis {axis}", axis=axes[0]) if one else say("axes {axes}", axes=", ".join(map(str, axes)))
    of_batch = say("it is not summed over {axes}, the batch", axes=right)
    yield Slip(of_batch if axes == [0] else say("it is not summed over {axes}", axes=right), g)
    for axis in range(g.ndim):
        if [axis] != axes:
            says = say("it is summed over axis {axis} instead of {axes}", axis=axis, axes=right)
            yield from (Slip(says, g.sum(axis=axis, keepdims=kept)) for kept in (False, True))
    if one:
        kept = g.sum(axis=axes[0], keepdims=True)
        if kept.shape != x.shape:
            yield Slip(say("it kept {axis}, with length 1, in the sum", axis=right), kept)


def _unsummed(way: Calculation, x: Node, user: Node) -> Any:
    """Give what an operation passes on to x before that is summed over what x is broadcast along; None if unknown."""
    at = [i for i, part in enumerate(user.inputs) if part is x]
    if user.op is None or user.op == matmul or len(at) != 1:
        return None
    if isinstance(user.op, BroadcastTo):
        return way.gradient(user)
    rule = user.op.vjps[at[0]]
    if rule is None or not user.op.broadcasts:
        return None
    with np.errstate(all="ignore"):
        return rule(user.op, way.gradient(user), way.values[user], *operands(user, way))


def not_transposed(way: Calculation, x: Node) -> Iterator[Slip]:
    """∂E/∂a = g b in place of g bᵀ, and ∂E/∂b = a g in place of aᵀ g: in one product, or wherever that factor is."""
    on_path = set(way.tape.above(x))
    places: dict[Node, list[tuple[Node, int]]] = {}
    for y in way.tape.nodes:
        for i, part in enumerate(y.inputs):
            if y.op == matmul and isinstance(part, Node) and part in on_path and _fits(y, i):
                places.setdefault(y.inputs[1 - i], []).append((y, i))
    for other, group in places.items():
        for some in [*([place] for place in group[: places_alone(way, x)]), *([group] if len(group) > 1 else [])]:
            changed = way.with_rules({(y, i): _left_as_it_is[i] for y, i in some})
            more = say(", in {n} places", n=len(some)) if len(some) > 1 else ""
            yield slip_in(changed, x, say("{factor} is not transposed{more}", factor=called(other, way), more=more))


_left_as_it_is: tuple[Rule, Rule] = (lambda op, g, y, a, b: g @ b, lambda op, g, y, a, b: a @ g)


def _fits(y: Node, i: int) -> bool:
    """Say whether a product has a factor that can be left as it is."""
    a, b = y.inputs
    if np.ndim(a) != 2 or np.ndim(b) != 2:
        return False
    return bool(b.shape[0] == b.shape[1]) if i == 0 else bool(a.shape[0] == a.shape[1])


def gradient_transposed(way: Calculation, x: Node) -> Iterator[Slip]:
    """∂E/∂a = gᵀ bᵀ in place of g bᵀ, and ∂E/∂b = aᵀ gᵀ: that of Kᵀ, which is g a for K where gᵀ a is due."""
    above = way.tape.above(x)
    on_path = set(above)
    places = [(y, i) for y in reversed(above) for i in (0, 1) if y.op == matmul and y.inputs[i] in on_path]
    for y, i in places[: places_alone(way, x)]:
        if y.ndim == 2 and y.shape[0] == y.shape[1] and all(np.ndim(part) == 2 for part in y.inputs):
            product = formula_of(y, way)
            says = say("∂E/∂({y}) is transposed", y=product)
            if isinstance(y.inputs[i].op, Transpose):
                says = say("∂E/∂({y}) is not transposed", y=product)
            yield slip_in(way.with_rules({(y, i): _of_turned[i]}), x, says)


_of_turned: tuple[Rule, Rule] = (lambda op, g, y, a, b: g.T @ b.T, lambda op, g, y, a, b: a.T @ g.T)


def not_summed(way: Calculation, x: Node) -> Iterator[Slip]:
    """The products of each sample, aₙᵀ gₙ, side by side in place of their sum."""
    user = only_user(way, x)
    if user is None or user.op != matmul or any(np.ndim(part) != 2 for part in user.inputs):
        return
    a, _ = operands(user, way)
    if user.inputs[1] is x and a.size * user.shape[1] <= _MOST:
        yield Slip(say("it is not summed over the batch"), a[:, :, None] * way.gradient(user)[:, None, :])


def only_user(way: Calculation, x: Node) -> Node | None:
    """Give the one operation on x, if it is one, and x is one of its operands."""
    users = way.tape.users.get(x, [])
    return users[0] if len(users) == 1 and sum(part is x for part in users[0].inputs) == 1 else None
