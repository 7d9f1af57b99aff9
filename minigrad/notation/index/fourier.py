"""Discrete Fourier transforms by indices, yₖ = Σᵣ xᵣ ω₈^{r k}, with a root of unity ω₈ = exp(−2πi / 8).

So write G. H. Golub and C. F. Van Loan, Matrix Computations, 2013, 1.4.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import sqrt

from minigrad.engine.node import Node
from minigrad.notation.index.build import add_over, put_beside
from minigrad.notation.index.conditions import position_term
from minigrad.notation.index.position import AxisIndex, letters_of, position_of
from minigrad.notation.matrix import term_of_number
from minigrad.notation.term import Term, symbol_term
from minigrad.ops.arithmetic import divide, multiply, negative, power
from minigrad.ops.common.alphabet import to_subscript
from minigrad.ops.fft import Fourier, InverseFourier, RealFourier
from minigrad.ops.reduction import normalize_axis


def transformed_axes(node: Node) -> tuple[int, ...]:
    """Give the axes that a transform is over, from the front."""
    op = node.op
    axes = op.axes if isinstance(op, Fourier) else op.axis if isinstance(op, RealFourier) else ()
    return normalize_axis(axes, node.ndim)


def transform_term(node: Node, x: Term, at: Sequence[AxisIndex], over: Sequence[AxisIndex]) -> Term:
    """Write an element of a transform from its input's, the places ``at`` and those summed ``over`` of its axes."""
    op, axes = node.op, transformed_axes(node)
    assert isinstance(op, Fourier | RealFourier)
    inverse = isinstance(op, InverseFourier)
    sizes = [node.inputs[0].shape[axis] for axis in axes]
    factors, count = [x], 1
    for axis, n, place in zip(axes, sizes, over, strict=True):
        count *= n
        here = at[axis]
        if n == 1 or here in (None, "0"):
            continue
        a, b = (position_term(position_of(label, 0)) for label in (place, here))
        exponent = Term("{a} {b}", {"a": a, "b": b}, multiply.binds, "multiply")
        if inverse:
            exponent = Term(negative.text, {"x": exponent}, negative.binds, "negative")
        factors.append(Term(power.text, {"a": _root(n), "b": exponent}, power.binds, "power"))
    total = add_over(reduce(put_beside, factors), "".join(map(letters_of, over)))
    scale = {"ortho": sqrt(count), "forward": 1 if inverse else count}.get(op.norm or "", count if inverse else 1)
    if scale == 1:
        return total
    return Term(divide.text, {"a": total, "b": term_of_number(scale)}, divide.binds, "divide")


def _root(n: int) -> Term:
    root = symbol_term("ω" + to_subscript(n))
    root.note = f"{root.template} = exp(−2πi / {n})"
    return root
