"""Indexing as NumPy does it, and its transpose, which adds into zeros at an index."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from minigrad.ops.base import Op, Recorder, Rule, Shape, placeholder
from minigrad.ops.common.lane_indices import exchange_axes, find_selected, index_lanes
from minigrad.ops.common.lanes import add_axes, count_lanes, find_highest, move_axis
from minigrad.ops.common.libraries import alike, find_other, index_other, is_other, put_into_zeros, scatter_other


class Index(Op):
    """Indexing as NumPy does it: slices, integers, arrays of integers, masks. An element taken twice counts twice."""

    name, text, chooses = "index", "{x}[{key}]", True
    reads_values, views = False, True
    fields: ClassVar[tuple[str, ...]] = ("key",)
    example: ClassVar[tuple[Any, ...]] = (0,)
    vjps = (lambda op, g, y, x: Scatter(op.key, x.shape)(g),)

    def __init__(self, key: Any) -> None:
        self.key = copy_key(key)

    @cached_property
    def shows(self) -> bool:
        """Whether the result is a view of what is indexed."""
        return gives_view(self.key)

    def forward(self, x: Any) -> Any:
        """Index; basic indexing gives a view."""
        return x[self.key] if type(x) is ndarray or not is_other(x) else index_other(x, self.key)

    def batch(self, x: Any) -> Any:
        """Index every lane."""
        return move_axis(x[lane_key(self.key)], find_lanes(self.key), 0)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of what the index selects."""
        return placeholder(shapes[0])[self.key].shape

    def _key(self) -> tuple[Any, ...]:
        return (hash_key(self.key),)


class Scatter(Index):
    """The transpose of indexing: zeros of shape ``into``, with x added in at the index."""

    name, text, chooses = "scatter", "scatter({x}, [{key}])", False
    views = False
    fields: ClassVar[tuple[str, ...]] = ("key", "into")
    example: ClassVar[tuple[Any, ...]] = (0, (3, 3, 3))
    vjps = (lambda op, g, y, x: Index(op.key)(g),)

    def __init__(self, key: Any, into: Shape) -> None:
        self.key, self.into = copy_key(key), into

    def batch(self, x: Any) -> Any:
        """Add into zeros for every lane."""
        x = add_axes(x, placeholder(self.into)[self.key].ndim + 1 - x.ndim)
        return Scatter(lane_key(self.key), (x.shape[0], *self.into))(move_axis(x, 0, find_lanes(self.key)))

    def forward(self, x: Any) -> Any:
        """Add x into zeros; an index that holds arrays may name an element twice, which += would count once."""
        if type(x) is not ndarray and is_other(x):
            return (put_into_zeros if is_basic(self.key) else scatter_other)(self.into, self.key, x)
        y = np.zeros_like(x, shape=self.into)
        if is_basic(self.key):
            y[self.key] = x
        else:
            np.add.at(y, self.key, x)
        return y

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape scattered into."""
        return self.into

    def _key(self) -> tuple[Any, ...]:
        return (hash_key(self.key), self.into)


def copy_key(key: Any) -> Any:
    """Copy the arrays of an index: one that changes after indexing must not change where the gradient goes.

    A tuple within one is no index of several axes, but as a list is: x[:, (0, 1)].
    """
    if type(key) is int or type(key) is slice or isinstance(key, int):  # the most usual, without the questions
        return key
    if isinstance(key, tuple):
        return tuple(copy_key(list(part) if isinstance(part, tuple) else part) for part in key)
    if isinstance(key, list):
        return list(key) if key else np.zeros(0, np.intp)  # of an empty list NumPy would make floats, elsewhere
    return key.copy() if isinstance(key, np.ndarray) or is_other(key) else key


def lane_key(key: Any) -> tuple[Any, ...]:
    """Give the index of what has lanes in front for that of one of them."""
    return (slice(None), *(key if isinstance(key, tuple) else (key,)))


def find_lanes(key: Any) -> int:
    """Give the axis of the lanes in what ``lane_key`` selects: behind what arrays select, if a slice parts those."""
    parts = key if isinstance(key, tuple) else (key,)
    arrays = [i for i, x in enumerate(parts) if isinstance(x, list | np.ndarray | bool | np.bool_)]
    places = [i for i, x in enumerate(parts) if isinstance(x, int | np.integer) or i in arrays] if arrays else []
    if not places or places[-1] - places[0] == len(places) - 1:
        return 0
    shapes = [np.asarray(parts[i]) for i in places]
    return len(np.broadcast_shapes(*((x.sum(),) if x.dtype == np.bool_ else x.shape for x in shapes)))


def is_basic(key: Any) -> bool:
    """Say whether an index holds no arrays, so that it names every element once."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(part is None or part is Ellipsis or isinstance(part, slice | int | np.integer) for part in parts)


