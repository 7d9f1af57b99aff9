"""Operations that move elements without computing: reshape, transpose, index, join, broadcast, cast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, ClassVar

import numpy as np

from minigrad.ops.base import Op, Refused, Rule, Shape
from minigrad.ops.reduction import normalize_axis


def _empty(shape: Shape) -> np.ndarray[Any, Any]:
    """Give an array of this shape that occupies one byte, for NumPy to work out a shape with."""
    return np.broadcast_to(np.False_, shape)


class Reshape(Op):
    """The same elements in another shape; one size may be −1 and follows from the rest."""

    name, text, fields = "reshape", "reshape({x})", ("to",)
    vjps = (lambda op, g, y, x: np.reshape(g, x.shape),)

    def __init__(self, to: Shape = (-1,)) -> None:
        self.to = to

    def forward(self, x: Any) -> Any:
        """Reshape, as a view where NumPy can."""
        return np.reshape(x, self.to)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the target shape, with −1 worked out."""
        return np.reshape(_empty(shapes[0]), self.to).shape


class Transpose(Op):
    """The axes in another order; None reverses them. The gradient goes back through the inverse order."""

    name, text, binds, fields = "transpose", "{x}ᵀ", 4, ("axes",)
    vjps = (lambda op, g, y, x: np.transpose(g, op.inverse()),)

    def __init__(self, axes: tuple[int, ...] | None = None) -> None:
        self.axes = axes

    def inverse(self) -> tuple[int, ...] | None:
        """Give the order that undoes this one."""
        if self.axes is None:
            return None
        axes = [i % len(self.axes) for i in self.axes]
        return tuple(axes.index(i) for i in range(len(axes)))

    def forward(self, x: Any) -> Any:
        """Permute the axes, as a view."""
        return np.transpose(x, self.axes)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the permuted shape."""
        return np.transpose(_empty(shapes[0]), self.axes).shape


class Index(Op):
    """Indexing as NumPy does it: slices, integers, arrays of integers, masks. An element taken twice counts twice."""

    name, text, chooses = "index", "{x}[{key}]", True
    fields: ClassVar[tuple[str, ...]] = ("key",)
    vjps = (lambda op, g, y, x: Scatter(op.key, x.shape)(g),)

    def __init__(self, key: Any = 0) -> None:
        self.key = _own(key)

    def forward(self, x: Any) -> Any:
        """Index; basic indexing gives a view."""
        return x[self.key]

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of what the index selects."""
        return _empty(shapes[0])[self.key].shape

    def _key(self) -> tuple[Any, ...]:
        return (_hashable(self.key),)


class Scatter(Index):
    """The transpose of indexing: zeros of shape ``into``, with x added in at the index."""

    name, text, chooses = "scatter", "scatter({x})", False
    fields: ClassVar[tuple[str, ...]] = ("key", "into")
    vjps = (lambda op, g, y, x: g[op.key],)

    def __init__(self, key: Any = 0, into: Shape = (3, 3)) -> None:
        self.key, self.into = _own(key), into

    def forward(self, x: Any) -> Any:
        """Add x into zeros; an index that holds arrays may name an element twice, which += would count once."""
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
        return (_hashable(self.key), self.into)


def _own(key: Any) -> Any:
    """Copy the arrays of an index: one that changes after indexing must not change where the gradient goes."""
    if isinstance(key, tuple):
        return tuple(_own(part) for part in key)
    return key.copy() if isinstance(key, np.ndarray) else list(key) if isinstance(key, list) else key


def is_basic(key: Any) -> bool:
    """Say whether an index holds no arrays, so that it names every element once."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(part is None or part is Ellipsis or isinstance(part, slice | int | np.integer) for part in parts)


def _hashable(key: Any) -> Any:
    """Give a stand-in for an index that compares and hashes by value, arrays and slices included."""
    if isinstance(key, tuple):
        return tuple(_hashable(part) for part in key)
    if isinstance(key, slice):
        return ("slice", key.start, key.stop, key.step)
    if isinstance(key, list | np.ndarray):
        array = np.asarray(key)
        return (array.shape, array.dtype.str, array.tobytes())
    return (isinstance(key, bool | np.bool_), key)


class BroadcastTo(Op):
    """The same elements repeated along new or length-1 axes; their gradients add up, in the walk."""

    name, text, fields, broadcasts = "broadcast_to", "broadcast_to({x})", ("to",), True
    vjps = (lambda op, g, y, x: g,)

    def __init__(self, to: Shape = (3, 3)) -> None:
        self.to = to

    def forward(self, x: Any) -> Any:
        """Repeat, as a read-only view."""
        return np.broadcast_to(x, self.to)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the target shape."""
        return np.broadcast_to(_empty(shapes[0]), self.to).shape


