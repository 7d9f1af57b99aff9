"""Stand-ins: what the records behind a leaf's own gradient hold in its place, so that the two are no circle.

``backward(create_graph=True)`` leaves a recorded gradient in ``w.grad``, which is computed from w: were w among its
operands, w would hold its gradient and its gradient w, and only the cyclic collector would free them; 3 000 steps of a
gradient penalty held 370 MB. So those records hold the array, the name and the serial of w, and know w itself weakly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import ref

from numpy import ndarray

from minigrad.engine.conversion import own_array
from minigrad.engine.record import stand_ins


def leave_gradients(found: Mapping[Any, Any], seed: Any, kind: type[Any]) -> None:
    """Add recorded gradients to those that their tensors have, each on an array of its own.

    In the records behind them stand-ins of a ``kind`` take the places of the leaves.
    """
    seen = {id(seed.array)}
    placed = {}
    for t, g in found.items():
        data = g.array
        if type(data) is not ndarray or data.base is not None or id(data) in seen:
            data = own_array(data)
        seen.add(id(data))
        new = placed[t] = _place_gradient(g, data)
        t.stored_grad = new if t.stored_grad is None else t.stored_grad + new
    _part_from_leaves(placed, kind)


def _part_from_leaves(gradients: Mapping[Any, Any], kind: type[Any]) -> None:
    """Put stand-ins of a kind for some leaves into all records that their gradients were computed by.

    Without recursion. A result whose gradient is kept (``retain_grad``) stays as it is.
    """
    parted = {id(x): _stand_in(x, kind) for x in gradients if x.op is None}
    stack = list(gradients.values())
    seen = {id(x) for x in stack}
    while stack:
        t = stack.pop()
        if t.op is None:
            continue
        operands = t._a if t._b is None else (t._a, t._b)
        replaced = tuple(parted.get(id(x), x) for x in operands)
        if t._b is None:
            t._a = replaced
        else:
            t._a, t._b = replaced
        for x in operands:
            if getattr(x, "op", None) is not None and id(x) not in seen:
                seen.add(id(x))
                stack.append(x)


def _place_gradient(g: Any, data: Any) -> Any:
    """Give a recorded gradient on an array of its own."""
    if data is g.array:
        return g
    t = g.as_constant(data)
    if g.op is not None:
        t.record_operation(g.op, g.inputs, g.values)
    return t


def _stand_in(leaf: Any, kind: type[Any]) -> Any:
    t = object.__new__(kind)
    t.array, t.op, t.serial, t.leaf = leaf.array, None, leaf.serial, ref(leaf)
    t._name, t._place, t.stored_grad, t.born = leaf.name, leaf.place, None, -1
    stand_ins.add(id(t))
    return t