def gives_view(key: Any) -> bool:
    """Say whether NumPy gives a view for an index: it copies for arrays, and for True."""
    return is_basic(key) and not any(isinstance(x, bool) for x in (key if isinstance(key, tuple) else (key,)))


def hash_key(key: Any) -> Any:
    """Give a stand-in for an index that compares and hashes by value, arrays and slices included."""
    if isinstance(key, tuple):
        return tuple(hash_key(part) for part in key)
    if isinstance(key, slice):
        return ("slice", key.start, key.stop, key.step)
    if isinstance(key, list | np.ndarray):
        array = np.asarray(key)
        return (array.shape, array.dtype.str, array.tobytes())
    return (isinstance(key, bool | np.bool_), key)


class OfTheFirst:
    """Rules for the first inputs alone; the others, indices, have no gradient."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = rules

    def __getitem__(self, i: int) -> Rule | None:
        return self.rules[i] if i < len(self.rules) else None


def fill_template(template: tuple[Any, ...], indices: Sequence[Any]) -> tuple[Any, ...]:
    """Give a whole index, of what is static in its template and, where that has None, of the operands."""
    left = iter(indices)
    return tuple(next(left) if part is None else part[0] for part in template)


class Gather(Op):
    """Indexing where some of the indices are operands: ``template`` holds the static ones, each in a tuple, and None.

    ``Gather((None,))(x, i)`` is ``x[i]``, and ``Gather(((slice(2),), None))(x, i)`` is ``x[:2, i]``.
    """

    name, letters, text, chooses = "gather", "xi", "{x}[{i}]", True
    fields: ClassVar[tuple[str, ...]] = ("template",)
    example: ClassVar[tuple[Any, ...]] = ((None,),)
    vjps = OfTheFirst(lambda op, g, y, x, *indices: ScatterAt(op.template, x.shape)(g, *indices))

    def __init__(self, template: tuple[Any, ...]) -> None:
        self.template = template

    def filled(self, indices: Sequence[Any]) -> tuple[Any, ...]:
        """Give the whole index, with the operands in their places."""
        return fill_template(self.template, indices)

    def forward(self, x: Any, *indices: Any) -> Any:
        """Index."""
        if type(x) is ndarray and not all(type(i) is ndarray for i in indices):  # NumPy would ask for the elements of i
            x = alike(x, find_other(indices))
        key = self.filled(indices)
        return x[key] if type(x) is ndarray or not is_other(x) else index_other(x, key)

    def batch(self, *inputs: Any) -> Any:
        """Index every lane; if the indices differ from lane to lane, by which lane it is, too."""
        x, *indices = inputs
        if all(i.shape[0] == 1 for i in indices):
            alike = [np.reshape(i, i.shape[1:]) for i in indices]
            return move_axis(self.over_lanes(x.shape[0], slice(None))(x, *alike), self.find_lanes(alike), 0)
        selected, before = self.find_selected(x.ndim - 1, indices)
        y = self.over_lanes(x.shape[0], None)(x, *index_lanes(x.shape[0], indices, selected))
        return exchange_axes(y, selected, before)

    def over_lanes(self, n: int, lane: slice | None) -> Gather:
        """Give the operation on what has an axis of n lanes in front, all of them or, for None, by an operand."""
        return type(self)((lane if lane is None else (lane,), *self.template), *self.targets(n))

    def targets(self, n: int) -> tuple[Any, ...]:
        """Give what the operation has for fields besides the template, for n lanes."""
        return ()

    def find_lanes(self, indices: Sequence[Any]) -> int:
        """Give the axis of the lanes in what is indexed."""
        return find_lanes(self.filled([np.zeros(i.shape, np.intp) for i in indices]))

    def find_selected(self, ndim: int, indices: Sequence[Any]) -> tuple[int, int]:
        """Give how many axes arrays select of one lane, and how many stand before them; of indices with lanes."""
        return find_selected(self.filled([np.zeros(i.shape[1:], np.intp) for i in indices]), ndim)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of what the index selects."""
        return placeholder(shapes[0])[self.filled([np.zeros(shape, np.intp) for shape in shapes[1:]])].shape

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype of x."""
        return np.result_type(dtypes[0])

    def _key(self) -> tuple[Any, ...]:
        return (hash_key(self.template),)


class ScatterAt(Gather):
    """The transpose of ``Gather``: zeros of shape ``into``, with x added in at the index."""

    name, text, chooses = "scatter_at", "scatter({x}, {i})", False
    fields: ClassVar[tuple[str, ...]] = ("template", "into")
    example = ((None,), (3,))
    vjps = OfTheFirst(lambda op, g, y, x, *indices: Gather(op.template)(g, *indices))

    def __init__(self, template: tuple[Any, ...], into: Shape) -> None:
        super().__init__(template)
        self.into = into

    def batch(self, *inputs: Any) -> Any:
        """Add into zeros for every lane."""
        x, *indices = inputs
        if all(i.shape[0] == 1 for i in indices):
            alike = [np.reshape(i, i.shape[1:]) for i in indices]
            return self.over_lanes(x.shape[0], slice(None))(move_axis(x, 0, self.find_lanes(alike)), *alike)
        n, (selected, before) = count_lanes(inputs), self.find_selected(len(self.into), indices)
        x = exchange_axes(x, before, selected)
        return self.over_lanes(n, None)(x, *index_lanes(n, indices, selected))

    def targets(self, n: int) -> tuple[Any, ...]:
        """Give what is scattered into."""
        return ((n, *self.into),)

    def forward(self, x: Any, *indices: Any) -> Any:
        """Add x into zeros."""
        if type(x) is not ndarray and is_other(x):
            return scatter_other(self.into, self.filled(indices), x)
        y = np.zeros_like(x, shape=self.into)
        np.add.at(y, self.filled(indices), x)
        return y

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape scattered into."""
        return self.into

    def _key(self) -> tuple[Any, ...]:
        return (hash_key(self.template), self.into)


