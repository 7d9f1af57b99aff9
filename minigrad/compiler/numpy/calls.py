"""How each operation that is no ufunc is written in NumPy: as calls that fill an array, or as a number."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.compiler.passes.lower import AddAt, Spread
from minigrad.compiler.trace.cells import Item
from minigrad.engine.node import Node
from minigrad.notation.formula import text
from minigrad.notation.keys import write_gathered_key, write_key
from minigrad.ops import arithmetic, indexing, linalg, reduction, shaping
from minigrad.ops.base import Op

if TYPE_CHECKING:
    from minigrad.compiler.numpy.source import Writer

Lines = list[str]


def _matmul(w: Writer, node: Node, out: str) -> Lines:
    a, b = node.inputs
    plain = a.ndim == b.ndim == 2 and a.dtype == b.dtype == node.dtype and node.dtype.kind == "f"
    if plain:  # the method spares np.dot's look at who should handle the call
        return [f"{w.value(a)}.dot({w.value(b)}, {out})"]
    return [w.call("matmul", w.value(a), w.value(b), out)]


def _sum(w: Writer, node: Node, out: str) -> Lines:
    (x,), op = node.inputs, node.op
    assert isinstance(op, reduction.Sum)
    axes = reduction.normalize_axis(op.axis, x.ndim)
    if x.ndim == 2 and len(axes) == 1 and x.dtype.kind == "f" and x.dtype == node.dtype and x.size:
        n = x.shape[axes[0]]
        key = (n, f"ones {x.dtype.str}")
        if key not in w.zeros:
            w.zeros[key] = w.fresh(f"ones_{n}")
            w.made.append(f"{w.zeros[key]} = np.ones({n}, np.{x.dtype.name})")
        ones, target = w.zeros[key], out
        if op.keepdims:
            target = w.fresh(f"{out}_flat")
            (w.lines if node in w.fresh_arrays else w.made).append(f"{target} = {out}.reshape(-1)")
        return [f"{ones}.dot({w.value(x)}, {target})" if axes == (0,) else f"{w.value(x)}.dot({ones}, {target})"]
    return [w.call("add.reduce", w.value(x), repr(op.axis), "None", out, repr(op.keepdims))]


def _extreme(w: Writer, node: Node, out: str) -> Lines:
    op = node.op
    assert isinstance(op, reduction.Max)
    function = "minimum" if isinstance(op, reduction.Min) else "maximum"
    return [w.call(f"{function}.reduce", w.value(node.inputs[0]), repr(op.axis), "None", out, repr(op.keepdims))]


def _where(w: Writer, node: Node, out: str) -> Lines:
    c, a, b = (w.value(x) for x in node.inputs)
    return [f"np.copyto({out}, {b}, 'unsafe')", f"np.copyto({out}, {a}, 'unsafe', where={c})"]


def _copied(w: Writer, node: Node, out: str) -> Lines:
    return [f"np.copyto({out}, {w.value(node.inputs[0])}, 'unsafe')"]


def _scatter(w: Writer, node: Node, out: str) -> Lines:
    op, (x, *indices) = node.op, node.inputs
    if isinstance(op, indexing.ScatterAt):
        key = write_gathered_key(op.template, map(w.value, indices), partial(_part, w))
    else:
        key = _key(op.key, w)  # type: ignore[union-attr]
        if indexing.is_basic(op.key):  # type: ignore[union-attr]
            return [f"{out}.fill(0)", f"{out}[{key}] = {w.value(x)}"]
    return [f"{out}.fill(0)", f"np.add.at({out}, np.s_[{key}], {w.value(x)})"]


def _added_at(w: Writer, node: Node, out: str) -> Lines:
    y, x = node.inputs
    before = w.value(y)
    region = f"{out}[{_key(node.op.key, w)}]"  # type: ignore[union-attr]
    copy = [] if before == out else [f"{out}[...] = {before}"]
    view = w.fresh(f"{out}_part")
    if node in w.fresh_arrays:
        copy.append(f"{view} = {region}")
    else:
        w.made.append(f"{view} = {region}")
    return [*copy, w.call("add", view, w.value(x), view)]


def _gathered(w: Writer, node: Node, out: str) -> Lines:
    op, (x, *indices) = node.op, node.inputs
    assert isinstance(op, indexing.Gather)
    return [f"{out}[...] = {w.value(x)}[{write_gathered_key(op.template, map(w.value, indices), partial(_part, w))}]"]


def _joined(w: Writer, node: Node, out: str) -> Lines:
    op = node.op
    assert isinstance(op, shaping.Concatenate)
    function = "stack" if isinstance(op, shaping.Stack) else "concatenate"
    return [f"np.{function}(({', '.join(w.value(x) for x in node.inputs)},), {op.axis}, {out}, casting='unsafe')"]


def _power(w: Writer, node: Node, out: str) -> Lines:
    op = node.op
    assert isinstance(op, arithmetic.Power)
    return [f"{out}[...] = {w.value(node.inputs[0])} ** {op.exponent!r}"]


def gemm(w: Writer, node: Node, product: Node) -> str:
    """Write W ± A B as one call of BLAS, which counts by columns and so is asked for Wᵀ ± Bᵀ Aᵀ."""
    flags, factors = [], []
    for x in product.inputs[::-1]:
        by_columns = isinstance(x.op, shaping.Transpose)
        flags.append("1" if by_columns else "0")
        factors.append(w.value(x) if by_columns else f"{w.value(x)}.T")
    function = {"d": "dgemm", "f": "sgemm"}[node.dtype.char]
    w.blas.add(function)
    sign = "1.0" if node.op == arithmetic.add else "-1.0"
    W = w.value(node.inputs[0])
    signed = f"{W} {'+' if sign == '1.0' else '−'} "
    formula = text(product, {x: w.names[x] for x in product.inputs if x in w.names}, expand=product)
    return f"{function}({sign}, {', '.join(factors)}, 1.0, {W}.T, {', '.join(flags)}, 1)  # {signed}{formula}"


ARRAYS: tuple[tuple[type[Op], Callable[[Writer, Node, str], Lines]], ...] = (
    (linalg.MatMul, _matmul),
    (reduction.Sum, _sum),
    (reduction.Max, _extreme),
    (arithmetic.Where, _where),
    (Spread, lambda w, node, out: [stored(out, node.shape, w.value(node.inputs[0]))]),
    (shaping.Cast, _copied),
    (shaping.Reshape, _copied),
    (indexing.Scatter, _scatter),
    (indexing.ScatterAt, _scatter),
    (AddAt, _added_at),
    (indexing.Gather, _gathered),
    (indexing.Index, lambda w, node, out: [f"{out}[...] = {seen(node.op, w.value(node.inputs[0]), w)}"]),
    (shaping.Concatenate, _joined),
    (arithmetic.Power, _power),
)


def _total(w: Writer, node: Node) -> str:
    (x,) = node.inputs
    function = {"sum": "add", "max": "maximum", "min": "minimum"}[node.op.name]  # type: ignore[union-attr]
    return w.call(f"{function}.reduce", w.value(x), "None" if x.shape else "()")


SCALARS: tuple[tuple[type[Op], Callable[[Writer, Node], str]], ...] = (
    (Item, lambda w, node: f"{w.value(node.inputs[0])}.item()"),
    (linalg.MatMul, lambda w, node: w.call("dot", *(w.value(x) for x in node.inputs))),
    (linalg.Inner, lambda w, node: w.call("vdot", *(w.value(x) for x in node.inputs))),
    (reduction.Sum, _total),
    (reduction.Max, _total),
    (indexing.Scatter, lambda w, node: w.call("add.reduce", w.value(node.inputs[0]), "None")),
    (shaping.Cast, lambda w, node: f"np.{node.dtype.name}({w.value(node.inputs[0])})"),
    (shaping.Reshape, lambda w, node: f"{w.value(node.inputs[0])}[{', '.join('0' * node.inputs[0].ndim)}]"),
    (shaping.Transpose, lambda w, node: w.value(node.inputs[0])),
    (shaping.BroadcastTo, lambda w, node: w.value(node.inputs[0])),
    (indexing.Scatter, lambda w, node: w.call("add.reduce", w.value(node.inputs[0]), "None")),  # into the one element
    (indexing.Index, lambda w, node: f"{seen(node.op, w.value(node.inputs[0]), w)}[()]"),
    (arithmetic.Power, lambda w, node: f"{w.value(node.inputs[0])} ** {node.op.exponent!r}"),  # type: ignore[union-attr]
    (arithmetic.Where, lambda w, node: f"np.where({', '.join(w.value(x) for x in node.inputs)})[()]"),
)


def stored(out: str, shape: tuple[int, ...], value: str) -> str:
    """Write an assignment to a whole array; to a single element by its index, in 40 ns instead of 140."""
    return f"{out}[{', '.join('0' * len(shape)) if shape and prod(shape) == 1 else '...'}] = {value}"


def seen(op: Any, x: str, w: Writer) -> str:
    """Write a view of x."""
    if isinstance(op, shaping.Transpose):
        return f"{x}.T" if op.axes is None else f"{x}.transpose({op.axes})"
    if isinstance(op, shaping.Reshape):
        return f"{x}.reshape({op.to})"
    if isinstance(op, shaping.BroadcastTo):
        return f"np.broadcast_to({x}, {op.to})"
    return f"{x}[{_key(op.key, w)}]"


def _key(key: Any, w: Writer) -> str:
    """Write an index, its arrays as constants."""
    return write_key(key, partial(_part, w))


def _part(w: Writer, key: Any) -> str:
    if isinstance(key, np.ndarray | list):
        return w.constant(np.asarray(key), "index")
    return repr(key.item() if isinstance(key, np.generic) else key)
