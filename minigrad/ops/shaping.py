"""Operations that move elements without computing: reshape, transpose, join, broadcast, cast."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from itertools import accumulate
from typing import Any

import numpy as np

from minigrad.ops.base import EachInput, Op, Refused, Rule, Shape, as_part, placeholder, refuse_out
from minigrad.ops.common.lanes import add_axes, shift_axis, spread_lanes
from minigrad.ops.parts import is_complex, real
from minigrad.ops.reduction import normalize_axis


class Reshape(Op):
    """The same elements in another shape; one size may be −1 and follows from the rest."""

    name, text, fields, example = "reshape", "reshape({x})", ("to",), ((-1,),)
    reads_values, views = False, True
    vjps = (lambda op, g, y, x: np.reshape(g, x.shape),)

    def __init__(self, to: Shape) -> None:
        self.to = to

    def forward(self, x: Any) -> Any:
        """Reshape, as a view where NumPy can."""
        return np.reshape(x, self.to)

    def batch(self, x: Any) -> Any:
        """Reshape every lane."""
        return np.reshape(x, (x.shape[0], *self.shape(x.shape[1:])))

    def shape(self, *shapes: Shape) -> Shape:
        """Give the target shape, with −1 worked out."""
        return np.reshape(placeholder(shapes[0]), self.to).shape


class Ravel(Reshape):
    """The same elements in one dimension: unlike ``Reshape`` it copies all that does not lie in order."""

    forward = staticmethod(np.ravel)  # type: ignore[assignment]


class Transpose(Op):
    """The axes in another order; None reverses them. The gradient goes back through the inverse order."""

    name, text, binds, fields = "transpose", "{x}ᵀ", 4, ("axes",)
    reads_values, views = False, True
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

    def batch(self, x: Any) -> Any:
        """Permute the axes of every lane."""
        n = x.ndim
        return np.transpose(x, (0, *(range(n - 1, 0, -1) if self.axes is None else shift_axis(self.axes, n))))

    def shape(self, *shapes: Shape) -> Shape:
        """Give the permuted shape."""
        return np.transpose(placeholder(shapes[0]), self.axes).shape


class BroadcastTo(Op):
    """The same elements repeated along new or length-1 axes; their gradients add up, in the walk."""

    name, text, fields, broadcasts = "broadcast_to", "broadcast_to({x})", ("to",), True
    reads_values, views = False, True
    example = ((3, 3),)
    vjps = (lambda op, g, y, x: g,)

    def __init__(self, to: Shape) -> None:
        self.to = to

    def batch(self, x: Any) -> Any:
        """Repeat in every lane."""
        return np.broadcast_to(add_axes(x, len(self.to) - x.ndim + 1), (x.shape[0], *self.to))

    def forward(self, x: Any) -> Any:
        """Repeat, as a read-only view."""
        return np.broadcast_to(x, self.to)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the target shape."""
        return np.broadcast_to(placeholder(shapes[0]), self.to).shape


class Cast(Op):
    """The same values in another floating-point or complex dtype; the gradient is cast back."""

    name, text, fields, broadcasts = "cast", "cast({x})", ("to",), True
    reads_values = False
    example = (np.float32,)
    vjps = (lambda op, g, y, x: g,)

    def __init__(self, to: Any) -> None:
        self.to = np.dtype(to)
        self.differentiable = self.to.kind in "fc"  # rounding to whole numbers is constant almost everywhere

    def batch(self, x: Any) -> Any:
        """Convert all lanes."""
        return self(x)

    def forward(self, x: Any) -> Any:
        """Convert the elements."""
        return x.astype(self.to)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the input's own shape."""
        return shapes[0]

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the target dtype."""
        return self.to


def _cut(key: tuple[Any, ...], op: Op, g: Any, y: Any) -> Any:
    return g[key]


class Concatenate(Op):
    """Arrays joined along an axis that they have; each gets back its own part of the gradient."""

    name, letters, text, fields = "concatenate", "ab", "concatenate({a}, {b})", ("axis",)
    reads_values = False
    broadcasts = True  # not in shape, but the inputs may differ in dtype, and the walk casts
    chooses = True  # what comes back is one part of a gradient, which a slice of the whole may have left at 0

    def __init__(self, axis: int = 0) -> None:
        self.axis = axis

    def batch(self, *inputs: Any) -> Any:
        """Join in every lane."""
        return type(self)(shift_axis(self.axis, inputs[0].ndim + self.adds_axis))(*spread_lanes(inputs))

    def forward(self, *arrays: Any) -> Any:
        """Join along the axis."""
        return np.concatenate(arrays, self.axis)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the joined shape."""
        return np.concatenate([placeholder(shape) for shape in shapes], self.axis).shape

    def places(self, inputs: Sequence[Any]) -> Iterable[slice | int]:
        """Say where along the axis each input stands in the whole."""
        (axis,) = normalize_axis(self.axis, inputs[0].ndim)
        stops = list(accumulate(x.shape[axis] for x in inputs))
        return map(slice, (0, *stops), stops)

    def split(self, inputs: Sequence[Any]) -> list[Rule]:
        """Give a rule for each input, which cuts out the part of g that stands where the input stands in y."""
        (axis,) = normalize_axis(self.axis, np.ndim(inputs[0]) + self.adds_axis)
        before = (slice(None),) * axis
        return [partial(_cut, (*before, place)) for place in self.places(inputs)]

    vjps = EachInput(lambda i, op, g, y, *inputs: op.split(inputs)[i](op, g, y))
    adds_axis, splits = False, True


