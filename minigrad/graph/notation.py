"""From an expression to text. Brackets are placed here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from string import Formatter
from typing import Any

import numpy as np

from minigrad.graph.node import Node
from minigrad.op import Op
from minigrad.ops.arithmetic import multiply
from minigrad.ops.reduction import Sum, normalize_axis

_ATOM = 5


def text(expression: Any, names: Mapping[Node, str] | None = None, expand: Node | None = None) -> str:
    """Write an expression as one line of text, with the brackets that it needs and no others.

    A Node in ``names`` is written by its name, unless it is the one to ``expand``.

    >>> x = Node(name="x")
    >>> text(2 * (1 - x**2))
    '2 (1 − x²)'
    """
    names = names or {}
    written: dict[int, str] = {}
    stack = [expression]
    while stack:  # operands first, without recursion
        node = stack[-1]
        if isinstance(node, Node) and node in names and node is not expand:
            written[id(node)] = names[node]
            stack.pop()
            continue
        parts = node.inputs if isinstance(node, Node) else ()
        missing = [part for part in parts if id(part) not in written]
        stack.extend(missing)
        if not missing:
            written[id(node)] = _written(node, [written[id(part)] for part in parts], names)
            stack.pop()
    return written[id(expression)]


def _written(node: Any, parts: list[str], names: Mapping[Node, str]) -> str:
    if not isinstance(node, Node):
        return _number(node)
    op = node.op
    if op is None:
        return node.name or (_number(node.value) if node.value is not None else "?")
    if len(parts) != len(op.letters):
        return f"{op.name}({', '.join(parts)})"
    fields = {field: _static(getattr(op, field)) for field in op.fields}
    for position, (letter, part, x) in enumerate(zip(op.letters, parts, node.inputs, strict=True)):
        fields[letter] = f"({part})" if x not in names and _needs_brackets(op, letter, position, x) else part
    return _template(node).format(**fields)


def _template(node: Node) -> str:
    """Give the operation's text, as its operands have it written: 2 x, not 2 ⊙ x, and Σₙ for a sum over the rows."""
    op, x = node.op, node.inputs[0]
    assert op is not None
    if op == multiply and not isinstance(x, Node):
        return "{a} {b}"
    if isinstance(op, Sum) and x.ndim == 2 and op.axis is not None:
        (axis,) = normalize_axis(op.axis, 2) if np.ndim(op.axis) == 0 else (None,)
        if axis is not None and op.keepdims <= (axis == 1):
            name = x.name or ""
            element = f"{name.lower()}ₖ" if len(name) == 1 and name.isupper() and axis else "{x}"
            return ("Σₖ " if axis else "Σₙ ") + element
    return op.text


def _needs_brackets(op: Op, letter: str, position: int, x: Any) -> bool:
    """Compare how tightly operation and operand bind; to the right of some signs an equal needs brackets too."""
    exposed = _exposed(op.text)
    if letter not in exposed:
        return False
    if len(exposed) == 1 and op.text.startswith("{"):  # a power, a transpose, an index: only an atom needs none
        return _binds(x) < _ATOM
    if position == 0 and len(op.letters) == 2 and op.binds > 1 and _ends_in_sum(x):
        return True
    inner = x.op.name if isinstance(x, Node) and x.op else ""
    if position > 0 and (inner == "negative" or (op.binds == 2 and inner == "divide")):
        return True
    if _binds(x) == op.binds and position > 0:
        return op.name in ("subtract", "divide", "power")
    return _binds(x) < op.binds


def _ends_in_sum(x: Any) -> bool:
    """Say whether what stands to the right of x could be taken to belong under its Σ."""
    while isinstance(x, Node) and x.op == multiply:
        x = x.inputs[1]
    return isinstance(x, Node) and isinstance(x.op, Sum)


@cache
def _exposed(template: str) -> set[str]:
    """Name the operands that stand in a template outside all brackets, as in ``{a} − {b}``."""
    inside, names = False, set()
    for literal, field, _, _ in Formatter().parse(template):
        for character in literal:
            inside = character in "([⟨" or (character in "|‖" and not inside) or (inside and character not in ")]⟩|‖")
        if field and not inside:
            names.add(field)
    return names


def _binds(x: Any) -> int:
    if isinstance(x, Node):
        return x.op.binds if x.op else _ATOM
    return _ATOM if np.ndim(x) or x >= 0 else 3


def _static(value: Any) -> str:
    """Write an index or an axis as it would stand between brackets: ``0:3, 1``."""
    if isinstance(value, tuple):
        return ", ".join(_static(part) for part in value)
    if isinstance(value, slice):
        ends = (value.start, value.stop) if value.step is None else (value.start, value.stop, value.step)
        return ":".join("" if end is None else str(end) for end in ends)
    return "…" if value is Ellipsis else str(value)


def _number(x: Any) -> str:
    """Write a number with a proper minus sign, and an array by its shape."""
    if np.ndim(x):
        return f"array{np.shape(x)}"
    return f"{x:g}".replace("-", "−")
