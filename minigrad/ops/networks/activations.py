"""Activations beyond those of ``elementwise``: gelu, silu, elu, leaky_relu, and the logarithm of σ.

Where a branch meets another, elu and leaky_relu have the slope of the left one at 0, as PyTorch has it.
"""

from __future__ import annotations

from functools import lru_cache
from math import pi, sqrt
from typing import Any, ClassVar

import numpy as np

from minigrad.ops.base import Elementwise, Op, Recorder, as_floating
from minigrad.ops.common.choices import is_known
from minigrad.ops.elementwise import sigmoid, softplus
from minigrad.ops.parts import is_complex

__all__ = ["elu", "gelu", "leaky_relu", "logsigmoid", "normal_cdf", "normal_pdf", "sigmoid", "silu", "softplus"]

# Of log(erfc(z) eᶻᶻ (2 + z) / 2) as a Chebyshev series in 2t − 1, t = 2 / (2 + z), to within 1.2 ε of erfc relatively
# (Press, Teukolsky, Vetterling & Flannery 2007, §6.2.2).
_ERFC = (
    *(-1.3026537197817094, 6.4196979235649026e-1, 1.9476473204185836e-2, -9.561514786808631e-3, -9.46595344482036e-4),
    *(3.66839497852761e-4, 4.2523324806907e-5, -2.0278578112534e-5, -1.624290004647e-6, 1.303655835580e-6),
    *(1.5626441722e-8, -8.5238095915e-8, 6.529054439e-9, 5.059343495e-9, -9.91364156e-10, -2.27365122e-10),
    *(9.6467911e-11, 2.394038e-12, -6.886027e-12, 8.94487e-13, 3.13092e-13, -1.12708e-13, 3.81e-16, 7.106e-15),
    *(-1.523e-15, -9.4e-17, 1.21e-16, -2.8e-17),
)


def _to_powers(series: tuple[float, ...]) -> tuple[float, ...]:
    """Give ½ c₀ + Σ cₖ Tₖ(s) as the coefficients of powers of s, by Tₖ₊₁ = 2 s Tₖ − Tₖ₋₁."""
    terms = [[1.0], [0.0, 1.0]]
    while len(terms) < len(series):
        twice = [0.0, *(2 * factor for factor in terms[-1])]
        terms.append([a - b for a, b in zip(twice, [*terms[-2], 0.0, 0.0], strict=True)])
    factors = (0.5 * series[0], *series[1:])
    return tuple(sum(c * term[power] for c, term in zip(factors, terms, strict=True) if power < len(term))
                 for power in range(len(series)))  # fmt: skip


# For float32 the first twelve terms are as good; by powers the sum is two operations a term, by Clenshaw's three.
NEAR = 1 << 14  # elements that are computed at a time: thirty passes over more would go through all of memory
_DOUBLE = np.dtype(np.float64)
_POWERS, _POWERS32 = _to_powers(_ERFC), _to_powers(_ERFC[:12])


def _normal_cdf(x: Any) -> Any:
    """Give Φ(x) = ½ erfc(−x / √2) to full relative precision in the lower tail."""
    x = as_floating(x)
    if type(x) is np.ndarray and x.size > NEAR:
        y = np.empty(x.size, x.dtype)
        flat = x.reshape(-1)
        for first in range(0, x.size, NEAR):
            y[first : first + NEAR] = _normal_cdf(flat[first : first + NEAR])
        return y.reshape(x.shape)
    z = abs(x) * sqrt(0.5)
    t = 2 / (2 + z)
    s = 2 * t - 1
    *others, total = _POWERS32 if getattr(x, "dtype", _DOUBLE).itemsize <= 4 else _POWERS
    for c in others[::-1]:  # Horner's scheme
        total = total * s + c
    tail = 0.5 * t * np.exp(total - z * z)
    return abs((x >= 0) - tail)  # the tail, or 1 less it: a third of the time of a choice by a mask


normal_pdf = Elementwise(
    "normal_pdf", lambda x: np.exp(-0.5 * x * x) * (1 / sqrt(2 * pi)), lambda y, x: -x * y, text="φ({x})"
)
normal_cdf = Elementwise("normal_cdf", _normal_cdf, lambda y, x: normal_pdf(x), text="Φ({x})")
gelu_of_normal = Elementwise(
    "gelu",
    lambda x: x * _normal_cdf(x),
    lambda y, x: normal_cdf(x) + x * normal_pdf(x),
    text="gelu({x})",
    definition=lambda x: x * normal_cdf(x),
)


def _silu_slope(y: Any, share: Any) -> Any:
    """Give y + σ (1 − y) from σ; of large y that is y + (1 − y), which has no digits left, and the sum of σ has all."""
    return share + y * (1 - share)