class Cast(Op):
    """The same values in another floating-point dtype; the gradient is cast back."""

    name, text, fields, broadcasts = "cast", "cast({x})", ("to",), True
    vjps = (lambda op, g, y, x: g,)

    def __init__(self, to: Any = np.float32) -> None:
        self.to = np.dtype(to)
        if self.to.kind == "c":
            raise TypeError("complex numbers have no gradients here; compute on .data")
        self.differentiable = self.to.kind == "f"  # rounding to whole numbers is constant almost everywhere

    def forward(self, x: Any) -> Any:
        """Convert the elements."""
        return x.astype(self.to)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the input's own shape."""
        return shapes[0]

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the target dtype."""
        return self.to


class EachInput:
    """One rule for however many inputs a call has: ``rule(i, op, g, y, *inputs)`` for the input at position i."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __getitem__(self, i: int) -> Rule:
        return partial(self.rule, i)


class OfTheFirst(EachInput):
    """A rule for the first input alone; the others, indices, have no gradient."""

    def __getitem__(self, i: int) -> Any:
        return self.rule if i == 0 else None


class Gather(Op):
    """Indexing where some of the indices are operands: ``template`` holds the static ones, each in a tuple, and None.

    ``Gather((None,))(x, i)`` is ``x[i]``, and ``Gather(((slice(2),), None))(x, i)`` is ``x[:2, i]``.
    """

    name, letters, text, chooses = "gather", "xi", "{x}[{i}]", True
    fields: ClassVar[tuple[str, ...]] = ("template",)
    vjps = OfTheFirst(lambda op, g, y, x, *indices: ScatterAt(op.template, x.shape)(g, *indices))

    def __init__(self, template: tuple[Any, ...] = (None,)) -> None:
        self.template = template

    def filled(self, indices: Sequence[Any]) -> tuple[Any, ...]:
        """Give the whole index, with the operands in their places."""
        left = iter(indices)
        return tuple(next(left) if part is None else part[0] for part in self.template)

    def forward(self, x: Any, *indices: Any) -> Any:
        """Index."""
        return x[self.filled(indices)]

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of what the index selects."""
        return _empty(shapes[0])[self.filled([np.zeros(shape, np.intp) for shape in shapes[1:]])].shape

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype of x."""
        return np.result_type(dtypes[0])

    def _key(self) -> tuple[Any, ...]:
        return (_hashable(self.template),)


class ScatterAt(Gather):
    """The transpose of ``Gather``: zeros of shape ``into``, with x added in at the index."""

    name, text, chooses = "scatter_at", "scatter({x}, {i})", False
    fields: ClassVar[tuple[str, ...]] = ("template", "into")
    vjps = OfTheFirst(lambda op, g, y, x, *indices: Gather(op.template)(g, *indices))

    def __init__(self, template: tuple[Any, ...] = (None,), into: Shape = (3, 3)) -> None:
        super().__init__(template)
        self.into = into

    def forward(self, x: Any, *indices: Any) -> Any:
        """Add x into zeros."""
        y = np.zeros_like(x, shape=self.into)
        np.add.at(y, self.filled(indices), x)
        return y

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape scattered into."""
        return self.into

    def _key(self) -> tuple[Any, ...]:
        return (_hashable(self.template), self.into)


class Concatenate(Op):
    """Arrays joined along an axis that they have; each gets back its own part of the gradient."""

    name, letters, text, fields = "concatenate", "ab", "concatenate({a}, {b})", ("axis",)
    broadcasts = True  # not in shape, but the inputs may differ in dtype, and the walk casts
    chooses = True  # what comes back is one part of a gradient, which a slice of the whole may have left at 0

    def __init__(self, axis: int = 0) -> None:
        self.axis = axis

    def forward(self, *arrays: Any) -> Any:
        """Join along the axis."""
        return np.concatenate(arrays, self.axis)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the joined shape."""
        return np.concatenate([_empty(shape) for shape in shapes], self.axis).shape

    def part(self, i: int, g: Any, y: Any, *inputs: Any) -> Any:
        """Cut out the part of g that stands where input i stands in y."""
        (axis,) = normalize_axis(self.axis, y.ndim)
        start = sum(x.shape[axis] for x in inputs[:i])
        return g[(slice(None),) * axis + (slice(start, start + inputs[i].shape[axis]),)]

    vjps = EachInput(lambda i, op, g, y, *inputs: op.part(i, g, y, *inputs))


