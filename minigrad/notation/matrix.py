"""Matrix notation: an expression as operations on whole arrays, ``Y₁ᵀ δ₂``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minigrad.engine.node import Node
from minigrad.notation.keys import write_key
from minigrad.notation.running import fold_sums
from minigrad.notation.symbols import Symbol, split_name
from minigrad.notation.term import ATOM, Term, before_sum, number_term, symbol_term
from minigrad.ops.arithmetic import add, multiply
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.common.alphabet import to_subscript
from minigrad.ops.cumulative import Prod
from minigrad.ops.elementwise import exp, log
from minigrad.ops.linalg import matmul
from minigrad.ops.reduction import LogSumExp, Max, Sum, normalize_axis
from minigrad.ops.shaping import BroadcastTo, Reshape, Transpose

# What runs over each axis of a matrix, and of arrays of more axes: n over samples, k over what each of them has.
_SHOWN = 6  # numbers of an array
_AXES = {2: "nk", 3: "njk", 4: "nijk"}


def matrix_term(expression: Any, names: Mapping[Node, Symbol], expand: Node | None = None) -> Term:
    """Give the Term of an expression; a Node in ``names`` is a symbol, unless it is the one to ``expand``."""
    return build_term(fold_sums(expression, names, expand), names, expand, _term)


def build_term(
    expression: Any, names: Mapping[Node, Symbol], expand: Node | None, term: Callable[[Any, list[Term]], Term]
) -> Term:
    """Put an expression's Term together, each part by ``term(node, terms of its operands)``."""
    terms: dict[int, Term] = {}
    stack = [expression]
    while stack:  # operands first, without recursion
        node = stack[-1]
        if isinstance(node, Node) and node in names and node is not expand:
            terms[id(node)] = symbol_term(names[node])
            stack.pop()
            continue
        inputs = node.inputs if isinstance(node, Node) else ()
        missing = [x for x in inputs if id(x) not in terms]
        stack.extend(missing)
        if not missing:
            terms[id(node)] = term(node, [terms[id(x)] for x in inputs])
            stack.pop()
    return terms[id(expression)]


def _term(node: Any, parts: list[Term]) -> Term:
    if not isinstance(node, Node):
        return term_of_number(node)
    op = node.op
    if op is None:
        if node.name:
            return symbol_term(node.name)
        return number_term("?") if node.value is None else term_of_number(node.value)
    letters = list(op.letters)
    if isinstance(op, LogSumExp):
        return _log_sum_exp(node, op, parts[0])
    parts = [_element(op, x) or part for x, part in zip(node.inputs, parts, strict=True)]
    template = _template(node)
    if len(parts) != len(letters):  # an operation of however many inputs
        letters = [f"x{i}" for i in range(len(parts))]
        shown = [f"{{{letter}}}" for letter in letters]
        if _follow_each_other(parts):
            shown = [shown[0], "…", shown[-1]]
        template = f"{op.name}({', '.join(shown)})"
    if template == "{x}":  # nothing to be seen
        return parts[0]
    if isinstance(op, Transpose) and _unturned(node.inputs[0], parts[0]) is not parts[0]:  # of a vector made a row
        return _unturned(node.inputs[0], parts[0])
    for field in op.fields:
        template = template.replace(f"{{{field}}}", write_key(getattr(op, field), _field, code=False))
    if isinstance(op, BroadcastTo) and _is_number(node.inputs[0]):
        return parts[0]
    if op == multiply:
        parts[0] = before_sum(*parts)
    if isinstance(op, Elementwise) or op == matmul:
        across = op == matmul or any(_beside_rows(x, node) for x in node.inputs)
        beside = across and op != matmul and node.ndim == 2 and not outer_product(node)
        pairs = zip(node.inputs, parts, strict=True)
        parts = [_turned(x, part, beside) if across else _unturned(x, part) for x, part in pairs]
    if op == matmul:
        parts = [_as_matrix(x, part) for x, part in zip(node.inputs, parts, strict=True)]
    kind = matmul if outer_product(node) else op
    return Term(template, dict(zip(letters, parts, strict=True)), kind.binds, kind.name)


