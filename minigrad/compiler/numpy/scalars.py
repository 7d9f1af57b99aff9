"""Numbers that Python computes: sums, differences and products of float64 are the same bits there, in half the time."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any

import numpy as np

from minigrad.compiler.numpy.calls import SAME_IN_PYTHON
from minigrad.compiler.passes.plan import Plan
from minigrad.engine.node import Node
from minigrad.ops import arithmetic

WORTH = 3  # operations for each conversion, which takes as long as two of them save


def find_floats(plan: Plan, kept: Iterable[Any]) -> set[Node]:
    """Give the numbers that may be Python's floats: those that nothing but Python's arithmetic reads.

    ``kept`` are read elsewhere. Where few operations would pay for what is converted, none are.
    """
    nodes = [*plan.first, *plan.second]
    read_elsewhere = {x for x in kept if isinstance(x, Node)}
    for node in nodes:
        if not _is_arithmetic(node) or node in plan.in_place or node in plan.drawn_in:
            read_elsewhere.update(x for x in node.inputs if isinstance(x, Node))
    found = {x for x in nodes if _is_number(x) and x not in read_elsewhere and x not in plan.in_place}
    computed = [node for node in nodes if computes_floats(node, found)]
    conversions = sum(bool(_converted_to(node, found)) for node in nodes)
    return found if len(computed) >= WORTH * conversions else set()


def computes_floats(node: Node, floats: Set[Node]) -> bool:
    """Say whether Python computes a number, since all that it is computed from are Python's."""
    numbers = [x for x in node.inputs if isinstance(x, Node)]
    return _is_arithmetic(node) and any(x in floats for x in numbers) and all(x in floats or x.weak for x in numbers)


def write_as(node: Node, floats: Set[Node], written: str) -> str:
    """Write a number so that it is Python's if it is one of ``floats``, and NumPy's if not."""
    kind = _converted_to(node, floats)
    return f"{kind}({written})" if kind else written


def _converted_to(node: Node, floats: Set[Node]) -> str:
    """Name the type that a number has to be converted to; nothing where it is what it is to be."""
    computed = computes_floats(node, floats)
    if node in floats:
        return "" if computed else "float"
    return "np.float64" if computed and not node.weak else ""


def _is_arithmetic(node: Node) -> bool:
    """Say whether a number is a sum, a difference, a product or a negative of float64."""
    if node.op not in SAME_IN_PYTHON and node.op != arithmetic.negative:
        return False
    return _is_number(node) and all(_is_number(x) or x.weak for x in node.inputs if isinstance(x, Node))


def _is_number(x: Node) -> bool:
    return not x.shape and not x.weak and x.dtype == np.float64
