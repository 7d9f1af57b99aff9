"""Assignment to elements, y = a but for y[key] = b, as a value of its own: what a tensor is after ``a[key] = b``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from minigrad.ops.base import Op, Shape, placeholder
from minigrad.ops.indexing import Index, copy_key, find_lanes, hash_key, is_basic, lane_key
from minigrad.ops.lanes import add_axes, count_lanes, move_axis
from minigrad.ops.moving import Diagonal, Flip
from minigrad.ops.parts import is_complex, real
from minigrad.ops.shaping import BroadcastTo, Reshape, Transpose


class Assign(Op):
    """The elements of a, but those of b at an index; of an element that it names twice the last, as NumPy has it.

    ∂E/∂a is g with zeros at the index, ∂E/∂b = g[key], and 0 where a later element came to the same place.
    """

    name, letters, text, chooses, broadcasts = "assign", "ab", "assign({a}, [{key}], {b})", True, True
    reads_values = False
    fields: ClassVar[tuple[str, ...]] = ("key",)
    example: ClassVar[tuple[Any, ...]] = (...,)
    vjps = (lambda op, g, y, a, b: op(g, 0.0), lambda op, g, y, a, b: op.take(g))

    def __init__(self, key: Any) -> None:
        self.key = copy_key(key)

    def forward(self, a: Any, b: Any) -> Any:
        """Copy a, and assign."""
        return self.write(np.copy(a), b)

    def write(self, a: Any, b: Any) -> Any:
        """Assign in a itself, which nobody else reads any more."""
        a[self.key] = b
        return a

    def take(self, g: Any) -> Any:
        """Give the gradient of b: that of its elements which are there in the end."""
        taken = g[self.key]
        kept = None if is_basic(self.key) else self._find_kept(g.shape)
        return taken if kept is None else np.where(kept, taken, 0.0)

    def _find_kept(self, shape: Shape) -> Any:
        """Say which elements of b are there in the end; None for all of them."""
        places = np.zeros(shape, np.intp)
        order = np.arange(places[self.key].size).reshape(places[self.key].shape)
        places[self.key] = order
        kept = places[self.key] == order
        return None if kept.all() else kept

    def batch(self, a: Any, b: Any) -> Any:
        """Assign in every lane."""
        n = count_lanes([x for x in (a, b) if hasattr(x, "shape")])
        a = np.broadcast_to(a, (n, *a.shape[1:])) if a.shape[0] != n else a
        if getattr(b, "ndim", 0):
            b = add_axes(b, placeholder(a.shape[1:])[self.key].ndim + 1 - b.ndim)
            b = move_axis(b, 0, find_lanes(self.key))
        return Assign(lane_key(self.key))(a, b)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of a; raise unless b fits what the index names."""
        np.broadcast_to(placeholder(shapes[1]), placeholder(shapes[0])[self.key].shape)
        return shapes[0]

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype of a."""
        return np.result_type(dtypes[0])

    def _key(self) -> tuple[Any, ...]:
        return (hash_key(self.key),)


def replace_part(op: Op, x: Any, v: Any, assign: Callable[[Op, Any, Any], Any]) -> Any:
    """Give x with v in the place of what the view op(x) shows; ``assign`` applies an ``Assign`` to both.

    Raises ``ValueError`` where NumPy's view is for reading alone, and ``TypeError`` for parts of complex numbers.
    """
    if isinstance(op, Flip):
        return op(v)
    if isinstance(op, Diagonal | BroadcastTo):
        raise ValueError("assignment destination is read-only")
    if isinstance(op, Index):
        return assign(Assign(op.key), x, v)
    if isinstance(op, Transpose):
        return np.transpose(v, op.inverse())
    if isinstance(op, Reshape):
        return np.reshape(v, x.shape)
    if op is real and not is_complex(x):
        return v
    part = (
        "Write z = a + 1j * b with the new part"
        if is_complex(x)
        else "Index what it shows, x[i] = v, or take a .copy()"
    )
    raise TypeError(f"{op.name} of a tensor is not assigned to. {part}")
