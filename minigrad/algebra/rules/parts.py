"""Real parts and conjugates."""

from __future__ import annotations

from typing import Any

from minigrad.algebra.rewrite import on
from minigrad.engine.node import Node
from minigrad.ops.parts import conj, is_complex, real
from minigrad.ops.shaping import Cast


@on(real, conj)
def part_of_real(node: Node) -> Any:
    """Re(x) = x, of a real x, also of one that was cast to complex, and so for its conjugate."""
    (x,) = node.inputs
    inner = x.inputs[0] if isinstance(x, Node) and isinstance(x.op, Cast) else x
    return None if is_complex(inner) else inner if node.op == real else x


@on(conj)
def conjugate_twice(node: Node) -> Any:
    """conj(conj(x)) = x."""
    (y,) = node.inputs
    return y.inputs[0] if isinstance(y, Node) and y.op == conj else None
