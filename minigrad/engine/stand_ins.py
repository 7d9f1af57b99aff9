"""Stand-ins: what the records behind a tensor's own gradient hold in its place, so that the two are no circle.

``backward(create_graph=True)`` leaves a recorded gradient in ``w.grad``, which is computed from w: were w among its
operands, w would hold its gradient and its gradient w, and only the cyclic collector would free them; 3 000 steps of a
gradient penalty held 370 MB. So those records hold the array, the name and the serial of w, and know w itself weakly;
and of a result whose gradient is kept its record, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import ref

from numpy import ndarray

from minigrad.engine.numbers import own_array
from minigrad.engine.record import stand_ins


def leave_gradients(found: Mapping[Any, Any], seed: Any, kind: type[Any]) -> None:
    """Add recorded gradients to those that their tensors have, each on an array of its own.

    In the records behind them stand-ins of a ``kind`` take the places of those tensors.
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
    part_from(placed, kind)


def part_from(gradients: Mapping[Any, Any], kind: type[Any]) -> None:
    """Put stand-ins of a kind for some tensors into all records that their gradients were computed by.

    And for all leaves: the gradient of one may be computed from another, and that of the other from the first. Without
    recursion.
    """
    parted = {id(x): (x, _stand_in(x, kind)) for x in gradients}  # with x itself, so that no other has its id
    stack = list(gradients.values())
    seen = {id(x) for x in stack}
    while stack:
        t = stack.pop()
        if t.op is None:
            continue
        operands = t._a if t._b is None else (t._a, t._b)
        for x in operands:
            if id(x) not in parted and getattr(x, "op", x) is None and x.serial > 0 and x.leaf is None:
                parted[id(x)] = x, _stand_in(x, kind)
        replaced = tuple(parted[id(x)][1] if id(x) in parted else x for x in operands)
        if t._b is None:
            t._a = replaced
        else:
            t._a, t._b = replaced
        for x in replaced:
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


def _stand_in(x: Any, kind: type[Any]) -> Any:
    t = object.__new__(kind)
    t.array, t.op, t.serial, t.leaf = x.array, x.op, x.serial, ref(x)
    if x.op is not None:
        t._a, t._b, t._x, t._z = x._a, x._b, x._x, getattr(x, "_z", None)
    t._name, t._place, t.stored_grad, t.born = x.name, x.place, None, -1
    stand_ins.add(id(t))
    return t
