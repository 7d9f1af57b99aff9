"""The usual slips in a gradient derived by hand, each as the array that it would give: read off the loss's graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from minigrad.algebra.graph import evaluate
from minigrad.algebra.rewrite import substitute_nodes
from minigrad.engine.backward import pullback
from minigrad.engine.node import Node, order_nodes, seed_node
from minigrad.notation.formula import text
from minigrad.ops.arithmetic import add, divide, multiply, negative, subtract
from minigrad.ops.base import Elementwise
from minigrad.ops.elementwise import identity
from minigrad.ops.linalg import matmul
from minigrad.ops.reduction import Softmax
from minigrad.ops.shaping import BroadcastTo, Cast

_FARTHEST = 24  # how many operations further on a missing derivative is looked for


class Slip(NamedTuple):
    """What was done, as the end of a sentence, and the array that it gives."""

    says: str
    value: Any


class Loss:
    """A loss as an expression, the values of the Nodes in it, and what they are called.

    Other losses of the same gradients but for one thing are made from it: that is how a slip is computed, with no
    rule of its own for any operation.
    """

    def __init__(self, output: Any, values: Mapping[Node, Any], names: Mapping[Node, str]) -> None:
        self.output, self.values, self.names = output, values, names

    def gradients(self, wanted: Iterable[Node]) -> list[Any]:
        """Compute ∂E/∂x for some Nodes; zeros where E does not depend on one."""
        wanted, found = list(wanted), {}
        if isinstance(self.output, Node):
            found = pullback(self.output, seed_node(self.output), keep=set(wanted))
        computed = evaluate([found.get(x, 0.0) for x in wanted], self.values)
        return [np.broadcast_to(g, x.shape) for g, x in zip(computed, wanted, strict=True)]

    def with_gradient(self, y: Node, g: Any) -> Loss:
        """Give the loss whose gradient at y is g: y is a constant in it, and ⟨g, y⟩ is added."""
        constant = y.constant(np.asarray(self.values[y]))
        (rest,) = substitute_nodes([self.output], {y: constant})
        return Loss(rest + (y.constant(np.asarray(g, y.dtype)) * y).sum(), self.values, self.names)

    def with_derivative_one(self, y: Node) -> Loss:
        """Give the loss in which y = f(x) has its value, and the derivative 1: y is x plus a constant."""
        x = _varied(y)
        assert x is not None
        (output,) = substitute_nodes([self.output], {y: x + y.constant(np.asarray(self.values[y] - self.values[x]))})
        return Loss(output, self.values, self.names)

    def without_use(self, x: Node, user: Node) -> Loss:
        """Give the loss in which an operation on x takes x for a constant."""
        constant = x.constant(np.asarray(self.values[x]))
        assert user.op is not None
        changed = user.apply(user.op, tuple(constant if part is x else part for part in user.inputs))
        (output,) = substitute_nodes([self.output], {user: changed})
        return Loss(output, self.values, self.names)

    def users(self, x: Node) -> list[Node]:
        """Give the operations on x that the loss itself has."""
        nodes = [node for node in order_nodes([self.output]) if any(x is part for part in node.inputs)]
        return nodes if all(node in self.values for node in nodes) else []

    def between(self, x: Node) -> list[Node]:
        """Give the operations of one operand through which E depends on x, the nearest to x first."""
        reached = {x}
        for node in order_nodes([self.output]):
            if any(isinstance(part, Node) and part in reached for part in node.inputs):
                reached.add(node)
        found = [y for y in reached - {x} if y in self.values and _varied(y) in reached]
        return sorted(found, key=lambda y: y.serial)[:_FARTHEST]

    def slips(self, x: Node) -> Iterator[Slip]:
        """Give what each slip makes of ∂E/∂x."""
        (g,) = self.gradients([x])
        if g.ndim > 1:
            yield Slip("it is transposed", g.T)
        for y in self.between(x):
            (found,) = self.with_derivative_one(y).gradients([x])
            yield Slip(_missing(y, text(y, self.names, expand=y)), found)
        users = self.users(x)
        for user in users[:_FARTHEST] if len(users) > 1 else []:
            (found,) = self.without_use(x, user).gradients([x])
            yield Slip(f"the part that comes through {text(user, self.names, expand=user)} is missing", found)
        if len(users) == 1 and sum(part is x for part in users[0].inputs) == 1:
            yield from self._of_a_sum(x, users[0])
            if users[0].op == matmul and all(isinstance(part, Node) and part.ndim == 2 for part in users[0].inputs):
                yield from self._of_a_product(x, users[0])

    def _of_a_sum(self, x: Node, user: Node) -> Iterator[Slip]:
        """Where x is broadcast, its gradient is summed over the axes of that: over none, or others, is a slip."""
        op = user.op
        assert op is not None
        (g,) = self.gradients([user])
        if not isinstance(op, BroadcastTo):
            i = next(i for i, part in enumerate(user.inputs) if part is x)
            rule, values = op.vjps[i], [self.values.get(part, part) for part in user.inputs]
            g = rule(op, g, self.values[user], *values) if op.broadcasts and rule and op != matmul else g
        extra = np.ndim(g) - x.ndim
        axes = [i for i, n in enumerate(np.shape(g)) if i < extra or x.shape[i - extra] != n]
        if not axes:
            return
        right = f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"
        yield Slip(f"it is not summed over {right}, the batch" if axes == [0] else f"it is not summed over {right}", g)
        for axis in range(g.ndim):
            if [axis] != axes:
                yield from (
                    Slip(f"it is summed over axis {axis} instead of {right}", g.sum(axis=axis, keepdims=kept))
                    for kept in (False, True)
                )
        if len(axes) == 1:
            kept = g.sum(axis=axes[0], keepdims=True)
            if kept.shape != x.shape:
                yield Slip(f"it kept {right}, with length 1, in the sum", kept)

    def _of_a_product(self, x: Node, user: Node) -> Iterator[Slip]:
        """∂E/∂a = g bᵀ and ∂E/∂b = aᵀ g: without the transpose, or the sum over the rows."""
        (g,) = self.gradients([user])
        a, b = (self.values.get(part, part.value) for part in user.inputs)
        first = user.inputs[0] is x
        other = text(user.inputs[1 if first else 0], self.names)
        if first and g.shape[1] == b.shape[0]:
            yield Slip(f"{other} is not transposed", g @ b)
        if not first and a.shape[1] == g.shape[0]:
            yield Slip(f"{other} is not transposed", a @ g)
        if not first:
            yield Slip("it is not summed over the batch", a[:, :, None] * g[:, None, :])

    def divisors(self) -> list[int]:
        """Give each N that the loss is divided by, a mean's."""
        found = [x.inputs[1] for x in order_nodes([self.output]) if x.op == divide and not x.shape]
        return sorted({int(n) for n in found if isinstance(n, int | float) and n == int(n) > 1})


def _varied(y: Node) -> Node | None:
    """Give the one operand of a function of one argument, element by element or row by row; None for other Nodes."""
    if not isinstance(y.op, Elementwise | Softmax) or y.op in (add, subtract, negative, identity) or _is_cast(y):
        return None
    varied = [x for x in y.inputs if isinstance(x, Node) and (x.op is not None or x.value is None)]
    return varied[0] if len(varied) == 1 and varied[0].shape == y.shape else None


def _is_cast(y: Node) -> bool:
    return isinstance(y.op, Cast)


def _missing(y: Node, written: str) -> str:
    number = next((x for x in y.inputs if isinstance(x, int | float)), None)
    if y.op == divide and y.inputs[1] is number:
        return f"the division by {number:g} in {written} is missing"
    if y.op == multiply and number is not None:
        return f"the factor {number:g} in {written} is missing"
    return f"f′ is missing, the derivative of {written}"