def _follow_each_other(parts: list[Term]) -> bool:
    """Say whether more than three symbols are numbered one after the other, so that the first and the last say all."""
    names = [split_name(part.name) for part in parts if part.kind == "symbol" and part.name is not None]
    if len(parts) < 4 or len(names) < len(parts):
        return False
    if not all(name.below.isdigit() and name[:-1] == names[0][:-1] for name in names):
        return False
    return [int(name.below) for name in names] == [int(names[0].below) + i for i in range(len(names))]


def _is_number(x: Any) -> bool:
    return not isinstance(x, Node) or (x.value is not None and not x.ndim)


def _as_matrix(x: Any, part: Term) -> Term:
    """Write a matrix of one number as that where it is multiplied by a matrix: elsewhere the number says it."""
    if isinstance(x, Node) and isinstance(x.op, BroadcastTo) and part.kind == "number":
        return Term(BroadcastTo.text, {"x": part}, BroadcastTo.binds, BroadcastTo.name)
    return part


def _beside_rows(x: Any, node: Node) -> bool:
    """Say whether an operand is a column, repeated along rows: beside it a row is told by its ᵀ, as in u − uᵀ."""
    return isinstance(x, Node) and x.ndim > 1 and x.shape[-1] == 1 != node.shape[-1]


def _unturned(x: Any, part: Term) -> Term:
    """Write a vector that was made a row as the vector, where it stands beside every row: Y − (Σₙ Y) / N."""
    return part.parts["x"] if part.kind == Reshape.name and part.template == "{x}ᵀ" and _is_row(x) else part


def _turned(x: Any, part: Term, beside: bool) -> Term:
    """Write what was computed of such a vector as the row that it is, x − (y / N)ᵀ; so a vector ``beside`` a column."""
    rows = isinstance(x, Node) and isinstance(x.op, Elementwise) and part.kind != "symbol" and _is_made_row(x)
    rows = rows or (beside and np.ndim(x) == 1 and np.size(x) > 1)
    return Term(Transpose.text, {"x": part}, Transpose.binds, Transpose.name) if rows else part


def _is_made_row(x: Node) -> bool:
    """Say whether functions of elements were applied to a vector that was made a row."""
    stack: list[Any] = [x]
    while stack:
        node = stack.pop()
        if isinstance(node, Node) and node.ndim == 2 and node.shape[0] == 1 < node.shape[1]:
            if isinstance(node.op, Reshape):
                return np.ndim(node.inputs[0]) == 1
            stack += node.inputs if isinstance(node.op, Elementwise) else ()
    return False


def _log_sum_exp(node: Node, op: LogSumExp, x: Term) -> Term:
    """Write the logarithm of a sum of exponentials as what it is."""
    total = node.apply(Sum(op.axis, op.keepdims), node.inputs)
    powers = Term(exp.text, {"x": x}, exp.binds, exp.name)
    return Term(log.text, {"x": Term(_template(total), {"x": powers}, Sum.binds, Sum.name)}, log.binds, log.name)


def _template(node: Node) -> str:
    """Give the operation's text, as its operands have it written: 2 x, not 2 ⊙ x; Σₙ over the rows; x as a column.

    A vector is a column, so that x δᵀ is an outer product; one made of a single row or column is written as that.
    """
    op, x = node.op, node.inputs[0]
    assert isinstance(op, Op)
    if op == multiply and (not np.ndim(x) if node.shape else not isinstance(x, Node)):
        return "{a} {b}"
    if outer_product(node):
        b = node.inputs[1]
        return "{a} {b}ᵀ" if b.ndim == 1 or (b.size == 1 and _is_turned(b)) else "{a} {b}"
    if isinstance(op, Sum | Prod | Max) and op.axis is not None:
        over = "".join(_AXES.get(x.ndim, "")[i : i + 1] for i in normalize_axis(op.axis, x.ndim))
        if 0 < len(over) < x.ndim:
            sign, behind = (op.name, "({x})") if isinstance(op, Max) else (op.text[0], " {x}")
            return f"{sign}{to_subscript(over)}{behind}"
    if isinstance(op, Transpose) and x.ndim > 2 and not swaps_last(op, x.ndim):
        return "transpose({x}" + (")" if op.axes is None else f", {op.axes})")
    if isinstance(op, BroadcastTo) and node.size == 1:
        return "{x}"
    if isinstance(op, Reshape) and _keeps_places(x, node):
        return "{x}ᵀ" if _turns(x, node) else "{x}"
    return op.text


