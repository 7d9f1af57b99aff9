"""Indices that are not known yet, while a function is traced: operands of the operation that takes elements by them."""

from __future__ import annotations

from typing import Any

from minigrad.compiler.trace.traced import Recording, Traced, refuse_choice
from minigrad.engine.conversion import join_numbers
from minigrad.engine.node import Node
from minigrad.engine.writing.chosen import INSTEAD
from minigrad.ops.base import Op
from minigrad.ops.indexing import Gather, Index


def gather_unknown(tracer: Recording, op: Index, inputs: tuple[Any, ...]) -> tuple[Op, tuple[Any, ...]]:
    """Make operands of the indices that are not known yet, as in W[i] for a Tensor W from outside, or W[[i, j]]."""
    parts = tuple(map(join_numbers, op.key if isinstance(op.key, tuple) else (op.key,)))
    unknown = tuple(Traced(tracer, x, plain=True) for x in parts if isinstance(x, Node))
    if any(x.dtype.kind == "b" for x in unknown):
        raise refuse_choice(INSTEAD)
    if not unknown:
        return op, inputs
    return Gather(tuple(None if isinstance(x, Node) else (x,) for x in parts)), (*inputs, *unknown)
