"""A Tensor's record -> Graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.algebra.graph import Graph
from minigrad.engine.comparison import AGAIN
from minigrad.engine.conversion import is_array
from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.engine.node import Node, table_of_living
from minigrad.engine.tensor import Tensor
from minigrad.ops.base import Op
from minigrad.ops.common.alphabet import plain_digits, printable
from minigrad.ops.common.libraries import is_other, on_host


@with_usage
def trace(computation: Tensor | Callable[..., Any], *examples: Any) -> Graph:
    """Lift a computation into a graph of expressions, with the values that it was recorded with.

    ``trace(loss)`` reads the record of a Tensor. ``trace(f, *arrays)`` calls f on Tensors of the arrays, named after
    f's parameters, and reads the record of what it returns. An operation that is one kernel for several simpler ones
    appears as those. Tensors keep their names; the others are called x1, x2, … in the order of their use.

    Raises ``TypeError`` if there is no record to read, ``ValueError`` if two different tensors have one name.
    """
    if isinstance(computation, Tensor):
        return lift_tensors([computation])[0]
    if not callable(computation):
        raise TypeError(f"trace: wanted a Tensor or a function, not {shown(computation)}; write trace(E) for a loss E")
    parameters = inspect.signature(computation).parameters.values()
    names = [p.name for p in parameters if p.kind <= p.VAR_POSITIONAL]
    if not examples and any(p.default is p.empty and p.kind < p.VAR_POSITIONAL for p in parameters):
        raise TypeError("trace: a function is traced with arrays of the shapes that are meant: write trace(f, X, W)")
    named = zip(examples, names + [None] * len(examples), strict=False)
    arguments = [x if isinstance(x, Tensor) else _as_argument(x, name) for x, name in named]
    returned = computation(*arguments)
    results = list(returned) if isinstance(returned, tuple) else [returned]
    for result in results:
        if not isinstance(result, Tensor):
            raise TypeError(
                f"trace: the function returned {shown(result)}, which has no record; return a Tensor that is computed "
                f"from the arguments, without .item() or .data"
            )
    return lift_tensors(results)[0]


def _as_argument(x: Any, name: str | None) -> Tensor:
    """Give a Tensor of an example, which requires a gradient if it can."""
    try:
        constant = Tensor(x)
    except (TypeError, ValueError) as error:
        called = f"the argument {name}" if name else "each argument"
        raise type(error)(f"trace: {called} must be an array, a number or a Tensor, not {shown(x)}. {error}") from error
    return Tensor(constant.array, requires_grad=constant.dtype.kind in "fc", name=name)


def names_of(names: Mapping[str, Any] | None) -> dict[int, str]:
    """Give what tensors and arrays are called, by identity.

    Of several names for one, that of a layer's output, Y or Y₃, wins over others such as U₃; then the first one counts,
    and one with an underscore last.
    """
    if names is not None and not isinstance(names, Mapping):
        raise TypeError(f"names must be a dict of names and what they stand for, such as locals(), not {shown(names)}")
    called: dict[int, str] = {}
    for name, x in sorted((names or {}).items(), key=lambda item: (item[0].startswith("_"), not is_output(item[0]))):
        if isinstance(x, Tensor | np.ndarray):
            called.setdefault(id(x), printable(name))
    return called


def is_output(name: str) -> bool:
    """Say whether a name is what the output of a layer is called: Y, y, Y₃ or y3."""
    return name[:1] in ("Y", "y") and (name[1:] == "" or plain_digits(name[1:]).isdecimal())


def lift_tensors(
    results: Sequence[Tensor], names: Mapping[Tensor, str] | None = None, called: Mapping[int, str] | None = None
) -> tuple[Graph, dict[Tensor, Any]]:
    """Give the graph of some Tensors, and the Node of each Tensor recorded.

    ``names`` go before the Tensors' own, ``called``, by identity, after; an array in ``called`` becomes an input.
    """
    names, called = names or {}, called or {}
    table = table_of_living()
    nodes: dict[Tensor, Any] = {}
    arrays: dict[Any, Node] = {}
    unnamed = 0
    values: dict[Node, Any] = {}
    compared = _comparisons(results, lambda t: bool(names.get(t) or t.name or id(t) in called))
    anchor = Node(table=table)  # gives arrays among the inputs a table to be constants of
    stack = list(results)[::-1]
    while stack:  # inputs first, without recursion
        t = stack[-1]
        op, inputs = compared.get(t) or (t.op, t.inputs)
        missing = [x for x in inputs if isinstance(x, Tensor) and x not in nodes]
        if missing:
            stack.extend(reversed(missing))
            continue
        stack.pop()
        if t in nodes:
            continue
        if op is None:
            unnamed += t.name is None
            name = names.get(t) or t.name or called.get(id(t)) or f"x{unnamed}"
            nodes[t] = Node(name=name, shape=t.shape, dtype=t.dtype, table=table)
            values[nodes[t]] = on_host(t.array)
            continue
        parts = []
        for x in inputs:
            if isinstance(x, Tensor):
                parts.append(nodes[x])
            elif id(x) in arrays:
                parts.append(arrays[id(x)])
            elif isinstance(x, np.ndarray) and id(x) in called:
                arrays[id(x)] = Node(name=called[id(x)], shape=x.shape, dtype=x.dtype, table=table)
                values[arrays[id(x)]] = x
                parts.append(arrays[id(x)])
            elif isinstance(x, np.ndarray) and x.ndim:  # one array is one constant, however often it is used or taken
                parts.append(arrays.setdefault(_memory(x), anchor.constant(x)))
            elif is_other(x):
                parts.append(arrays.setdefault(id(x), anchor.constant(on_host(x))))
            else:
                parts.append(anchor.constant(x))
        nodes[t] = (op.definition if op.opens and op.definition else op)(*parts)
        if op is t.op:
            values |= _used(t, nodes)
    return Graph([nodes[t] for t in results], values), nodes


def _memory(x: np.ndarray) -> Any:
    """Say which elements an array has, in which order: x[t] is another view each time, and one x[t]."""
    return x.__array_interface__["data"][0], x.shape, x.strides, x.dtype.str


def _used(t: Tensor, nodes: Mapping[Tensor, Any]) -> dict[Node, Any]:
    """Give the values of leaves that a record used, where an update has given them other arrays since."""
    pairs = zip(t.inputs, t.values, strict=True)
    leaves = ((x, v) for x, v in pairs if isinstance(x, Tensor) and x.op is None and is_array(v))
    return {nodes[x]: on_host(v) for x, v in leaves if v is not x.array and v.shape == x.shape}


def _comparisons(
    results: Sequence[Tensor], is_named: Callable[[Tensor], bool]
) -> dict[Tensor, tuple[Op, tuple[Any, ...]]]:
    """Give how those constants were computed that are truth values of Tensors of the record, and have no name."""
    found: dict[Tensor, tuple[Op, tuple[Any, ...]]] = {}
    seen: dict[Tensor, None] = dict.fromkeys(results)
    stack = list(results)
    while stack:
        t = stack.pop()
        how = None if t.op is not None or is_named(t) else t.comparison
        if how is not None:
            found[t] = how
        for x in t.inputs if how is None else (x for x in how[1] if isinstance(x, Tensor) and x.op is None):
            if isinstance(x, Tensor) and x not in seen:
                seen[x] = None
                stack.append(x)
    outside: set[Tensor] | None = None
    while outside is None or outside:  # none of a Tensor that the results are not computed from
        outside = {t for t, (_, inputs) in found.items() if not all(_is_within(x, seen) for x in inputs)}
        for t in outside:
            del found[t], seen[t]
    return found


def _is_within(x: Any, seen: Container[Tensor]) -> bool:
    """Say whether an operand of a comparison is computed from what the results are, too, or is no Tensor."""
    if not isinstance(x, Tensor) or x in seen:
        return True
    return isinstance(x.op, AGAIN) and all(_is_within(part, seen) for part in x.inputs)
