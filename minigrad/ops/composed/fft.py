"""np.fft: what each function cuts, fills up, conjugates and turns around the transforms of ``ops.fft``."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from minigrad.ops.base import Refused, refuse_out
from minigrad.ops.fft import OPPOSITE, Fourier, InverseFourier, InverseRealFourier, Norm, RealFourier
from minigrad.ops.indexing import Scatter
from minigrad.ops.reduction import normalize_axis

Size = int | None
Sizes = Sequence[int] | None
Axes = Sequence[int] | None
Lengths = Sequence[tuple[int, int]]  # axis and length of each transform


def fft(a: Any, n: Size = None, axis: int = -1, norm: Norm = None, out: None = None) -> Any:
    """Give the discrete Fourier transform along an axis, of n elements."""
    return _transform("fft", Fourier, a, _sizes(n), (axis,), norm, out)


def ifft(a: Any, n: Size = None, axis: int = -1, norm: Norm = None, out: None = None) -> Any:
    """Give the inverse transform along an axis, of n elements."""
    return _transform("ifft", InverseFourier, a, _sizes(n), (axis,), norm, out)


def fftn(a: Any, s: Sizes = None, axes: Axes = None, norm: Norm = None, out: None = None) -> Any:
    """Give the transform over axes, of ``s`` elements each."""
    return _transform("fftn", Fourier, a, s, axes, norm, out)


def ifftn(a: Any, s: Sizes = None, axes: Axes = None, norm: Norm = None, out: None = None) -> Any:
    """Give the inverse transform over axes, of ``s`` elements each."""
    return _transform("ifftn", InverseFourier, a, s, axes, norm, out)


def fft2(a: Any, s: Sizes = None, axes: Axes = (-2, -1), norm: Norm = None, out: None = None) -> Any:
    """Give the transform over two axes."""
    return _transform("fft2", Fourier, a, s, axes, norm, out)


def ifft2(a: Any, s: Sizes = None, axes: Axes = (-2, -1), norm: Norm = None, out: None = None) -> Any:
    """Give the inverse transform over two axes."""
    return _transform("ifft2", InverseFourier, a, s, axes, norm, out)


def rfft(a: Any, n: Size = None, axis: int = -1, norm: Norm = None, out: None = None) -> Any:
    """Give the transform of real numbers along an axis: the first n // 2 + 1, from which the others follow."""
    return _transform_real("rfft", a, _sizes(n), (axis,), norm, out)


def rfftn(a: Any, s: Sizes = None, axes: Axes = None, norm: Norm = None, out: None = None) -> Any:
    """Give the transform of real numbers over axes, along the last of them the half that is enough."""
    return _transform_real("rfftn", a, s, axes, norm, out)


def rfft2(a: Any, s: Sizes = None, axes: Axes = (-2, -1), norm: Norm = None, out: None = None) -> Any:
    """Give the transform of real numbers over two axes."""
    return _transform_real("rfft2", a, s, axes, norm, out)


def irfft(a: Any, n: Size = None, axis: int = -1, norm: Norm = None, out: None = None) -> Any:
    """Give the n real numbers that have a half spectrum, 2 (m − 1) for its m unless n is given."""
    return _invert_half("irfft", a, _sizes(n), (axis,), norm, out)


def irfftn(a: Any, s: Sizes = None, axes: Axes = None, norm: Norm = None, out: None = None) -> Any:
    """Give the real numbers that have a spectrum over axes, of which along the last there is half."""
    return _invert_half("irfftn", a, s, axes, norm, out)


def irfft2(a: Any, s: Sizes = None, axes: Axes = (-2, -1), norm: Norm = None, out: None = None) -> Any:
    """Give the real numbers that have a half spectrum over two axes."""
    return _invert_half("irfft2", a, s, axes, norm, out)


def hfft(a: Any, n: Size = None, axis: int = -1, norm: Norm = None, out: None = None) -> Any:
    """Give the real transform of a signal that is half there: what is missing is the conjugate of what is."""
    return _invert_half("hfft", np.conj(a), _sizes(n), (axis,), OPPOSITE.get(_named(norm), norm), out)


