"""Haste: Jacobians are carried back without what keeps an infinite slope from the elements that it is not of.

Code takes half the time so, and has NaN there, 0 · ∞. Where each NaN shows in what a call returns, it is seen behind
the code, and the function is traced anew, with care; where one might not, it is traced with care from the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.engine.blocks import Block, Setting
from minigrad.engine.node import Node, order_nodes
from minigrad.engine.operand import Operand
from minigrad.ops.arithmetic import Power, Where, maximum, minimum
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.indexing import Index
from minigrad.ops.linalg import Affine, Inner, MatMul

_care = Setting("care", False)
carefully = Block(_care, True)
FORGETFUL = ("power", "float_power", "hypot", "copysign")  # of NaN and a number they may be a number


class Haste:
    """What has been carried back in haste while a call is traced, if that is ``allowed``."""

    def __init__(self) -> None:
        self.allowed = not _care.get()
        self.found: list[Node] = []

    def note(self, carried: Iterable[Any]) -> None:
        """Note what is NaN where an infinite slope meets a gradient of 0."""
        self.found += [x for x in map(_find_expression, carried) if isinstance(x, Node)]

    def find_shown(self, returned: Sequence[Any], others: Iterable[Any]) -> list[int] | None:
        """Say at which positions of what is returned all NaN show; None if it might be lost, or come to ``others``."""
        reached = set(self.found)
        for node in order_nodes([*returned, *others]) if reached else ():
            if node not in reached and any(isinstance(x, Node) and x in reached for x in node.inputs):
                if node.dtype.kind not in "fc" or not _keeps_nan(node.op):
                    return None
                reached.add(node)
        if any(isinstance(x, Node) and x in reached for x in others):
            return None
        return [i for i, x in enumerate(returned) if isinstance(x, Node) and x in reached]


def _find_expression(x: Any) -> Any:
    """Give the expression that a value is, in lanes, too; and a constant array as it is."""
    while isinstance(x, Operand) and not isinstance(x, Node):
        x = x.stack if hasattr(x, "stack") else x.array
    return x


def _keeps_nan(op: Op | None) -> bool:
    """Say whether what an operation makes of NaN is NaN, or is not made of it at all."""
    if isinstance(op, Power):
        return op.exponent != 0
    if isinstance(op, Elementwise):
        return op.name not in FORGETFUL and (not op.chooses or op in (maximum, minimum))
    return isinstance(op, Where | Index | MatMul | Inner | Affine) or (op is not None and not op.reads_values)


def has_nan(x: Any) -> bool:
    """Say whether there is NaN in an array, in a third of a microsecond: in Σ |x|² it stays, and no other is made."""
    total = np.vdot(x, x)
    return bool(total != total)
