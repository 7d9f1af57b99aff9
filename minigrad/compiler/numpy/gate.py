"""A gradient times a derivative, of which one may be infinite, where 0 · ∞ means 0: if all is finite, one product."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.compiler.numpy.calls import KERNELS, Kernel
from minigrad.compiler.numpy.inner import write_inner
from minigrad.compiler.numpy.names import Lines, Names
from minigrad.engine.backward import multiply_guarded
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Where, multiply, not_equal
from minigrad.ops.base import Elementwise, Op, Shape
from minigrad.ops.common.choices import multiply_chosen
from minigrad.ops.elements.logic import isfinite
from minigrad.ops.linalg import Inner


class Gate(Elementwise):
    """y = g ⊙ d, but 0 where g does not reach and d is not finite: where g is 0, or a third operand is not true.

    Written out it is seven calls, of 4 µs for two elements.
    """


class InnerGate(Op):
    """y = ⟨g, d⟩, whose terms are 0 where g does not reach and d is not finite, in the same way."""

    name, text, letters = "inner_gate", "⟨{a}, {b}⟩", "ab"

    def shape(self, *shapes: Shape) -> Shape:
        """Give that of a number."""
        return ()

    def forward(self, g: Any, d: Any, reached: Any = None) -> Any:
        """Add up."""
        return np.sum(multiply_guarded(g, d, reached))


class CheckedGate(Elementwise):
    """The same, where the last operand says whether all derivatives are known to be finite."""


class CheckedInner(InnerGate):
    """⟨g, d⟩ in the same way."""

    def forward(self, g: Any, d: Any, *more: Any) -> Any:
        """Add up."""
        return super().forward(g, d, *more[:-1])


class Choice(Elementwise):
    """y = g ⊙ c, but 0 where c is 0, be g infinite or not."""


def _make(kind: type[Elementwise], forward: Any, operands: int) -> Elementwise:
    return kind("gate", forward, *[None] * operands, text="{a} {b}", binds=3)


gates = {n: _make(Gate, multiply_guarded, n) for n in (2, 3)}  # by how many operands there are
checked = {n: _make(CheckedGate, lambda g, d, *more: multiply_guarded(g, d, *more[:-1]), n) for n in (3, 4)}
inner_gate, checked_inner = InnerGate(), CheckedInner()
choice = Choice("choice", multiply_chosen, None, None, text="{a} {b}", binds=3)


def find_choice(node: Node) -> Any:
    """Give what multiplies by how much was chosen, but for infinite gradients of what was not, as one operation."""
    if node.op != multiply or node.dtype.kind != "f":
        return None
    for chosen, g in (node.inputs, node.inputs[::-1]):
        if isinstance(chosen, Node) and isinstance(g, Node) and isinstance(g.op, Where) and _is_number(g.inputs[2], 0):
            asked, g = g.inputs[:2]
            if isinstance(g, Node) and (asked is chosen or _is_call(asked, not_equal, chosen, 0)):
                return Node(choice, (g, chosen), shape=node.shape, dtype=node.dtype, table=node.table)
    return None


def find_gate(node: Node) -> Any:
    """Give what multiplies by a derivative, but for infinite ones where no gradient reaches, as one operation."""
    if not (node.op == multiply or isinstance(node.op, Inner)) or node.dtype.kind != "f":
        return None
    for g, guarded in (node.inputs, node.inputs[::-1]):
        if isinstance(g, Node) and isinstance(guarded, Node) and isinstance(guarded.op, Where):
            asked, d, rest = guarded.inputs
            if isinstance(d, Node) and isinstance(asked, Node) and d.dtype.kind == "f" and find_guard(rest) is d:
                inputs = (g, d) if _is_call(asked, not_equal, g, 0) else (g, d, asked)
                if isinstance(node.op, Inner) and not (d.shape == g.shape and d.dtype == g.dtype == node.dtype):
                    return None
                op = gates[len(inputs)] if node.op == multiply else inner_gate
                return Node(op, inputs, shape=node.shape, dtype=node.dtype, table=node.table)
    return None


def find_guard(x: Any) -> Node | None:
    """Give the d of where(isfinite(d), d, 0)."""
    if not isinstance(x, Node) or not isinstance(x.op, Where) or not _is_number(x.inputs[2], 0):
        return None
    d = x.inputs[1]
    return d if isinstance(d, Node) and _is_call(x.inputs[0], isfinite, d) else None


def _is_call(x: Any, op: Any, first: Node, second: Any = None) -> bool:
    if not isinstance(x, Node) or x.op != op or x.inputs[0] is not first:
        return False
    return second is None or _is_number(x.inputs[1], second)


def _is_number(x: Any, n: int) -> bool:
    return not isinstance(x, Node) and x == n


def _write_factor(w: Names, node: Node) -> tuple[str, str]:
    g, d, *more = (w.value(x) for x in node.inputs)
    known = more.pop() if isinstance(node.op, CheckedGate | CheckedInner) else ""
    reached = more[0] if more else f"{g} != 0"
    if known:
        return g, f"{d} if {known} else np.where({reached}, {d}, np.where(np.isfinite({d}), {d}, 0))"
    if not node.inputs[1].shape:
        return g, f"{d} if abs({d}) < np.inf else np.where({reached}, {d}, 0)"
    finite = f"{write_inner(w, node.inputs[1], node.inputs[1])} < np.inf"  # if it overflows, the values are the same
    return g, f"{d} if {finite} else np.where({reached}, {d}, np.where(np.isfinite({d}), {d}, 0))"


def _write_array(w: Names, node: Node, out: str) -> Lines:
    g, factor = _write_factor(w, node)
    return [w.call("multiply", g, factor, out)]


def _write_number(w: Names, node: Node) -> str:
    g, factor = _write_factor(w, node)
    return f"{g} * ({factor})"


def _write_inner(w: Names, node: Node) -> str:
    g, factor = _write_factor(w, node)
    return w.call("vdot", g, factor)


def _chosen_array(w: Names, node: Node, out: str) -> Lines:
    g, c = (w.value(x) for x in node.inputs)
    if not node.inputs[0].shape:
        return [w.call("multiply", f"({g} if abs({g}) < np.inf else np.where({c}, {g}, 0))", c, out)]
    finite = f"{write_inner(w, node.inputs[0], node.inputs[0])} < np.inf"
    return [w.call("multiply", f"({g} if {finite} else np.where({c}, {g}, 0))", c, out)]


def _chosen_number(w: Names, node: Node) -> str:
    g, c = (w.value(x) for x in node.inputs)
    return f"({g} * {c} if {c} else np.{node.dtype.name}(0))"  # 0 c would be an int64 of a truth value


def register_gates() -> None:
    """Say how they are written."""
    KERNELS.register(Kernel(_chosen_array, _chosen_number), Choice)
    KERNELS.register(Kernel(lambda w, node, out: [f"{out}[...] = {_write_inner(w, node)}"], _write_inner), InnerGate)
    KERNELS.register(Kernel(_write_array, _write_number), Gate, CheckedGate)
