"""What NumPy does for each operation: the registry of how it is written, as lines that fill an array or as a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any, cast

import numpy as np

from minigrad.compiler.backend import Registry
from minigrad.compiler.numpy.names import Lines, Names, write_cast, write_number, write_plain
from minigrad.compiler.passes.lower import AddAt, Spread
from minigrad.compiler.passes.plan import is_ufunc
from minigrad.engine.cells import Item
from minigrad.engine.node import Node
from minigrad.notation.keys import write_gathered_key, write_key
from minigrad.notation.signs import INFIX
from minigrad.ops import arithmetic, indexing, linalg, reduction, shaping
from minigrad.ops.arithmetic import Where
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.common.dtypes import kind_of
from minigrad.ops.places import assignment


def _matmul(w: Names, node: Node, out: str) -> Lines:
    a, b = node.inputs
    plain = max(a.ndim, b.ndim) == 2 and a.dtype == b.dtype == node.dtype and node.dtype.kind == "f"
    if plain:  # the method spares np.dot's look at who should handle the call; of a vector matmul takes twice as long
        return [f"{w.value(a)}.dot({w.value(b)}, {out})"]
    return [w.call("matmul", w.value(a), w.value(b), out)]


def _sum(w: Names, node: Node, out: str) -> Lines:
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
            target = w.flatten(out, w.lines if node in w.fresh_arrays else w.made)
        return [f"{ones}.dot({w.value(x)}, {target})" if axes == (0,) else f"{w.value(x)}.dot({ones}, {target})"]
    return [w.call("add.reduce", w.value(x), repr(op.axis), "None", out, repr(op.keepdims))]


def _extreme(w: Names, node: Node, out: str) -> Lines:
    op = node.op
    assert isinstance(op, reduction.Max)
    function = "minimum" if isinstance(op, reduction.Min) else "maximum"
    return [w.call(f"{function}.reduce", w.value(node.inputs[0]), repr(op.axis), "None", out, repr(op.keepdims))]


def _where(w: Names, node: Node, out: str) -> Lines:
    c, a, b = (w.value(x if isinstance(x, Node) else _wrapped(x, node.dtype)) for x in node.inputs)
    c = c if getattr(node.inputs[0], "dtype", np.bool_) == np.bool_ else f"{c} != 0"
    return [f"np.copyto({out}, {b}, 'unsafe')", f"np.copyto({out}, {a}, 'unsafe', where={c})"]


def _wrapped(x: Any, dtype: np.dtype[Any]) -> Any:
    """Give a number as np.where takes it: −1 beside a uint8 is 255 there, and elsewhere an error."""
    return np.asarray(x).astype(dtype).item() if dtype.kind in "iu" and isinstance(x, int) else x


def _copied(w: Names, node: Node, out: str) -> Lines:
    return [f"np.copyto({out}, {w.value(node.inputs[0])}, 'unsafe')"]


def _scatter(w: Names, node: Node, out: str) -> Lines:
    op, (x, *indices) = node.op, node.inputs
    if isinstance(op, indexing.ScatterAt):
        key = write_gathered_key(op.template, map(w.value, indices), partial(_part, w))
    else:
        key = _key(op.key, w)  # type: ignore[union-attr]
        if indexing.is_basic(op.key):  # type: ignore[union-attr]
            return [f"{out}.fill(0)", f"{out}[{key}] = {w.value(x)}"]
    return [f"{out}.fill(0)", f"np.add.at({out}, np.s_[{key}], {w.value(x)})"]


def _assigned(w: Names, node: Node, out: str) -> Lines:
    a, b = map(w.value, node.inputs)
    return [f"{out}[...] = {a}"] * (a != out) + [f"{out}[{_key(node.op.key, w)}] = {b}"]  # type: ignore[union-attr]


def _added_at(w: Names, node: Node, out: str) -> Lines:
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


def _gathered(w: Names, node: Node, out: str) -> Lines:
    op, (x, *indices) = cast(indexing.Gather, node.op), node.inputs
    return [f"{out}[...] = {w.value(x)}[{write_gathered_key(op.template, map(w.value, indices), partial(_part, w))}]"]


def _joined(w: Names, node: Node, out: str) -> Lines:
    op = node.op
    assert isinstance(op, shaping.Concatenate)
    function = "stack" if isinstance(op, shaping.Stack) else "concatenate"
    return [f"np.{function}(({', '.join(w.value(x) for x in node.inputs)},), {op.axis}, {out}, casting='unsafe')"]


def _power(w: Names, node: Node, out: str) -> Lines:
    op = node.op
    assert isinstance(op, arithmetic.Power)
    return [f"{out}[...] = {w.value(node.inputs[0])} ** {write_number(op.exponent)}"]


def _total(w: Names, node: Node) -> str:
    (x,) = node.inputs
    function = {"sum": "add", "max": "maximum", "min": "minimum"}[node.op.name]  # type: ignore[union-attr]
    return w.call(f"{function}.reduce", w.value(x), "None" if x.shape else "()")


def write_ufunc(w: Names, node: Node, out: str) -> str:
    """Write one call of a ufunc that leaves its value in ``out``."""
    assert isinstance(node.op, Elementwise)
    dtypes = [x.dtype for x in node.inputs if isinstance(x, Node) and not x.weak]
    like = np.result_type(*dtypes) if dtypes else node.dtype
    like = like if node.dtype.kind == "b" else node.dtype
    out = f"out={out}" if node.op.name in ("maximum", "minimum") else out  # which take a third operand one day
    return w.call(_name_ufunc(w, node), *(w.value(x, _meets(node, i, like)) for i, x in enumerate(node.inputs)), out)


def _meets(node: Node, i: int, like: np.dtype[Any]) -> np.dtype[Any] | None:
    """Give the dtype that a number among the operands takes; None for one that stays whole, as the 3 of x · 2³."""
    if isinstance(node.inputs[i], Node) or like.kind not in "fc":
        return like
    kinds = (kind_of(x.kind if isinstance(x, Node) else x) for x in node.inputs)
    return None if node.op.forward.resolve_dtypes((*kinds, None))[i].kind in "iu" else like  # type: ignore[union-attr]


def _name_ufunc(w: Names, node: Node) -> str:
    """Name a ufunc: as NumPy does, or as a constant of the code where it is another library's."""
    ufunc: Any = node.op.forward  # type: ignore[union-attr]
    name: str = ufunc.__name__
    return name if getattr(np, name, None) is ufunc else w.constant(ufunc, name)


