"""The expression of an update rule in a book's order: w − η g + α Δw, whatever order the code computes it in.

Sums and products are taken apart and put together again; nothing is multiplied out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from minigrad.engine.cells import Item
from minigrad.engine.node import Node, order_nodes
from minigrad.ops.arithmetic import add, divide, multiply, negative, power, subtract
from minigrad.ops.elementwise import square
from minigrad.ops.shaping import BroadcastTo, Cast

Rank = Callable[[Any], int]


class Product(NamedTuple):
    """A number times factors, over others."""

    number: float
    above: list[Any]
    below: list[Any]


class BookOrder:
    """Puts expressions in order: what is updated first, then the gradient, then the rest; numbers before arrays.

    ``corrected`` makes of a running value that is divided by numbers alone, m / (1 − β₁ᵗ), a symbol for that.
    """

    def __init__(self, first: Node, gradient: Node, corrected: Callable[[Node, Any], Any]) -> None:
        self.first, self.gradient, self.corrected = first, gradient, corrected

    def put(self, expression: Any, leaves: Mapping[Node, Node]) -> Any:
        """Give the expression in order, some Nodes of it replaced by the leaves that stand for them."""
        done: dict[Any, Any] = dict(leaves)
        for node in order_nodes([expression]):
            if node not in done:
                inputs = [done.get(x, x) if isinstance(x, Node) else x for x in node.inputs]
                done[node] = self._one(node, inputs)
        return done.get(expression, expression) if isinstance(expression, Node) else expression

    def _one(self, node: Node, inputs: list[Any]) -> Any:
        op = node.op
        if op is None:
            return node.value.item() if node.value is not None and node.value.ndim == 0 else node
        if isinstance(op, Item | BroadcastTo | Cast):
            return inputs[0]
        if op in (add, subtract, negative):
            return self._sum([(sign, x) for sign, part in _signs(op, inputs) for sign, x in terms_of(part, sign)])
        if op in (multiply, divide):
            return self._product(op, inputs)
        if op == power and not isinstance(inputs[0], Node) and inputs[0] in (0, 1):  # of a counter, 1 or more
            return inputs[0]
        if not any(isinstance(x, Node) for x in inputs):
            return float(op.forward(*inputs))
        return op(*inputs)

    def _sum(self, terms: list[tuple[int, Any]]) -> Any:
        number = sum(sign * x for sign, x in terms if not isinstance(x, Node))
        rest = sorted((t for t in terms if isinstance(t[1], Node)), key=lambda t: self._rank(t[1]))
        if not rest or (number > 0 and not any(x is self.first for _, x in rest)):  # 1 − ρ, but t + 1
            total, number = number, 0
        else:
            first = next((i for i, (sign, _) in enumerate(rest) if sign > 0), 0)
            sign, total = rest.pop(first)
            total = total if sign > 0 else negative(total)
        for sign, x in rest:
            total = (add if sign > 0 else subtract)(total, x)
        return total if not number else (add if number > 0 else subtract)(total, abs(number))

    def _rank(self, x: Any) -> int:
        inside = set(order_nodes([x]))
        return 0 if self.first in inside else 1 if self.gradient in inside else 2

    def _product(self, op: Any, inputs: list[Any]) -> Any:
        a, b = map(factors_of, inputs)
        if op == divide:
            b = Product(1 / b.number, b.below, b.above)
        number = a.number * b.number
        if not number:
            return 0.0
        up, down = Counter([*a.above, *b.above]), Counter([*a.below, *b.below])
        above, below = list((up - down).elements()), list((down - up).elements())
        arrays = [x for x in above if x.shape]
        numbers = [x for x in below if not x.shape]
        if len(arrays) == 1 and arrays[0].op is None and numbers:
            hat = self.corrected(arrays[0], multiply_out(1.0, numbers))
            above = [hat if x is arrays[0] else x for x in above]
            below = [x for x in below if x.shape]
        whole = multiply_out(abs(number), above)
        whole = divide(whole, multiply_out(1.0, below)) if below else whole
        return negative(whole) if number < 0 else whole


def multiply_out(number: float, factors: list[Any]) -> Any:
    """Give the product of a number and factors, numbers before arrays, equal ones as a square."""
    powers = Counter(sorted(factors, key=lambda x: len(x.shape)))
    parts = [x if n == 1 else square(x) if n == 2 else power(x, n) for x, n in powers.items()]
    total: Any = number if number != 1 or not parts else parts.pop(0)
    for x in parts:
        total = multiply(total, x)
    return total


def terms_of(x: Any, sign: int = 1) -> list[tuple[int, Any]]:
    """Take a sum apart into signs and terms, in order."""
    terms: list[tuple[int, Any]] = []
    waiting = [(sign, x)]
    while waiting:
        sign, x = waiting.pop()
        if isinstance(x, Node) and x.op in (add, subtract, negative):
            waiting += [(sign * own, part) for own, part in _signs(x.op, x.inputs)][::-1]
        else:
            terms.append((sign, x))
    return terms


def _signs(op: Any, inputs: Any) -> list[tuple[int, Any]]:
    signs = (-1,) if op == negative else (1, 1 if op == add else -1)
    return list(zip(signs, inputs, strict=True))


def factors_of(x: Any) -> Product:
    """Take a product apart into its number and its factors above and below the bar."""
    number = 1.0
    above: list[Any] = []
    below: list[Any] = []
    waiting = [(x, True)]
    while waiting:
        x, up = waiting.pop()
        if not isinstance(x, Node):
            number = number * x if up else number / x
        elif x.op in (multiply, divide):
            a, b = x.inputs
            waiting += [(b, up == (x.op == multiply)), (a, up)]
        elif x.op == negative:
            number = -number
            waiting.append((x.inputs[0], up))
        elif x.op == square:
            waiting += [(x.inputs[0], up)] * 2
        else:
            (above if up else below).append(x)
    return Product(float(np.real(number)), above, below)