def split_key(key: Any) -> tuple[tuple[Any, ...], list[Any]]:
    """Give an index as the template of a ``Gather``, and the operands in it, which must be whole numbers."""
    parts = key if isinstance(key, tuple) else (key,)
    operands: list[Any] = [part for part in parts if isinstance(part, Recorder)]
    for x in operands:
        if x.dtype.kind == "b":
            raise TypeError(
                "a mask beside other indices chooses elements, and how many is not known here. Keep the shape, by "
                "np.where(mask, x, 0)."
            )
        if x.dtype.kind not in "iu":
            raise IndexError(f"arrays that are indices must be of whole numbers, not of {x.dtype}")
    return tuple(None if isinstance(part, Recorder) else (part,) for part in parts), operands


def split_mask(key: Any) -> tuple[Any, tuple[Any, ...]]:
    """Give the mask of the first axes, an operand, that an index begins with; and that of what it is taken of, if any.

    x[mask, 0] is x[:, 0][mask]. The mask is None if there is none.
    """
    first, *others = key if isinstance(key, tuple) and key else (key,)
    known: Any = first
    if not isinstance(first, Recorder) or known.dtype.kind != "b" or not known.shape or not is_basic(tuple(others)):
        return None, ()
    return first, (*(slice(None),) * len(known.shape), *others) if others else ()


def gather(x: Any, key: Any) -> Any:
    """Index by what may be operands, integers or a mask that are not known yet or differ from lane to lane."""
    mask, rest = split_mask(key)
    if mask is not None:
        return find_highest((x, mask)).choose_by_mask(x[rest] if rest else x, mask)
    template, operands = split_key(key)
    return Gather(template)(x, *operands)
