"""Discrete Fourier transforms, yₖ = Σⱼ xⱼ exp(∓2πi jk / n) along an axis, scaled as ``norm`` says.

The matrix of the transform is symmetric, so that by the convention of ``parts`` a gradient goes back by the same
transform. Loaded when the first is called, as NumPy's own is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar, Literal

import numpy as np

from minigrad.ops.base import Op, Shape
from minigrad.ops.common.lanes import batch_along, shift_axis
from minigrad.ops.common.libraries import alike
from minigrad.ops.matrices.inverses import real_dtype
from minigrad.ops.parts import conj
from minigrad.ops.reduction import normalize_axis

Norm = Literal["backward", "ortho", "forward"] | None

# Which norm scales the inverse as a norm scales the transform, and the other way round; None is "backward".
OPPOSITE: dict[Norm, Norm] = {None: "forward", "ortho": "ortho", "forward": None}


class Fourier(Op):
    """The discrete Fourier transform over ``axes``: y = F x, ∂E/∂x = F g."""

    name, text, example = "fftn", "ℱ({x})", ((0,),)
    fields: ClassVar[tuple[str, ...]] = ("axes", "norm")
    reads_values = False
    broadcasts = True  # not in shape: g is complex, and x may be real
    vjps = (lambda op, g, y, x: op(g),)

    def __init__(self, axes: tuple[int, ...], norm: Norm = None) -> None:
        self.axes, self.norm = axes, norm

    def forward(self, x: Any) -> Any:
        """Transform over the axes."""
        return np.fft.fftn(x, axes=self.axes, norm=self.norm)

    def batch(self, *inputs: Any) -> Any:
        """Transform all lanes."""
        return type(self)(shift_axis(self.axes, inputs[0].ndim), self.norm)(*inputs)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the input's own shape."""
        check_axes(self.norm, self.axes, shapes[0])
        return shapes[0]

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the complex dtype of the precision; integers are complex128."""
        return np.result_type(*dtypes, 1j)


class InverseFourier(Fourier):
    """The inverse transform, with exp(+2πi jk / n) and, unless ``norm`` says otherwise, a factor of 1 / n."""

    name, text = "ifftn", "ℱ⁻¹({x})"

    def forward(self, x: Any) -> Any:
        """Transform back over the axes."""
        return np.fft.ifftn(x, axes=self.axes, norm=self.norm)


class RealFourier(Op):
    """The transform of a real x along an axis, without the half that follows from yₙ₋ₖ = ȳₖ.

    ∂E/∂x = Re Σₖ gₖ exp(−2πi jk / n) over that half: the inverse below, which counts a k twice that has been left out
    once, of ḡ over these counts.
    """

    name, text = "rfft", "rfft({x})"
    example: ClassVar[tuple[Any, ...]] = (0,)
    fields: ClassVar[tuple[str, ...]] = ("axis", "norm")
    reads_values = False
    batch = batch_along

    def __init__(self, axis: int, norm: Norm = None) -> None:
        self.axis, self.norm = axis, norm

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """∂E/∂x, by the inverse with this one's scale."""
        n = x.shape[self.axis]
        return InverseRealFourier(n, self.axis, OPPOSITE[self.norm])(
            conj(g) / alike(count_twice(n, self.axis, x.ndim), g)
        )

    vjps: Any = (vjp,)

    def forward(self, x: Any) -> Any:
        """Transform along the axis."""
        return np.fft.rfft(x, axis=self.axis, norm=self.norm)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape with n // 2 + 1 for the n elements of the axis."""
        (axis,) = check_axes(self.norm, self.axis, shapes[0])
        n = shapes[0][axis]
        return (*shapes[0][:axis], n // 2 + 1, *shapes[0][axis + 1 :])

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the complex dtype of the precision; raises ``TypeError`` for complex numbers, as NumPy does."""
        if np.result_type(*dtypes).kind == "c":
            raise TypeError("wanted real numbers, not complex ones; take .real, or all of the transform, np.fft.fft")
        return np.result_type(*dtypes, 1j)


class InverseRealFourier(RealFourier):
    """The n real elements along an axis that have a half spectrum x of n // 2 + 1.

    ∂E/∂x is the conjugate of the transform of g, twice where a k stands for n − k as well.
    """

    name, text = "irfft", "irfft({x})"
    example: ClassVar[tuple[Any, ...]] = (4, 0)
    fields: ClassVar[tuple[str, ...]] = ("n", "axis", "norm")
    broadcasts = True  # not in shape: x may be real

    def __init__(self, n: int, axis: int, norm: Norm = None) -> None:
        super().__init__(axis, norm)
        self.n = n

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """∂E/∂x, by the transform with this one's scale."""
        return conj(RealFourier(self.axis, OPPOSITE[self.norm])(g)) * alike(count_twice(self.n, self.axis, x.ndim), g)

    vjps: Any = (vjp,)

    def forward(self, x: Any) -> Any:
        """Transform back along the axis."""
        return np.fft.irfft(x, self.n, self.axis, self.norm)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape with n along the axis."""
        (axis,) = check_axes(self.norm, self.axis, shapes[0])
        return (*shapes[0][:axis], self.n, *shapes[0][axis + 1 :])

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the real dtype of the precision."""
        return real_dtype(*dtypes)


def check_axes(norm: Norm, axes: Any, shape: Shape) -> tuple[int, ...]:
    """Give the axes counted from 0, if they and the norm are such."""
    if norm not in OPPOSITE:
        raise ValueError(f'Invalid norm value {norm}; should be "backward", "ortho" or "forward".')
    return normalize_axis(axes, len(shape))


@lru_cache(maxsize=64)
def count_twice(n: int, axis: int, ndim: int) -> np.ndarray[Any, Any]:
    """Say how many of the n frequencies each of a half spectrum stands for: 0 for itself, and n / 2, others for two."""
    times = np.full(n // 2 + 1, 2, np.int8)
    times[0] = 1
    if n % 2 == 0:
        times[-1] = 1
    times.flags.writeable = False
    return times.reshape([-1 if i == axis % ndim else 1 for i in range(ndim)])
