"""Which dtypes NumPy computes an operation in: what a backend that writes it element by element has to cast to."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine.node import Node
from minigrad.ops.base import Elementwise
from minigrad.ops.common.dtypes import kind_of


def find_loop_dtypes(node: Node) -> tuple[np.dtype[Any], ...]:
    """Give the dtypes that NumPy computes a ufunc in: the operands', and the value's. Of True & 6 both are int64."""
    assert isinstance(node.op, Elementwise)
    assert isinstance(node.op.forward, np.ufunc)
    return node.op.forward.resolve_dtypes((*map(_kind_of, node.inputs), None))


def _kind_of(x: Any) -> Any:
    """Give an operand's dtype, or the type of a Python number, by which NumPy promotes."""
    if isinstance(x, Node):
        return type(x.dtype.type().item()) if x.weak else x.dtype
    return kind_of(x)


def find_meeting_dtype(node: Node) -> np.dtype[Any]:
    """Give the dtype that a number takes among a Node's operands."""
    dtypes = [x.dtype for x in node.inputs if isinstance(x, Node) and not x.weak]
    if not dtypes and node.dtype.kind == "b":  # which no Python number is that a question is asked about
        dtypes = [np.result_type(*(x.dtype if isinstance(x, Node) else x for x in node.inputs))]
    found = np.result_type(*dtypes) if dtypes else node.dtype
    wider = found.kind == node.dtype.kind == "f" and node.dtype.itemsize > found.itemsize  # as np.float_power computes
    return node.dtype if wider else found


def refuse_numbers(node: Node) -> str:
    """Say of an operation on integers which number they cannot be: NumPy raises, or knows what a comparison gives."""
    meeting = find_meeting_dtype(node)
    ends = np.iinfo(meeting if meeting.kind == "i" else np.int64)
    large = [x for x in node.inputs if type(x) is int and not ends.min < x <= ends.max]
    return f"{large[0]} is no {ends.dtype}" if large and meeting.kind in "ib" else ""