def ihfft(a: Any, n: Size = None, axis: int = -1, norm: Norm = None, out: None = None) -> Any:
    """Give the half of a signal that has a real transform."""
    return np.conj(_transform_real("ihfft", a, _sizes(n), (axis,), OPPOSITE.get(_named(norm), norm), out))


def fftshift(x: Any, axes: int | Axes = None) -> Any:
    """Move frequency 0 from the start of the axes into their middle."""
    over = tuple(range(x.ndim)) if axes is None else axes
    return np.roll(x, tuple(x.shape[i] // 2 for i in np.atleast_1d(over)), over)


def ifftshift(x: Any, axes: int | Axes = None) -> Any:
    """Move frequency 0 from the middle of the axes back to their start."""
    over = tuple(range(x.ndim)) if axes is None else axes
    return np.roll(x, tuple(-(x.shape[i] // 2) for i in np.atleast_1d(over)), over)


def _transform(called: str, kind: type[Fourier], x: Any, s: Sizes, axes: Axes, norm: Norm, out: None) -> Any:
    refuse_out(out)
    return _along(kind, x, _find_lengths(called, x, s, axes), norm)


def _transform_real(called: str, x: Any, s: Sizes, axes: Axes, norm: Norm, out: None) -> Any:
    refuse_out(out)
    *others, (axis, n) = _find_lengths(called, x, s, axes, several=False)
    return _along(Fourier, RealFourier(axis, _named(norm))(_fit_length(x, axis, n)), others, norm)


def _invert_half(called: str, x: Any, s: Sizes, axes: Axes, norm: Norm, out: None) -> Any:
    refuse_out(out)
    *others, (axis, n) = _find_lengths(called, x, s, axes, several=False, halved=s is None)
    spectrum = _fit_length(_along(InverseFourier, x, others, norm), axis, n // 2 + 1)
    return InverseRealFourier(n, axis, _named(norm))(spectrum)


def _along(kind: type[Fourier], x: Any, lengths: Lengths, norm: Norm) -> Any:
    """Transform along axes, each cut or filled up first: by one operation, unless an axis is named twice."""
    if len({axis for axis, _ in lengths}) < len(lengths):
        for length in lengths[::-1]:
            x = _along(kind, x, (length,), norm)
        return x
    for axis, n in lengths:
        x = _fit_length(x, axis, n)
    return kind(tuple(axis for axis, _ in lengths), _named(norm))(x) if lengths else x


def _fit_length(x: Any, axis: int, n: int) -> Any:
    """Cut an axis to n elements, or fill it up with zeros."""
    before, m, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    if n <= m:
        return x if n == m else x[(*(slice(None) for _ in before), slice(n))]
    return Scatter((*(slice(None) for _ in before), slice(m)), (*before, n, *after))(x)


def _find_lengths(
    called: str, x: Any, s: Sizes, axes: Axes, several: bool = True, halved: bool = False
) -> list[tuple[int, int]]:
    """Give the axes, counted from 0, with the length that each is to have; of the last that of the whole if halved.

    −1 in ``s`` is the length that the axis has. Raises what NumPy raises, with the tensor's name.
    """
    try:
        over = tuple(range(-len(s), 0) if s is not None else range(x.ndim)) if axes is None else tuple(axes)
        places = [normalize_axis(i, x.ndim)[0] for i in over]
        lengths = [x.shape[i] for i in places] if s is None else [-1 if n is None else index(n) for n in s]
        if len(lengths) != len(places):
            raise ValueError("Shape and axes have different lengths.")
        if not (places or several):
            raise IndexError("at least 1 axis must be transformed")
        if halved:
            lengths[-1] = 2 * (lengths[-1] - 1)
        lengths = [x.shape[i] if n == -1 else n for i, n in zip(places, lengths, strict=True)]
        if min(lengths, default=1) < 1:
            raise ValueError(f"Invalid number of FFT data points ({min(lengths)}) specified.")
    except (ValueError, TypeError, IndexError) as error:
        return Refused(called, error)(x)
    return list(zip(places, lengths, strict=True))


def _sizes(n: Size) -> Sizes:
    """Give the one size of a transform along one axis, where −1 is no length."""
    return None if n is None else (0 if n == -1 else n,)


def _named(norm: Norm) -> Norm:
    """Give the norm by the one name that an operation knows it by."""
    return None if norm == "backward" else norm