def _elementwise(w: Names, node: Node, out: str) -> Lines:
    return [write_ufunc(w, node, out)] if is_ufunc(node) else _forward(w, node, out)


def _forward(w: Names, node: Node, out: str) -> Lines:
    return [f"{out}[...] = {_forward_number(w, node)}"]


SAME_IN_PYTHON = (arithmetic.add, arithmetic.subtract, arithmetic.multiply)  # 1 / 0.0 is an error there, and ∞ here


def _is_of_python(node: Node) -> bool:
    """Say whether all operands are Python numbers, whose operators would be Python's instead of NumPy's."""
    return all(x.weak for x in node.inputs if isinstance(x, Node))


def _elementwise_number(w: Names, node: Node) -> str:
    op, values = node.op, [w.value(x) for x in node.inputs]
    assert op is not None
    if op in INFIX and (op in SAME_IN_PYTHON or not _is_of_python(node)):
        a = f"({values[0]})" if op == arithmetic.power and values[0].startswith("-") else values[0]  # -2 ** x is -(2ˣ)
        return f"{a} {INFIX[op].sign} {values[1]}"
    if op == arithmetic.negative:
        return f"-{values[0]}"
    written = w.call(_name_ufunc(w, node), *values) if is_ufunc(node) else _forward_number(w, node)
    return write_plain(node, written)


def _forward_number(w: Names, node: Node) -> str:
    """Write a call of what the operation itself computes with."""
    op, values = node.op, [w.value(x) for x in node.inputs]
    assert op is not None
    return f"{w.constant(op.forward, op.name)}({', '.join(values)})"


def _likelihood_mended(w: Names, node: Node, name: str) -> Lines:
    a, b = (w.value(x) for x in node.inputs)
    return [f"if {name} != {name}:  # 0 ln 0 = 0", f"    {name} = np.vdot({a}, np.where({a} == 0, 0, {b}))"]


def _first(w: Names, node: Node) -> str:
    return w.value(node.inputs[0])


def write_store(w: Names, out: str, shape: tuple[int, ...], value: str, static: bool) -> str:
    """Write an assignment to a whole array; to a single element by its index, in 40 ns instead of 140."""
    if not shape or prod(shape) != 1:
        return f"{out}[...] = {value}"
    return f"{w.single(out)}[()] = {value}" if static else f"{out}[{', '.join('0' * len(shape))}] = {value}"