silu = Elementwise(
    "silu",
    lambda x: x * sigmoid(x),
    lambda y, x: _silu_slope(y, sigmoid(x)),
    text="silu({x})",
    definition=lambda x: x * sigmoid(x),
)
logsigmoid = Elementwise(
    "logsigmoid",
    lambda x: -softplus(-x) if is_complex(x) else np.minimum(x, 0) - np.log1p(np.exp(-abs(as_floating(x)))),
    lambda y, x: sigmoid(-x),
    text="logsigmoid({x})",
    definition=lambda x: np.log(sigmoid(x)),
)


class LeakyRelu(Elementwise):
    """y = x where x > 0, else slope · x (Maas, Hannun & Ng 2013)."""

    name = "leaky_relu"
    fields: ClassVar[tuple[str, ...]] = ("slope",)
    example: ClassVar[tuple[Any, ...]] = (0.01,)

    def __init__(self, slope: float) -> None:
        self.slope = slope
        super().__init__(
            self.name,
            lambda x: np.where(x > 0, x, slope * x),
            lambda y, x: np.where(x > 0, 1, slope),
            text="leaky_relu({x})",
            definition=lambda x: np.where(x > 0, x, slope * x),
        )
        self.broadcasts = True  # not in shape, but the slope is a float64 whatever x is, and the walk casts


class Elu(Elementwise):
    """y = x where x > 0, else α (eˣ − 1) (Clevert, Unterthiner & Hochreiter 2016)."""

    name = "elu"
    fields: ClassVar[tuple[str, ...]] = ("alpha",)
    example: ClassVar[tuple[Any, ...]] = (1.0,)

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha
        super().__init__(
            self.name,
            lambda x: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
            lambda y, x: self.slope(x) if is_known(x) else np.where(x > 0, 1, y + alpha),
            text="elu({x})",
            definition=lambda x: np.where(x > 0, x, alpha * (np.exp(x) - 1)),
        )

    def slope(self, x: Any) -> Any:
        """Give ∂y/∂x, α eˣ on the left, to its last digit: below −37 y + α is 0, which an expression is, to be read."""
        return np.where(x > 0, 1, self.alpha * np.exp(np.where(x > 0, 0, x)))

    @property
    def unseen(self) -> Op:
        """Itself with the rule for what is computed by code, though an expression while that is made."""
        other = type(self)(self.alpha)
        other.vjps = (lambda op, g, y, x: g * op.slope(x),)
        return other


_leaky_relu, _elu = lru_cache(maxsize=64)(LeakyRelu), lru_cache(maxsize=64)(Elu)


def leaky_relu(x: Any, negative_slope: Any = 0.01) -> Any:
    """Give x where x > 0, else ``negative_slope`` times x, for Tensors and arrays.

    The slope is a number, or a tensor that broadcasts to x, which is learned with the weights (He et al. 2015).
    """
    if isinstance(negative_slope, Recorder):
        return np.where(x > 0, x, negative_slope * x)
    return _leaky_relu(_read_number("leaky_relu", "negative_slope", negative_slope))(x)


def elu(x: Any, alpha: Any = 1.0) -> Any:
    """Give x where x > 0, else α (eˣ − 1), for Tensors and arrays; α is a number, or a tensor that is learned."""
    if isinstance(alpha, Recorder):
        return np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0, x)))  # of x = 0 the left slope, α
    return _elu(_read_number("elu", "alpha", alpha))(x)


def _read_number(called: str, name: str, value: Any) -> float:
    """Give one real number that is the same for all elements. Raises ``TypeError`` for anything else."""
    try:
        if isinstance(value, str | bytes):  # which float() would read
            raise TypeError("a text is no number")
        return float(value)
    except (TypeError, ValueError) as error:
        what = f"{value!r}" if value is None or isinstance(value, str | complex) else f"a {type(value).__name__}"
        raise TypeError(
            f"{called}: {name} must be one number, not {what}; one for each channel, or one that is learned, "
            f"is a Tensor that broadcasts to x."
        ) from error


def gelu(x: Any, approximate: str = "none") -> Any:
    """Give x Φ(x), for Tensors and arrays; "tanh" has Φ by ½ (1 + tanh(√(2/π) (x + 0.044715 x³))).

    Hendrycks & Gimpel 2016.
    """
    if approximate == "tanh":
        return 0.5 * x * (1 + np.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))
    if approximate != "none":
        raise ValueError(f"gelu: approximate must be 'none' or 'tanh', not {approximate!r}")
    return gelu_of_normal(x)
