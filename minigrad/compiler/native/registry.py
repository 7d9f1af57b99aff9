"""The registry of the native backend: which operations are loops, how each is written, and why the others are calls.

A call is made by Python, between two runs of loops, as the NumPy backend makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.compiler.backend import Registry
from minigrad.compiler.passes.plan import root
from minigrad.compiler.passes.promotion import refuse_numbers
from minigrad.engine.node import Node

Lines = list[str]

DTYPES = {"float64": "64", "float32": "32", "int64": "i64", "int32": "i32", "bool": "b"}
TYPED = frozenset(map(np.dtype, DTYPES))  # of this machine's order of bytes
ARRAYS = 4  # words that a step's context begins with, before the addresses of arrays: memory, BLAS twice, the crew
NO_KERNEL = "no native kernel is registered for it"


def _unlimited(node: Node) -> str:
    return ""


@dataclass(frozen=True)
class Reduction:
    """What a sum or an extreme starts from, and the lines by which one element more enters into it."""

    start: Callable[[Node], str]
    enter: Callable[[Node, str, list[str]], Lines]


@dataclass(frozen=True)
class Kernel:
    """How native code computes an operation; ``limit`` says of a Node why it is a call, and nothing where it is loops.

    ``element`` writes one element from those of the operands, in loops and for numbers; ``reduction`` is gathered along
    a loop; ``unit`` writes what is none of these: a method of the writer, called with a unit of ``passes.fuse``.
    """

    element: Callable[[Node, list[str]], str] | None = None
    reduction: Reduction | None = None
    unit: Callable[[Any, Any], None] | None = None
    limit: Callable[[Node], str] = _unlimited


KERNELS: Registry[Kernel] = Registry()


def find_kernel(node: Node) -> Kernel:
    """Give the kernel of a Node's operation; those without one have been refused."""
    kernel = KERNELS.find(node.op) if node.op is not None else None
    assert kernel is not None, node
    return kernel


def find_reduction(node: Node) -> Reduction:
    """Give what a reduction does with each element."""
    reduction = find_kernel(node).reduction
    assert reduction is not None, node
    return reduction


def find_calls(nodes: Iterable[Node]) -> dict[Node, str]:
    """Give the Nodes among some that have no loops of native code, and so are calls between these; and why."""
    return {node: reason for node in nodes if node.op and (reason := _refuse(node))}


def _refuse(node: Node) -> str:
    """Say why there are no loops for a Node; nothing if there are."""
    for x in (node, *node.inputs):
        if type(x) is Node and not (is_typed(x) and is_typed(root(x))):  # as views of it are
            return f"native code has no dtype {root(x).dtype}"
        if isinstance(x, complex):
            return f"native code has no complex numbers, as {x} is"
    assert node.op is not None
    kernel = KERNELS.find(node.op)
    return NO_KERNEL if kernel is None else kernel.limit(node) or refuse_numbers(node)


def is_typed(x: Node) -> bool:
    """Say whether native code has the dtype of a Node's elements; a Python number takes that of what it meets."""
    return (x.weak and x.dtype.kind != "c") or x.dtype in TYPED
