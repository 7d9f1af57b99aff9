"""The normal form of an expression: what is one function, and two people write differently, has one form.

A form is a quotient of polynomials. Its atoms are exp(m) of a monomial m, the logarithm of what is neither product nor
quotient, a sum or an extreme over axes, the step [d > 0], and every operand that nothing more is known of. So
1 / (1 + e⁻ᵘ) and eᵘ / (1 + eᵘ) are one, softmax is with and without the maximum in it, and max(u, 0), u [u > 0] and
½ (u + |u|) are. Forms are those of functions of real numbers: a step is free at 0, and what overflows or is NaN in one
writing need not be in another.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from math import prod
from typing import Any

import numpy as np

from minigrad.algebra.normal import quotients
from minigrad.algebra.normal.atoms import Axes
from minigrad.algebra.normal.axes import added_axes, takes_all
from minigrad.algebra.normal.functions import Functions
from minigrad.algebra.normal.quotients import ONE, Quotient, TooLarge, of_atom, of_number
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Power, negative
from minigrad.ops.base import Op, Shape
from minigrad.ops.indexing import Index, Scatter
from minigrad.ops.linalg import matmul
from minigrad.ops.parts import is_complex
from minigrad.ops.reduction import Max, Sum, normalize_axis
from minigrad.ops.shaping import Cast, Reshape

DEEPEST = 30  # operations that are looked through at a time
_SHAPING = (Reshape, Index)


def tells(op: Op | None) -> bool:
    """Say whether an operation is one that the forms of definitions are told by."""
    return op is not None and (op.name in TELLING or (isinstance(op, Power) and abs(op.exponent) == 0.5))


def is_defined(op: Op | None) -> bool:
    """Say whether an operation is one for a reader, whose definition says how it would be written without it."""
    return op is not None and op.definition is not None and not op.opens


def looks_through(op: Op | None) -> bool:
    """Say whether a form tells what an operation does, rather than having its result for an atom."""
    if op is None or isinstance(op, Scatter):
        return False
    return op.name in _RULES or isinstance(op, (Sum, Max, Power, Cast, *_SHAPING)) or is_defined(op)


class Forms(Functions):
    """The forms of a graph's expressions; the Nodes in ``whole`` are not looked into."""

    def __init__(self, whole: Container[Node] = ()) -> None:
        super().__init__()
        self.whole = whole
        self._forms: dict[Node, Quotient] = {}

    def of(self, x: Any, depth: int = 0) -> Quotient:
        """Give the form of an expression or a number."""
        if not isinstance(x, Node):
            return of_number(x)
        if x not in self._forms:
            looked = None if x in self.whole or depth > DEEPEST else self._looked_into(x, depth)
            self._forms[x] = looked or self._opaque(x)
        return self._forms[x]

    def of_root(self, x: Node) -> Quotient | None:
        """Give the form of an expression that may be in ``whole`` itself; None if it is not worth having."""
        return self._looked_into(x, 0) if x in self.whole else self.of(x)

    def are_equal(self, a: Quotient | None, b: Quotient | None) -> bool:
        """Say whether two forms are one function: their difference is 0, over whatever denominator."""
        if a is None or b is None:
            return False
        try:
            return a == b or quotients.is_rounding(self.subtract(a, b), a, b)
        except TooLarge:
            return False

    def _opaque(self, x: Node) -> Quotient:
        if x.value is not None and not x.shape and np.isfinite(x.value):
            return of_number(x.value.item())
        return of_atom(self.atoms.number("operand", x, x.shape))

    def _looked_into(self, x: Node, depth: int) -> Quotient | None:
        try:
            return self._form(x, depth + 1)
        except (TooLarge, OverflowError):
            return None

    def _form(self, x: Node, depth: int) -> Quotient | None:
        op = x.op
        if op is None or (x.dtype.kind != "f" and op.name not in _CHOICES):  # + of truth values is "or"
            return None
        if any(map(is_complex, x.inputs)):  # forms are of real numbers: a cast, for one, changes nothing in them
            return None
        if op.definition is not None and is_defined(op):
            if any(getattr(part, "dtype", None) == np.bool_ for part in x.inputs):  # whose sign a definition may need
                return None
            return self.of(op.definition(*x.inputs), depth)
        if op == matmul:
            return self._product(x, depth)
        if not looks_through(op):
            return None
        inputs = [self.of(part, depth) for part in x.inputs]
        if isinstance(op, Power):
            return self.power(inputs[0], op.exponent)
        if isinstance(op, Sum | Max):
            return self._reduced(x, op, inputs[0])
        if isinstance(op, _SHAPING):
            return self._reshaped(x, inputs[0])
        return inputs[0] if isinstance(op, Cast) else _RULES[op.name](self, *inputs)

    def _product(self, x: Node, depth: int) -> Quotient | None:
        """(−a) b = −(a b)."""
        turned = [isinstance(part, Node) and part.op == negative and part not in self.whole for part in x.inputs]
        if not any(turned):
            return None
        parts = (part.inputs[0] if sign else part for part, sign in zip(x.inputs, turned, strict=True))
        return quotients.scale(self.of(matmul(*parts), depth), (-1.0) ** sum(turned))

    def _reduced(self, x: Node, op: Sum | Max, a: Quotient) -> Quotient:
        """Give a sum or an extreme over axes."""
        shape = x.inputs[0].shape
        axes = tuple(i - len(shape) for i in normalize_axis(op.axis, len(shape)))
        total = self.atoms.reduced(op.name, a, axes) if isinstance(op, Max) else self._sum(a, axes, shape)
        return total if op.keepdims else self.atoms.without_axes(total, axes, len(shape))

    def _sum(self, a: Quotient, axes: Axes, shape: Shape) -> Quotient:
        """Σ (c m + d n) / b = (c Σ m + d Σ n) / b, if b does not vary along the axes; nor need all factors of m."""
        if any(self.atoms.varies(x, axes) for x in Quotient(a.below, ONE).atoms):
            fixed = frozenset((x, p) for x, p in quotients.common(a.above) if not self.atoms.varies(x, axes))
            inside = self.atoms.reduced("sum", quotients.over(a, fixed), axes)
            return self.multiply(Quotient({fixed: 1.0}, ONE), inside)
        total = of_number(0.0)
        for m, c in a.above.items():
            varying = frozenset((x, p) for x, p in m if self.atoms.varies(x, axes))
            along = tuple(i for i in axes if any(self.atoms.varies(x, (i,)) for x, _ in varying))
            copies = prod(shape[i] for i in axes if i not in along)
            part = self.atoms.reduced("sum", Quotient({varying: 1.0}, ONE), along) if along else of_number(1.0)
            total = self.add(total, self.multiply(Quotient({m - varying: c * copies}, ONE), part))
        return self.divide(total, Quotient(a.below, ONE))

    def _reshaped(self, x: Node, a: Quotient) -> Quotient | None:
        """A reshape that only adds or removes axes of length 1 leaves a function what it is."""
        before, after = x.inputs[0].shape, x.shape
        if prod(before) != prod(after) or (isinstance(x.op, Index) and not takes_all(x.op.key)):
            return None
        if len(after) >= len(before):
            axes = added_axes(after, before)
            return None if axes is None else self.atoms.with_axes(a, axes, len(after))
        axes = added_axes(before, after)
        return None if axes is None else self.atoms.without_axes(a, axes, len(before))


