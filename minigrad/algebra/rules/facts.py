"""What a user claims of an input, as a rule."""

from __future__ import annotations

from math import prod
from typing import Any

from minigrad.algebra.facts import SumsToOne
from minigrad.algebra.numbers import in_shape_of
from minigrad.algebra.rewrite import Rule, on
from minigrad.engine.node import Node
from minigrad.ops.reduction import Sum, normalize_axis


def rule_of_fact(fact: SumsToOne, t: Node) -> Rule:
    """Give the rule Σ t = 1 for one input."""

    @on(Sum)
    def sum_is_one(node: Node) -> Any:
        if not isinstance(node.op, Sum) or node.inputs[0] is not t:
            return None
        axes = normalize_axis(node.op.axis, t.ndim)
        (axis,) = normalize_axis(fact.axis, t.ndim)
        if axis not in axes:
            return None
        return in_shape_of(float(prod(t.shape[i] for i in axes if i != axis)), node)

    sum_is_one.__doc__ = str(fact)
    sum_is_one.__dict__["fact"] = fact
    return sum_is_one