class Stack(Concatenate):
    """Arrays of one shape joined along a new axis; each gets back its own slice of the gradient."""

    name, text = "stack", "stack({a}, {b})"

    def forward(self, *arrays: Any) -> Any:
        """Join along a new axis."""
        return np.stack(arrays, self.axis)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape with the new axis."""
        return np.stack([placeholder(shape) for shape in shapes], self.axis).shape

    def places(self, inputs: Sequence[Any]) -> Iterable[slice | int]:
        """Say where along the new axis each input stands: the i-th at i."""
        return range(len(inputs))

    adds_axis = True


_reshape, _transpose = lru_cache(maxsize=256)(Reshape), lru_cache(maxsize=256)(Transpose)
reversed_axes = Transpose()


def _sizes(shape: Any) -> Shape:
    """Give a shape as a tuple; an int stands for one axis."""
    return tuple(shape) if np.iterable(shape) else (shape,)


def reshape(a: Any, /, shape: int | Sequence[int], order: str = "C", *, copy: bool | None = None) -> Any:
    """Give the same elements in another shape, row by row or, in Fortran's order, column by column."""
    if copy:
        a = astype(a, a.dtype)
    elif copy is False:
        _check_view(a, shape, order)
    if order == "C":
        return _reshape(_sizes(shape))(a)
    if order != "F":
        error = ValueError("whether rows or columns come first must not depend on the memory; write 'C' or 'F'")
        return Refused(f"reshape(order={order!r})", error)(a)
    return transpose(_reshape(_sizes(shape)[::-1])(transpose(a)))


def _check_view(x: Any, shape: Any, order: str) -> None:
    """Raise where a shape cannot be had of the same memory, if there is memory: not while a function is traced."""
    try:
        if getattr(x, "has_data", True):
            np.reshape(getattr(x, "array", x), shape, order, copy=False)  # type: ignore[call-overload]
    except ValueError as error:
        Refused(f"reshape(copy={False})", error)(x)


def transpose(a: Any, axes: Sequence[int] | None = None) -> Any:
    """Permute the axes; None reverses them, as ``numpy.transpose`` does."""
    return _transpose(None if axes is None else _sizes(axes))(a)


def expand_dims(a: Any, axis: int | tuple[int, ...]) -> Any:
    """Insert axes of length 1, as ``numpy.expand_dims`` does."""
    return _reshaped(a, "expand_dims", np.expand_dims, axis)


def squeeze(a: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    """Remove axes of length 1, as ``numpy.squeeze`` does."""
    return _reshaped(a, "squeeze", np.squeeze, axis)


def _reshaped(x: Any, called: str, rearrange: Callable[..., Any], axis: Any) -> Any:
    """Reshape to what NumPy's function gives, or raise its error with the tensor's name."""
    try:
        to = rearrange(placeholder(x.shape), axis).shape
    except (ValueError, TypeError) as error:
        return Refused(f"{called}(axis={axis!r})", error)(x)
    return reshape(x, to)


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None, casting: Any = "unsafe") -> Any:
    """Convert to another floating-point or complex dtype; the gradient is converted back."""
    try:
        cast = Cast(dtype)
        if not np.can_cast(x.dtype, cast.to, casting):
            raise TypeError(f"{x.dtype} is not cast to {cast.to} by the rule {casting!r}; casting='unsafe' does")
    except TypeError as error:
        return Refused(f"astype({dtype!r})", error)(x)
    return cast(x) if copy or x.dtype != cast.to else x


def fit_dtype(g: Any, dtype: Any) -> Any:
    """Give a gradient the dtype of its operand: of a complex one for an operand that is real, the real part."""
    g = real(g) if is_complex(g) and dtype.kind != "c" else g
    return g if g.dtype == dtype else Cast(dtype)(g)


def ravel(a: Any, order: str = "C") -> Any:
    """Give the elements in one dimension, row by row or, in Fortran's order, column by column."""
    return Ravel((-1,))(a) if order == "C" else reshape(a, (-1,), order)


def broadcast_to(array: Any, shape: int | Sequence[int], subok: bool = False) -> Any:
    """Repeat to a shape, as ``numpy.broadcast_to`` does."""
    return BroadcastTo(_sizes(shape))(array)


def concatenate(
    arrays: Sequence[Any], /, axis: int | None = 0, out: None = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    """Join Tensors and arrays along an axis that they have; None flattens them first."""
    if axis is None:
        axis, arrays = 0, [ravel(a) for a in arrays]
    return _joined(Concatenate(axis), arrays, out, dtype, casting)


def stack(
    arrays: Sequence[Any], axis: int = 0, out: None = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    """Join Tensors and arrays of one shape along a new axis."""
    return _joined(Stack(axis), arrays, out, dtype, casting)


def _joined(join: Op, arrays: Iterable[Any], out: None, dtype: Any, casting: Any) -> Any:
    """Join, in another dtype if one is wanted and NumPy would cast to it."""
    refuse_out(out)
    if getattr(join.axis, "shape", ()):  # type: ignore[attr-defined]
        raise TypeError(f"{join.name}: an array stands for the axis; what is joined is one list, [a, b]")
    y = join(*map(as_part, arrays))
    return y if dtype in (None, y.dtype) else astype(y, dtype, casting=casting)