def write_view(op: Any, x: str, w: Names) -> str:
    """Write a view of x."""
    if isinstance(op, shaping.Transpose):
        return f"{x}.T" if op.axes is None else f"{x}.transpose({op.axes})"
    if isinstance(op, shaping.Reshape):
        return f"{x}.reshape({op.to})"
    if isinstance(op, shaping.BroadcastTo):
        return f"np.broadcast_to({x}, {op.to})"
    return f"{x}[{_key(op.key, w)}]"


def _key(key: Any, w: Names) -> str:
    """Write an index, its arrays as constants."""
    return write_key(key, partial(_part, w))


def _part(w: Names, key: Any) -> str:
    if isinstance(key, np.ndarray | list):
        return w.constant(np.asarray(key), "index")
    return repr(key.item() if isinstance(key, np.generic) else key)


@dataclass(frozen=True)
class Kernel:
    """How an operation is written: as lines that leave an array in a place, and as an expression for a number.

    ``mend`` adds lines to the latter, for values that come out wrong.
    """

    array: Callable[[Names, Node, str], Lines]
    number: Callable[[Names, Node], str]
    mend: Callable[[Names, Node, str], Lines] = lambda w, node, name: []


KERNELS: Registry[Kernel] = Registry()


def _of(name: str) -> Callable[[Names, Node], str]:
    """Give a call of a function of NumPy on the operands."""
    return lambda w, node: w.call(name, *(w.value(x) for x in node.inputs))


def _stored(w: Names, node: Node, out: str) -> Lines:
    return [write_store(w, out, node.shape, _first(w, node), node in w.static)]


def _read(w: Names, node: Node) -> str:
    """Write the one element of an array."""
    (x,) = node.inputs
    name = w.value(x)
    return f"{w.single(name)}[()]" if x in w.static else f"{name}[{', '.join('0' * x.ndim)}]"


def _viewed(w: Names, node: Node, out: str) -> Lines:
    return [f"{out}[...] = {write_view(node.op, _first(w, node), w)}"]


def _powered(w: Names, node: Node) -> str:
    x, n = _first(w, node), write_number(node.op.exponent)  # type: ignore[union-attr]
    if node.inputs[0].dtype.kind == "b" and node.shape and n == "2":
        return w.call("square", x)  # of an array an int8, as its one element's own power is not
    return write_plain(node, w.call("power", x, n)) if node.weak else f"{x} ** {n}"


def _register_all() -> None:
    """Say how each operation is written; one that says nothing here is a call of its own ``forward``."""
    register = KERNELS.register
    register(Kernel(_forward, _forward_number), Op)
    register(Kernel(_elementwise, _elementwise_number), Elementwise)
    register(Kernel(_power, _powered), arithmetic.Power)
    register(Kernel(_where, lambda w, node: f"np.where({', '.join(w.value(x) for x in node.inputs)})[()]"), Where)
    register(Kernel(_forward, lambda w, node: f"{_first(w, node)}.item()"), Item)
    register(Kernel(_matmul, _of("dot")), linalg.MatMul)
    register(Kernel(_forward, _of("vdot")), linalg.Inner)
    register(Kernel(_forward, _of("vdot"), _likelihood_mended), linalg.LogLikelihood)
    register(Kernel(_sum, _total), reduction.Sum)
    register(Kernel(_extreme, _total), reduction.Max)
    register(Kernel(_copied, lambda w, node: write_cast(node, _first(w, node))), shaping.Cast)
    register(Kernel(_viewed, _first), shaping.Transpose, shaping.BroadcastTo)
    register(Kernel(_stored, _first), Spread)
    register(Kernel(_viewed, _read), shaping.Reshape)
    register(Kernel(_viewed, lambda w, node: f"{write_view(node.op, _first(w, node), w)}[()]"), indexing.Index)
    register(Kernel(_scatter, lambda w, node: w.call("add.reduce", _first(w, node), "None")), indexing.Scatter)
    moves = (_scatter, indexing.ScatterAt), (_gathered, indexing.Gather), (_joined, shaping.Concatenate)
    for kernel, op in (*moves, (_assigned, assignment.Assign), (_added_at, AddAt)):
        register(Kernel(kernel, _forward_number), op)


_register_all()


def find_kernel(op: Op | None) -> Kernel:
    """Give the kernel of an operation."""
    kernel = KERNELS.find(op) if op is not None else None
    assert kernel is not None, op
    return kernel
