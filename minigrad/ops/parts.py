"""Parts of complex numbers: real and imaginary part, conjugate, angle.

The gradient of a real E by z = x + iy is ∂E/∂x − i ∂E/∂y, as HIPS autograd and JAX have it (PyTorch has its conjugate).
Through a function with a complex derivative it then goes back as through a real one, times f′(z), and a rule holds for
both. The functions here, |z|, ⟨a, b⟩ and what else conjugates have none: their rules say what becomes of g.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.ops.base import Elementwise, Rule, one
from minigrad.ops.common.dtypes import COMPLEX, REAL


def is_complex(x: Any) -> bool:
    """Say whether a value, of whatever kind, is complex."""
    return x.dtype in COMPLEX if hasattr(x, "dtype") else isinstance(x, complex)


class Part(Elementwise):
    """A function of each complex number by itself that has no complex derivative: ``rule(op, g, y, x)`` is all of it.

    Of real numbers it is a function, too. The walk makes complex what a rule gives of a real g.
    """

    broadcasts = True  # not in shape: g may be real where x is complex

    def __init__(self, name: str, forward: Callable[..., Any], rule: Rule, *, text: str, views: bool = False) -> None:
        super().__init__(name, forward, one, text=text)
        self.derivatives, self.vjps, self.views, self.broadcasts = None, (rule,), views, True


real = Part("real", np.real, lambda op, g, y, x: g, text="Re({x})", views=True)
imag = Part("imag", np.imag, lambda op, g, y, x: g * (-1j if is_complex(x) else 0), text="Im({x})", views=True)
real.operator = imag.operator = True  # a Python number's own are Python numbers
conj = Part("conj", np.conjugate, lambda op, g, y, x: conjugate(g), text="conj({x})")


def conjugate(x: Any) -> Any:
    """Give x̄, and of a real x that itself."""
    if type(x) is np.ndarray and x.dtype in REAL:  # asked of each squared error
        return x
    return conj(x) if getattr(x, "dtype", None) in COMPLEX or type(x) is complex else x


def square_size(x: Any) -> Any:
    """Give |x|², which of a complex x is x x̄."""
    return real(x * conj(x)) if is_complex(x) else x**2


def _turn_back(op: Any, g: Any, y: Any, x: Any) -> Any:
    """Give −i g / x, for ∂ arg(x + iy) = (x ∂y − y ∂x) / |x + iy|²; 0 at 0, and of a real x, whose angle is 0 or π."""
    return np.where(x == 0, 0, -1j * g / np.where(x == 0, 1, x)) if is_complex(x) else 0 * g


angle_of = Part("angle", np.angle, _turn_back, text="arg({x})")


def angle(z: Any, deg: bool = False) -> Any:
    """Give the angle as ``numpy.angle`` does, in radians or in degrees."""
    return angle_of(z) * (180 / np.pi) if deg else angle_of(z)


def real_if_close(a: Any, tol: float = 100) -> Any:
    """Give the real part as ``numpy.real_if_close`` does, if no imaginary part is larger than ``tol`` times ε."""
    if not is_complex(a):
        return a
    largest = tol * np.finfo(a.dtype).eps if tol > 1 else tol
    return real(a) if np.all(np.abs(imag(a)) < largest) else a