class Stack(Concatenate):
    """Arrays of one shape joined along a new axis; each gets back its own slice of the gradient."""

    name, text = "stack", "stack({a}, {b})"

    def forward(self, *arrays: Any) -> Any:
        """Join along a new axis."""
        return np.stack(arrays, self.axis)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape with the new axis."""
        return np.stack([_empty(shape) for shape in shapes], self.axis).shape

    def part(self, i: int, g: Any, y: Any, *inputs: Any) -> Any:
        """Take slice i of g along the new axis."""
        (axis,) = normalize_axis(self.axis, y.ndim)
        return g[(slice(None),) * axis + (i,)]


_reshape, _transpose = lru_cache(maxsize=256)(Reshape), lru_cache(maxsize=256)(Transpose)
reversed_axes = Transpose()


def _sizes(shape: Any) -> Shape:
    """Give a shape as a tuple; an int stands for one axis."""
    return tuple(shape) if np.iterable(shape) else (shape,)


def reshape(x: Any, shape: int | Sequence[int]) -> Any:
    """Give the same elements in another shape, in C order, as ``numpy.reshape`` does."""
    return _reshape(_sizes(shape))(x)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """Permute the axes; None reverses them, as ``numpy.transpose`` does."""
    return _transpose(None if axes is None else tuple(axes))(x)


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Exchange two axes, as ``numpy.swapaxes`` does."""
    axes = list(range(x.ndim))
    try:
        (i,), (j,) = normalize_axis(axis1, x.ndim), normalize_axis(axis2, x.ndim)
    except (ValueError, TypeError) as error:
        return Refused(f"swapaxes(axis1={axis1!r}, axis2={axis2!r})", error)(x)
    axes[i], axes[j] = axes[j], axes[i]
    return transpose(x, axes)


def expand_dims(x: Any, axis: int | tuple[int, ...]) -> Any:
    """Insert axes of length 1, as ``numpy.expand_dims`` does."""
    return _reshaped(x, "expand_dims", np.expand_dims, axis)


def squeeze(x: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    """Remove axes of length 1, as ``numpy.squeeze`` does."""
    return _reshaped(x, "squeeze", np.squeeze, axis)


def _reshaped(x: Any, called: str, rearrange: Callable[..., Any], axis: Any) -> Any:
    """Reshape to what NumPy's function gives, or raise its error with the tensor's name."""
    try:
        to = rearrange(_empty(x.shape), axis).shape
    except (ValueError, TypeError) as error:
        return Refused(f"{called}(axis={axis!r})", error)(x)
    return reshape(x, to)


def astype(x: Any, dtype: Any) -> Any:
    """Convert to another floating-point dtype; the gradient is converted back."""
    try:
        cast = Cast(dtype)
    except TypeError as error:
        return Refused(f"astype({dtype!r})", error)(x)
    return cast(x)


def ravel(x: Any) -> Any:
    """Give the elements in one dimension, in C order."""
    return reshape(x, (-1,))


def broadcast_to(x: Any, shape: int | Sequence[int]) -> Any:
    """Repeat to a shape, as ``numpy.broadcast_to`` does."""
    return BroadcastTo(_sizes(shape))(x)


def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    """Join Tensors and arrays along an axis that they have; None flattens them first."""
    if axis is None:
        return Concatenate(0)(*(ravel(x) for x in arrays))
    return Concatenate(axis)(*arrays)


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Join Tensors and arrays of one shape along a new axis."""
    return Stack(axis)(*arrays)