_RULES: dict[str, Callable[..., Quotient]] = {
    "add": Forms.add,
    "subtract": Forms.subtract,
    "multiply": Forms.multiply,
    "divide": Forms.divide,
    "negative": lambda forms, a: quotients.scale(a, -1.0),
    "square": lambda forms, a: forms.multiply(a, a),
    "identity": lambda forms, a: a,
    "broadcast_to": lambda forms, a: a,
    "exp": Forms.exp,
    "log": Forms.log,
    "expm1": lambda forms, a: forms.subtract(forms.exp(a), of_number(1.0)),
    "log1p": lambda forms, a: forms.log(forms.add(of_number(1.0), a)),
    "logaddexp": lambda forms, a, b: forms.log(forms.add(forms.exp(a), forms.exp(b))),
    "sinh": lambda forms, a: quotients.scale(forms.subtract(forms.exp(a), forms.exp(quotients.scale(a, -1.0))), 0.5),
    "cosh": lambda forms, a: quotients.scale(forms.add(forms.exp(a), forms.exp(quotients.scale(a, -1.0))), 0.5),
    "sqrt": Forms.root,
    "erf": Forms.erf,
    "normal_cdf": Forms.normal,
    "ndtr": Forms.normal,
    "reciprocal": lambda forms, a: forms.divide(of_number(1.0), a),
    "maximum": Forms.maximum,
    "minimum": lambda forms, a, b: forms.subtract(forms.add(a, b), forms.maximum(a, b)),
    "absolute": lambda forms, a: forms.maximum(a, quotients.scale(a, -1.0)),
    "sign": lambda forms, a: forms.subtract(quotients.scale(forms.step(a), 2.0), of_number(1.0)),
    "greater": Forms.greater,
    "greater_equal": Forms.greater,
    "less": lambda forms, a, b: forms.greater(b, a),
    "less_equal": lambda forms, a, b: forms.greater(b, a),
    "where": Forms.where,
}
_CHOICES = ("greater", "greater_equal", "less", "less_equal", "where")
# What the forms of definitions are told by: operations that make an exponential, a step, a root or Φ.
TELLING = {
    *_CHOICES,
    "exp",
    "expm1",
    "logaddexp",
    "sinh",
    "cosh",
    "maximum",
    "minimum",
    "absolute",
    "sign",
    "sqrt",
    "erf",
}
