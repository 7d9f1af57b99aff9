"""Discrete Fourier transforms by indices, yₖ = Σᵣ xᵣ ω₈^{r k}, with a root of unity ω₈ = exp(−2πi / 8).

So write G. H. Golub and C. F. Van Loan, Matrix Computations, 2013, 1.4.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from math import sqrt

import numpy as np

from minigrad.engine.node import Node
from minigrad.notation.index.along import NoIndexForm
from minigrad.notation.index.build import add_over, put_beside
from minigrad.notation.index.conditions import position_term
from minigrad.notation.index.position import AxisIndex, letters_of, position_of
from minigrad.notation.matrix import term_of_number
from minigrad.notation.term import Term, symbol_term
from minigrad.ops.arithmetic import divide, multiply, negative, power
from minigrad.ops.common.alphabet import to_subscript
from minigrad.ops.fft import Fourier, InverseFourier, InverseRealFourier, RealFourier, count_twice
from minigrad.ops.parts import real
from minigrad.ops.reduction import normalize_axis


def transformed_axes(node: Node) -> tuple[int, ...]:
    """Give the axes that a transform is over, from the front."""
    op = node.op
    axes = op.axes if isinstance(op, Fourier) else op.axis if isinstance(op, RealFourier) else ()
    return normalize_axis(axes, node.ndim)


def transformed_input(node: Node) -> tuple[Node, Node | None]:
    """Give what a transform is of, and the weights of its elements: how many frequencies each stands for, if not one.

    What has been divided by them is as it was before. Raises ``NoIndexForm`` of more frequencies than there are.
    """
    op, (x,) = node.op, node.inputs
    if not isinstance(op, InverseRealFourier):
        return x, None
    (axis,) = transformed_axes(node)
    times = count_twice(op.n, 0, 1)
    if x.shape[axis] > len(times):
        raise NoIndexForm("a spectrum that is cut")
    if x.op == divide:
        whole, by = x.inputs
        if getattr(by, "value", None) is not None and np.array_equal(by.value, count_twice(op.n, axis, x.ndim)):
            return whole, None
    return x, _weights(op.n, x.shape[axis])


@lru_cache(maxsize=64)
def _weights(n: int, frequencies: int) -> Node:
    """Give the weights of the first frequencies, always the same expression."""
    times = count_twice(n, 0, 1)[:frequencies]
    return Node(shape=times.shape, dtype=times.dtype, value=times)


def transform_term(node: Node, parts: Sequence[Term], at: Sequence[AxisIndex], over: Sequence[AxisIndex]) -> Term:
    """Write an element of a transform from its input's, the places ``at`` and those summed ``over`` of its axes."""
    op, axes = node.op, transformed_axes(node)
    assert isinstance(op, Fourier | RealFourier)
    half = isinstance(op, InverseRealFourier)
    inverse = isinstance(op, InverseFourier) or half
    sizes = [node.shape[axis] if half else node.inputs[0].shape[axis] for axis in axes]
    factors, count = [*parts[1:], parts[0]], 1
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
    total = Term(real.text, {"x": total}, kind="real") if half else total
    scale = {"ortho": sqrt(count), "forward": 1 if inverse else count}.get(op.norm or "", count if inverse else 1)
    if scale == 1:
        return total
    return Term(divide.text, {"a": total, "b": term_of_number(scale)}, divide.binds, "divide")


def _root(n: int) -> Term:
    root = symbol_term("ω" + to_subscript(n))
    root.note = f"{root.template} = exp(−2πi / {n})"
    return root
