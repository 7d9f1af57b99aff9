"""Operations whose definition has another operation in it: u σ(u) is silu(u), u Φ(u) is gelu(u).

A form tells nothing of σ(u) where that is an operation itself; here a definition is compared with what was written,
operation by operation.
"""

from __future__ import annotations

from collections.abc import Set
from functools import cache
from typing import Any

from minigrad.engine.node import Node
from minigrad.notation.ops_table import operations
from minigrad.ops.arithmetic import add, multiply
from minigrad.ops.base import Elementwise, Op


def find_composite(r: Any, named: Set[Node] = frozenset()) -> Node | None:
    """Give op(u) if r is made as op's definition makes it of u; None if it is not, or a part of it is ``named``."""
    parts = r.inputs if isinstance(r, Node) and r.op is not None else ()
    for part in parts:
        if isinstance(part, Node) and part not in named and len(part.inputs) == 1 and isinstance(part.inputs[0], Node):
            u, same = part.inputs[0], _name_alike(part.op)
            written = [u.apply(same, (u,)) if x is part else x for x in parts] if same in _composites() else []
            for op in _composites().get(same, ()) if same is not None else ():
                made = op.definition(u) if op.definition is not None else r
                if made.op == r.op and _are_same(made, written):
                    whole: Node = op(u)
                    return whole if (whole.shape, whole.dtype) == (r.shape, r.dtype) else None
    return None


def _name_alike(op: Op | None) -> Op | None:
    """Give the operation that another is by its definition, as SciPy's ndtr is Φ; or that itself."""
    return op.definition if op is not None and isinstance(op.definition, Op) else op


def _are_same(made: Node, written: list[Any]) -> bool:
    """Say whether a Node has these operands, in either order where that is no matter."""
    orders = [written, written[::-1]] if made.op in (add, multiply) else [written]
    return any(all(a is b for a, b in zip(made.inputs, order, strict=True)) for order in orders)


@cache
def _composites() -> dict[Op, tuple[Op, ...]]:
    """Give, for an operation of one operand, those whose definition is a product of it and its operand.

    Not log σ(u): from the logarithm of a σ that is seen as such comes the δ = y − t of a cross-entropy.
    """
    found: dict[Op, tuple[Op, ...]] = {}
    for op in operations():
        if isinstance(op, Elementwise) and op.definition is not None and len(op.letters) == 1:
            a = Node(name="a", shape=(2, 3), table={})
            made = op.definition(a)
            for part in made.inputs if made.op == multiply else ():
                if isinstance(part, Node) and part.op is not None and len(part.inputs) == 1 and part.inputs[0] is a:
                    found[part.op] = (*found.get(part.op, ()), op)
    return found
