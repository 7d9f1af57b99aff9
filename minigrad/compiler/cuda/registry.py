"""The registry of the CUDA backend: what each operation is in C, of one element, and which are calls of CuPy instead.

A call is made by Python between two captured graphs: the step is one graph where there is none.
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

C_TYPES = {"float64": "double", "float32": "float", "int64": "long long", "int32": "int", "bool": "bool"}
SUFFIXES = {"float64": "64", "float32": "32", "int64": "i64", "int32": "i32", "bool": "b"}  # of helpers in C
MATH = {"float64": "", "float32": "f"}  # of the C library's functions
NO_KERNEL = "no CUDA kernel is registered for it"


@dataclass(frozen=True)
class Operand:
    """One element of an operand as it is written in C: a variable of a dtype, or a Python number without one."""

    written: str
    dtype: np.dtype[Any] | None
    number: Any = None

    def to(self, dtype: np.dtype[Any]) -> str:
        """Write it as an element of a dtype."""
        if self.dtype is None:
            return write_constant(self.number, dtype)
        if self.dtype == dtype:
            return self.written
        if dtype.kind == "b":
            return f"({self.written} != 0)"
        return f"(({C_TYPES[dtype.name]}){self.written})"


def _unlimited(node: Node) -> str:
    return ""


@dataclass(frozen=True)
class Reduction:
    """How elements are gathered: of what each sum or extreme starts, how one enters it, and two of them meet.

    ``starts`` has one number for each that is kept, ``enter`` gives what is to meet it of an element's operands,
    ``meet`` the function of the prelude by which two meet, and ``finish`` what comes of them all.
    """

    starts: Callable[[Node], list[str]]
    enter: Callable[[Node, list[Operand]], list[str]]
    meet: str
    finish: Callable[[list[str]], str] = lambda kept: kept[0]


@dataclass(frozen=True)
class Kernel:
    """How C computes an operation; ``limit`` says of a Node why it is a call, and nothing where it is a kernel.

    ``element`` writes one element from those of the operands; ``reduction`` is gathered; ``moves`` says that it only
    moves elements, or multiplies matrices, which the writer knows by its unit.
    """

    element: Callable[[Node, list[Operand]], str] | None = None
    reduction: Reduction | None = None
    moves: bool = False
    limit: Callable[[Node], str] = _unlimited


KERNELS: Registry[Kernel] = Registry()


def find_kernel(node: Node) -> Kernel:
    """Give the kernel of a Node's operation; those without one have been refused."""
    kernel = KERNELS.find(node.op) if node.op is not None else None
    assert kernel is not None, node
    return kernel


def find_calls(nodes: Iterable[Node]) -> dict[Node, str]:
    """Give the Nodes among some that are no kernels, and so are calls of CuPy; and why."""
    return {node: reason for node in nodes if node.op and (reason := _refuse(node))}


def _refuse(node: Node) -> str:
    """Say why there is no kernel for a Node; nothing if there is."""
    for x in (node, *node.inputs):
        if isinstance(x, Node) and not (has_type(x) and has_type(root(x))):
            return f"CUDA kernels have no dtype {root(x).dtype}"
        if isinstance(x, complex):
            return "CUDA kernels have no complex numbers"
    assert node.op is not None
    kernel = KERNELS.find(node.op)
    return NO_KERNEL if kernel is None else kernel.limit(node) or refuse_numbers(node)


def has_type(x: Node) -> bool:
    """Say whether C has the dtype of a Node's elements."""
    return x.dtype.name in C_TYPES and bool(x.dtype.isnative)


def write_constant(x: Any, dtype: np.dtype[Any]) -> str:
    """Write a number as a constant of a dtype, which it is rounded to here: C reads as many digits as it has."""
    if dtype.kind == "b":
        return "true" if x else "false"
    if dtype.kind == "i":
        return _write_integer(int(x), dtype)
    value = dtype.type(x)
    single = dtype == np.float32
    if not np.isfinite(value):
        name = "NAN" if np.isnan(value) else "INF"
        return f"({'-' if value < 0 else ''}{name}{32 if single else 64})"
    written = repr(float(value))
    written += "" if "." in written or "e" in written else ".0"
    written += "f" if single else ""
    return f"({written})" if written.startswith("-") else written


def _write_integer(x: int, dtype: np.dtype[Any]) -> str:
    """Write an integer; C has no word for the least one, which is minus one that is too large."""
    ends, end = np.iinfo(dtype), "LL" if dtype.itemsize == 8 else ""
    if x == ends.min:
        return f"(-{ends.max}{end} - 1)"
    return f"({x}{end})" if x < 0 else f"{x}{end}"