def _keeps_places(x: Node, y: Node) -> bool:
    """Say whether a reshape of a vector, a row or a column gives another of these."""
    long = [n for n in x.shape if n != 1]
    return max(x.ndim, y.ndim) <= 2 and len(long) <= 1 and long == [n for n in y.shape if n != 1]


def _turns(x: Node, y: Node) -> bool:
    """Say whether such a reshape is a transpose: row to column, column to row, or a vector, a column, to a row."""
    if x.ndim == y.ndim == 2:
        return x.shape != y.shape
    return x.ndim == 1 and y.ndim == 2 and y.shape[1] != 1


def swaps_last(op: Transpose, ndim: int) -> bool:
    """Say whether each matrix, which lies on the last two axes, is transposed, and nothing else."""
    axes = range(ndim)[::-1] if op.axes is None else (i % ndim for i in op.axes)
    return tuple(axes) == (*range(ndim - 2), ndim - 1, ndim - 2)


def outer_product(node: Node) -> bool:
    """Say whether an elementwise product is that of a column and a row, which is their matrix product."""
    if node.op != multiply or node.ndim != 2:
        return False
    a, b = node.inputs
    return _is_column(a) and (np.ndim(b) == 1 or _is_row(b))


def _is_column(x: Any) -> bool:
    return np.ndim(x) == 2 and x.shape[1] == 1 and (x.shape[0] > 1 or _is_turned(x))


def _is_row(x: Any) -> bool:
    return np.ndim(x) == 2 and x.shape[0] == 1 and (x.shape[1] > 1 or _is_turned(x))


def _is_turned(x: Any) -> bool:
    """Say whether one element was made a matrix of a vector, as a row or a column of one."""
    return isinstance(x, Node) and isinstance(x.op, Reshape) and np.ndim(x.inputs[0]) == 1


def _element(op: Op, x: Any) -> Term | None:
    """Give tₖ for a sum of an input T over its columns, which is one over the elements of a row."""
    name = x.name if isinstance(x, Node) and isinstance(op, Sum) and _over_columns(op, x) else None
    return symbol_term(f"{name.lower()}ₖ") if name and len(name) == 1 and name.isupper() else None


def _over_columns(op: Sum, x: Node) -> bool:
    return x.ndim == 2 and op.axis is not None and normalize_axis(op.axis, 2) == (1,)


def _field(value: Any) -> str:
    return _write_places(value) if isinstance(value, np.ndarray) else str(value)


def write_number(x: Any) -> str:
    """Write a number with a proper minus sign, and an array by its shape."""
    if np.ndim(x):
        return f"array{np.shape(x)}"
    if np.iscomplexobj(x):
        return _write_complex(complex(x))
    return f"{x:g}".replace("-", "−")


def _write_places(x: Any) -> str:
    """Write the places that an index names: all of a few, and of more the first two and the last."""
    if not x.ndim:
        return str(x)
    if x.dtype.kind not in "iu" or not x.size or x.ndim > 2:
        return write_number(x)
    few = x if len(x) <= _SHOWN else (*x[:2], x[-1])
    parts = [_write_places(part) for part in few]
    return f"[{', '.join(parts if few is x else (*parts[:2], '…', parts[-1]))}]"


def _write_complex(x: complex) -> str:
    """Write 1 + 2i; of a number that is real, or imaginary, that part alone."""
    imaginary = {1.0: "i", -1.0: "−i"}.get(x.imag) or f"{write_number(x.imag)}i"
    if not (x.real and x.imag):
        return imaginary if x.imag else write_number(x.real)
    return f"{write_number(x.real)} {'−' if x.imag < 0 else '+'} {imaginary.removeprefix('−')}"


def term_of_number(x: Any) -> Term:
    """Give the Term of a number or of an array of numbers; one that is written as a sum binds as such."""
    is_sum = not np.ndim(x) and np.real(x) and np.imag(x)
    return number_term(write_number(x), add.binds if is_sum else ATOM)
