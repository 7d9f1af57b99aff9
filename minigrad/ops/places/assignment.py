"""Assignment to elements, y = a but for y[key] = b, as a value of its own: what a tensor is after ``a[key] = b``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from minigrad.ops.base import Op, Shape, placeholder
from minigrad.ops.common.lane_indices import exchange_axes, index_lanes
from minigrad.ops.common.lanes import add_axes, count_lanes, move_axis
from minigrad.ops.common.libraries import alike, assign_other, find_last, is_other, write_into_copy
from minigrad.ops.indexing import (
    Gather,
    Index,
    OfTheFirst,
    copy_key,
    fill_template,
    find_lanes,
    hash_key,
    is_basic,
    lane_key,
)
from minigrad.ops.networks.windows import WindowsView
from minigrad.ops.parts import is_complex, real
from minigrad.ops.places.moving import Diagonal, Flip
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
        if is_other(a):
            return (write_into_copy if is_basic(self.key) else assign_other)(a, self.key, b)
        return self.write(np.copy(a), b)

    def write(self, a: Any, b: Any) -> Any:
        """Assign in a itself, which nobody else reads any more."""
        a[self.key] = b
        return a

    def take(self, g: Any) -> Any:
        """Give the gradient of b: that of its elements which are there in the end."""
        taken = Index(self.key)(g)
        kept = None if is_basic(self.key) else find_last(self.key, g.shape)
        return taken if kept is None or kept.all() else np.where(alike(kept, g), taken, 0.0)

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


class AssignAt(Op):
    """``Assign`` at an index of which some parts are operands; ``template`` has the others, as that of ``Gather`` does.

    ∂E/∂a is g with zeros at the index, ∂E/∂b = g[i], and 0 where a later element came to the same place.
    """

    name, letters, text, chooses, broadcasts = "assign_at", "abi", "assign({a}, [{i}], {b})", True, True
    fields: ClassVar[tuple[str, ...]] = ("template",)
    example: ClassVar[tuple[Any, ...]] = ((None,),)
    vjps = OfTheFirst(
        lambda op, g, y, a, b, *indices: op(g, 0.0, *indices),
        lambda op, g, y, a, b, *indices: np.where(
            alike(IsLast(op.template, a.shape)(*indices), g), Gather(op.template)(g, *indices), 0.0
        ),
    )

    def __init__(self, template: tuple[Any, ...]) -> None:
        self.template = template

    def forward(self, a: Any, b: Any, *indices: Any) -> Any:
        """Copy a, and assign."""
        key = fill_template(self.template, indices)
        if is_other(a):
            return assign_other(a, key, b)
        y = np.copy(a)
        y[key] = b
        return y

    def batch(self, a: Any, b: Any, *indices: Any) -> Any:
        """Assign in every lane: at one index for all, or at another in each, by which lane it is."""
        n = count_lanes([x for x in (a, b, *indices) if hasattr(x, "shape")])
        whole = Gather(self.template)
        a = np.broadcast_to(a, (n, *a.shape[1:])) if a.shape[0] != n else a
        selected, before = whole.find_selected(a.ndim - 1, indices)
        if getattr(b, "ndim", 0):
            b = add_axes(b, len(whole.shape(a.shape[1:], *(i.shape[1:] for i in indices))) + 1 - b.ndim)
            b = exchange_axes(b, before, selected)
        return AssignAt((None, *self.template))(a, b, *index_lanes(n, indices, selected))

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of a; raise unless b fits what the index names."""
        np.broadcast_to(placeholder(shapes[1]), Gather(self.template).shape(shapes[0], *shapes[2:]))
        return shapes[0]

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype of a."""
        return np.result_type(dtypes[0])

    def _key(self) -> tuple[Any, ...]:
        return (hash_key(self.template),)


class IsLast(Op):
    """Whether each element that an index of operands names, in an array of a shape, is the last to name its place."""

    name, letters, text, differentiable = "is_last", "i", "is last({i})", False
    vjps = OfTheFirst()
    fields: ClassVar[tuple[str, ...]] = ("template", "into")
    example: ClassVar[tuple[Any, ...]] = ((None,), (3,))

    def __init__(self, template: tuple[Any, ...], into: Shape) -> None:
        self.template, self.into = template, into

    def forward(self, *indices: Any) -> Any:
        """Find the last of each."""
        return find_last(fill_template(self.template, indices), self.into)

    def batch(self, *indices: Any) -> Any:
        """Find them in every lane, by which lane it is, too."""
        n = count_lanes(indices)
        selected, before = Gather(self.template).find_selected(len(self.into), indices)
        y = IsLast((None, *self.template), (n, *self.into))(*index_lanes(n, indices, selected))
        return exchange_axes(y, selected, before)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of what the index names."""
        return Gather(self.template).shape(self.into, *shapes)

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give that of truth values."""
        return np.dtype(np.bool_)

    def _key(self) -> tuple[Any, ...]:
        return (hash_key(self.template), self.into)


def replace_part(op: Op, x: Any, v: Any, assign: Callable[[Op, Any, Any], Any]) -> Any:
    """Give x with v in the place of what the view op(x) shows; ``assign`` applies an ``Assign`` to both.

    Raises ``ValueError`` where NumPy's view is for reading alone, and ``TypeError`` for parts of complex numbers.
    """
    if isinstance(op, Flip):
        return op(v)
    if isinstance(op, Diagonal | BroadcastTo | WindowsView):
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
