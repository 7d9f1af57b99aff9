"""Rows of the tables of operations: Fourier transforms."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from minigrad.ops import fft
from tests.sample import Sample


def _both(y: Any) -> Any:
    """Give real numbers that say all of complex ones."""
    return y.real - 0.5 * y.imag


def fft_samples() -> Iterator[Sample]:
    """Give the rows: a transform of real numbers, or of complex ones made of two real operands."""
    for axes, shape in (((0,), (3, 2)), ((1, 0), (2, 3))):
        over = fft.Fourier(axes), fft.InverseFourier(axes, "ortho")
        for op, call in zip(over, (np.fft.fftn, partial(np.fft.ifftn, norm="ortho")), strict=True):
            yield Sample(
                type(op),
                lambda a, b, op=op: _both(op(a + 1j * b)),
                (shape, shape),
                f"over {axes}",
                lambda a, b, f=call, axes=axes: _both(f(a + 1j * b, axes=axes)),
            )
    for n in (1, 4, 5):
        half, back = fft.RealFourier(0, "forward"), fft.InverseRealFourier(n, 0)
        call = partial(np.fft.rfft, axis=0, norm="forward")
        yield Sample(fft.RealFourier, lambda x, op=half: _both(op(x)), ((n, 2),), "", lambda x, f=call: _both(f(x)))
        yield Sample(
            fft.InverseRealFourier,
            lambda a, b, op=back: op(a + 1j * b),
            ((n // 2 + 1, 2), (n // 2 + 1, 2)),
            f"of {n}",
            lambda a, b, n=n: np.fft.irfft(a + 1j * b, n, 0),
        )


def composed_fft_samples() -> Iterator[Sample]:
    """Give the rows of np.fft's own functions."""
    for along in (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.ihfft):
        yield Sample(along, partial(along, norm="forward"), ((2, 3),))
        yield Sample(along, partial(along, n=3, axis=0), ((4, 2),), "cut")
        yield Sample(along, partial(along, n=4, norm="ortho"), ((2, 3),), "filled up")
    for back in (np.fft.irfft, np.fft.hfft):
        yield Sample(back, lambda a, b, f=back: f(a + 1j * b, norm="ortho"), ((2, 3), (2, 3)))
        yield Sample(back, lambda a, b, f=back: f(a + 1j * b, 3, 0, "forward"), ((3, 2), (3, 2)), "cut")
        yield Sample(back, lambda a, b, f=back: f(a + 1j * b, 5), ((2, 2), (2, 2)), "filled up")
    for over in (np.fft.fft2, np.fft.ifft2, np.fft.rfft2, np.fft.fftn, np.fft.ifftn, np.fft.rfftn):
        yield Sample(over, over, ((2, 3),))
        yield Sample(over, partial(over, s=(4, 2), axes=(1, 0), norm="ortho"), ((2, 3),), "cut and filled up")
    for inverse in (np.fft.irfft2, np.fft.irfftn):
        yield Sample(inverse, lambda a, b, f=inverse: f(a + 1j * b), ((2, 3), (2, 3)))
        yield Sample(inverse, partial(inverse, s=(-1, 3), axes=(1, 0)), ((3, 2),), "of real numbers")
    yield Sample(np.fft.fftn, partial(np.fft.fftn, axes=(1, 1)), ((2, 3),), "twice along an axis")
    for shift in (np.fft.fftshift, np.fft.ifftshift):
        yield Sample(shift, shift, ((3, 2),))
        yield Sample(shift, partial(shift, axes=1), ((2, 3),), "of an axis")
