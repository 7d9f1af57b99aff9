"""The functions of one argument in a calculation, y = f(u), of whose derivatives slips are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minigrad.derivation.comparing.calculation import Calculation, depends_only_on
from minigrad.derivation.comparing.slips.base import places_alone
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add, divide, multiply, negative, subtract
from minigrad.ops.base import Elementwise
from minigrad.ops.elementwise import identity
from minigrad.ops.reduction import Softmax


@dataclass(frozen=True, eq=False)
class Function:
    """A function of one argument in a calculation, y = f(u), element by element or row by row."""

    y: Node
    u: Node

    @property
    def is_one_operation(self) -> bool:
        """Is it one operation, not all that is between two symbols?"""
        return argument(self.y) is self.u

    @property
    def scales(self) -> bool:
        """Is it only a number times u, or u by a number?"""
        return self.is_one_operation and self.y.op in (multiply, divide)


def functions(way: Calculation, x: Node) -> list[list[Function]]:
    """Give the functions of one argument through which E depends on x, each alone, then all of a kind.

    Of what has a symbol, Y₁ by U₁ say, the whole way between counts as one function too, however it is written.
    """
    above = way.tape.above(x)
    reached = set(above)
    kinds: dict[Any, list[Function]] = {}
    found: list[Function] = []
    for y in reversed(above):
        for u in function_arguments(y, way) if y is not x else ():
            if u in reached:
                found.append(Function(y, u))
                kinds.setdefault((y.op, found[-1].is_one_operation), []).append(found[-1])
    groups = [group for group in kinds.values() if len(group) > 1]
    return [*([f] for f in found[: places_alone(way, x)]), *groups]


def argument(y: Node) -> Node | None:
    """Give the one operand that varies of a function of one argument; None for other Nodes, and where f′ is 0.

    Nothing goes back through a comparison, u > 0, or a sign.
    """
    if not isinstance(y.op, Elementwise | Softmax) or y.op in (add, subtract, negative, identity):
        return None
    varied = [(x, y.op.vjps[i]) for i, x in enumerate(y.inputs) if isinstance(x, Node) and _varies(x)]
    ((u, rule),) = varied if len(varied) == 1 else [(None, None)]
    return u if u is not None and rule is not None and u.shape == y.shape else None


def _varies(x: Node) -> bool:
    return x.op is not None or x.value is None


def function_arguments(y: Node, way: Calculation) -> list[Node]:
    """Give what y is a function of by all that is between two symbols, and by one operation, nothing else."""
    found = (_named_argument(y, way), argument(y))
    return list(dict.fromkeys(u for u in found if u is not None))


def _named_argument(y: Node, way: Calculation) -> Node | None:
    """Give the nearest Node with a symbol that y, which has one, is a function of, and of nothing else."""
    if y not in way.tape.names or y.op is None:
        return None
    seen: set[Node] = set()
    below: dict[Node, None] = {}
    stack = [y]
    while stack:
        for x in stack.pop().inputs:
            if isinstance(x, Node) and x not in seen:
                seen.add(x)
                if x in way.tape.names:
                    below[x] = None
                else:
                    stack.append(x)
    if len(below) != 1:
        return None
    (u,) = below
    return u if u.shape == y.shape and u.op is not None and depends_only_on(y, u) else None
