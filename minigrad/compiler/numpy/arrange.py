"""How NumPy code arranges loops of small arrays, each call of which takes longer to begin than to compute.

What turns compute from outside alone comes before a loop, what they only add up behind it: of all turns at once. And
whether derivatives are finite, by which turns multiply, is asked of all of them before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.algebra.rewrite import substitute_nodes
from minigrad.compiler.numpy.fit import fit_outputs
from minigrad.compiler.numpy.gate import Gate, InnerGate, checked, checked_inner, find_guard
from minigrad.compiler.passes.lower import rewrite_nodes
from minigrad.compiler.rolling.ahead import compute_ahead, read_instead
from minigrad.compiler.rolling.behind import move_sums
from minigrad.compiler.rolling.keys import EvenKey
from minigrad.compiler.rolling.loop import Loop
from minigrad.compiler.rolling.turn import fit_bodies
from minigrad.engine.node import Node
from minigrad.ops.base import Op, Shape

SMALL = 64  # elements of an array, up to which a call of NumPy takes longer to begin than to compute


class AllFinite(Op):
    """Whether all elements are finite."""

    name, text, letters = "all_finite", "all finite {x}", "x"

    def shape(self, *shapes: Shape) -> Shape:
        """Give that of a number."""
        return ()

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give that of a truth value."""
        return np.dtype(bool)

    def forward(self, x: Any) -> Any:
        """Look at all."""
        return np.isfinite(x).all()


def arrange_loops(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, up to rounding, whose loops have few calls to make."""
    outputs = rewrite_nodes(move_sums(outputs, SMALL), _see_guards)
    return rewrite_nodes(fit_bodies(outputs, fit_outputs), _hurry)


def _hurry(node: Node) -> Any:
    return _check_ahead(compute_ahead(node, SMALL)) if isinstance(node.op, Loop) else None


def _see_guards(node: Node) -> Any:
    """Let a turn see that what it reads is d where that is finite, and 0 elsewhere, for a d that it reads, too."""
    if not isinstance(node.op, Loop):
        return None
    body = node.op.body
    same = {node.inputs[x.operand]: x.node for x in body.reads if x.key is None and not x.each}
    becomes = {}
    for whole, read in same.items():
        d = find_guard(whole)
        if d in same:
            becomes[read] = whole.apply(whole.op, (whole.inputs[0].apply(whole.inputs[0].op, (same[d],)), same[d], 0))
    if not becomes:
        return None
    body = body.replace_values(substitute_nodes(body.values, becomes))
    return Node(Loop(body), node.inputs, shape=node.shape, dtype=node.dtype, table=node.table)


def _check_ahead(loop: Node) -> Node:
    """Ask before a loop whether the derivatives are finite that a gate of its turns lets through."""
    assert isinstance(loop.op, Loop)
    body = loop.op.body
    reads = {x.node: x for x in body.reads if not x.each}
    finite: dict[Node, Node] = {}  # what is read -> what says so in a turn
    found: dict[Node, tuple[Any, EvenKey | None]] = {}
    for node in body.nodes:
        if isinstance(node.op, Gate | InnerGate) and node.inputs[1] in reads and not node.inputs[1].weak:
            d = node.inputs[1]
            if d not in finite:
                whole = loop.inputs[reads[d].operand]
                finite[d] = Node(shape=(), dtype=np.dtype(bool), table=d.table)
                found[finite[d]] = AllFinite()(whole), None
    if not found:
        return loop

    def check(node: Node) -> Any:
        if not isinstance(node.op, Gate | InnerGate) or node.inputs[1] not in finite:
            return None
        inputs = (*node.inputs, finite[node.inputs[1]])
        op = checked[len(inputs)] if isinstance(node.op, Gate) else checked_inner
        return Node(op, inputs, shape=node.shape, dtype=node.dtype, table=node.table)

    body = body.replace_values(rewrite_nodes(body.values, check))
    return read_instead(Node(Loop(body), loop.inputs, shape=loop.shape, dtype=loop.dtype, table=loop.table), found)
