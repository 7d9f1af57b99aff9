"""Which columns of a matrix come to nothing in some of its rows, since a mask that is known is −∞ or 0 there.

In the rows that causal attention has computed so far a later column is S = −∞, exp(S − max) = 0, and 0 in every sum: it
need not be computed. That holds of finite numbers, and so it is read off the operations: each is in such a column
finite, 0 or −∞. Where none of that is known the columns stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from minigrad.compiler.blocking.passing import Passing, follow_axis, pass_axis
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Where, add, divide, multiply, negative, subtract
from minigrad.ops.base import Elementwise
from minigrad.ops.elementwise import exp
from minigrad.ops.linalg import MatMul
from minigrad.ops.reduction import Max, Min, Sum
from minigrad.ops.shaping import BroadcastTo, Cast, Transpose


class Kind(Enum):
    """What all elements are where a mask lets nothing through; FINITE is any number."""

    FINITE, ZERO, LOWEST, TRUE, FALSE = range(5)


@dataclass(frozen=True)
class Reach:
    """The columns that matter in each row: from ``first`` to before ``end``."""

    first: tuple[int, ...]
    end: tuple[int, ...]

    def of_rows(self, first: int, end: int) -> tuple[int, int]:
        """Give the columns that matter in any of some rows, at least one."""
        low, high = min(self.first[first:end]), max(self.end[first:end])
        return (low, high) if low < high else (0, 1)


def find_reach(nodes: Sequence[Node], starts: Sequence[Node]) -> Reach | None:
    """Give the columns that matter in each row; None where all do, or it is not known."""
    found = follow_columns(nodes, starts)
    if found is None:
        return None
    passings = found
    rows, columns = starts[0].shape[-2:]
    masks = {
        x: _find_kinds(x.value)
        for node in nodes
        for x, axis in zip(node.inputs, passings[node].operands, strict=True)
        if isinstance(x, Node) and x.value is not None and x.shape == (rows, columns) and axis == 1
    }
    for mask, (value, kind) in ((m, pair) for m, pairs in masks.items() for pair in pairs):
        alike = {x: kind for x in masks if x is mask or np.array_equal(x.value, mask.value)}
        if _vanishes(nodes, passings, starts, alike):
            return _reach_of(np.asarray(mask.value) != value)
    return None


def _find_kinds(value: Any) -> list[tuple[Any, Kind]]:
    """Give which elements of a mask may let nothing through, and of what kind they are."""
    if value.dtype.kind == "b":
        return [(False, Kind.FALSE), (True, Kind.TRUE)]
    return [(-np.inf, Kind.LOWEST), (0, Kind.ZERO)] if value.dtype.kind == "f" else []


def _reach_of(matters: Any) -> Reach | None:
    """Give the columns between the first that matters and the last; None where that saves nothing."""
    rows, columns = matters.shape
    some = matters.any(1)
    first = np.where(some, matters.argmax(1), columns)
    end = np.where(some, columns - matters[:, ::-1].argmax(1), 0)
    if (end - first).clip(0).sum() > 0.9 * rows * columns:
        return None
    return Reach(tuple(map(int, first)), tuple(map(int, end)))


def follow_columns(nodes: Sequence[Node], starts: Sequence[Node]) -> dict[Node, Passing] | None:
    """Say how columns run through operations; those that have none are of whole rows."""
    axes: dict[Node, int] = {x: x.ndim - 1 for x in starts}
    begun = follow_axis(starts, axes)
    assert begun is not None, "a product has columns"
    found: dict[Node, Passing] = dict(begun)
    for node in nodes:
        if node in found:
            continue
        if not any(isinstance(x, Node) and x in axes for x in node.inputs):
            if node.size >= starts[0].size:
                return None
            found[node] = Passing(None, (None,) * len(node.inputs))
            continue
        x = node.inputs[0]
        passing = pass_axis(node, axes)
        if passing is None and isinstance(node.op, Max) and isinstance(x, Node):
            passing = Passing(None, (axes[x],))  # the largest of a row
        if passing is None:
            return None
        found[node] = passing
        if passing.result is not None:
            axes[node] = passing.result
    return found


def _vanishes(
    nodes: Sequence[Node], passings: dict[Node, Passing], starts: Sequence[Node], known: dict[Node, Kind]
) -> bool:
    """Say whether nothing that is summed over columns, or has them in the end, needs those where a mask is such."""
    kinds: dict[Node, Kind] = dict(known)
    inside, begun = set(nodes), set(starts)
    gone: set[Node] = set()  # those that are added up, or are the matrix's in the end, must be 0
    for node in nodes:
        passing = passings[node]
        given = [
            kinds.get(x, Kind.FINITE) if isinstance(x, Node) and (x in kinds or x in inside) else _kind_of(x)
            for x in node.inputs
        ]
        if passing.result is not None:
            kind = Kind.FINITE if node in begun else _find_kind(node, given)
            if kind is None:
                return False
            kinds[node] = kind
            gone.add(node)
        elif any(x is not None for x in passing.operands) and not _is_neutral(node, given):
            return False
    used = {x for node in nodes for x in node.inputs if isinstance(x, Node)}
    return all(x in used or kinds[x] is Kind.ZERO for x in gone)


def _kind_of(x: Any) -> Kind:
    """Say what an operand from elsewhere is: one number, if that is known."""
    value = x.value if isinstance(x, Node) else x
    if value is None or np.size(value) != 1:
        return Kind.FINITE
    number = np.asarray(value).item()
    return Kind.ZERO if number == 0 else Kind.LOWEST if number == -np.inf else Kind.FINITE


def _is_neutral(node: Node, given: Sequence[Kind]) -> bool:
    """Say whether columns of such kinds change nothing of a sum over them, or an extreme."""
    if isinstance(node.op, Min):
        return False
    if isinstance(node.op, Max):
        return given[0] is Kind.LOWEST
    finite = {Kind.ZERO, Kind.FINITE}
    return isinstance(node.op, Sum | MatMul) and Kind.ZERO in given and set(given) <= finite


def _find_kind(node: Node, given: Sequence[Kind]) -> Kind | None:
    """Say what an operation gives of such operands; None where it may be anything."""
    op, kinds = node.op, set(given)
    finite = kinds <= {Kind.FINITE, Kind.ZERO}
    if isinstance(op, Where):
        condition, a, b = given
        chosen = {a} if condition is Kind.TRUE else {b} if condition is Kind.FALSE else {a, b}
        return chosen.pop() if len(chosen) == 1 else Kind.FINITE if chosen <= {Kind.FINITE, Kind.ZERO} else None
    if isinstance(op, Transpose | BroadcastTo | Cast):
        return given[0] if given[0] in (Kind.FINITE, Kind.ZERO, Kind.LOWEST) else None
    if op == exp and given[0] is Kind.LOWEST:
        return Kind.ZERO
    if op == add and Kind.LOWEST in kinds and kinds <= {Kind.LOWEST, Kind.FINITE, Kind.ZERO}:
        return Kind.LOWEST
    if op in (subtract, divide, multiply) and Kind.LOWEST in kinds:
        return Kind.LOWEST if _keeps_lowest(node, given) else None
    if (op == multiply or isinstance(op, MatMul)) and Kind.ZERO in kinds and finite:
        return Kind.ZERO
    if op == divide and finite and given[1] is not Kind.ZERO:
        return given[0]
    if op in (add, subtract, negative) and kinds == {Kind.ZERO}:
        return Kind.ZERO
    safe = Kind.ZERO not in kinds or op in (add, subtract, exp) or node.dtype.kind == "b"
    return Kind.FINITE if isinstance(op, Elementwise | MatMul) and finite and safe else None


def _keeps_lowest(node: Node, given: Sequence[Kind]) -> bool:
    """−∞ less a finite number is −∞, and so it is times a number above 0, or divided by one."""
    if node.op == subtract:
        return given[0] is Kind.LOWEST and given[1] in (Kind.FINITE, Kind.ZERO)
    factors = [x for x, kind in zip(node.inputs, given, strict=True) if kind is not Kind.LOWEST]
    above = len(factors) == 1 and isinstance(factors[0], float | int) and 0 < factors[0] < np.inf
    return above and (node.op == multiply or given[0] is Kind.LOWEST)
