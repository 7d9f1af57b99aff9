"""Initial weights: each initialiser is a function (shape, rng, dtype) -> array.

The shape is (inputs, outputs) of a matrix, or (outputs, inputs, *kernel) of the kernels of a convolution, each of whose
outputs is a sum over inputs · kernel products: those are its fan-in, and outputs · kernel its fan-out.

`rng` is a `numpy.random.Generator`, an integer seed, or None for fresh randomness. Draws are made in float64 and then
rounded, so one seed gives the same network in every dtype.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minigrad.engine.messages.absent import absent
from minigrad.engine.messages.arguments import shown, with_usage

_MADE = "Give the layer a function that draws: Linear(inputs, outputs, init=minigrad.nn.he)"
_MEANT = dict.fromkeys(
    (
        *("xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "normal_", "uniform_", "zeros_"),
        *("glorot_uniform", "he_normal", "constant_", "ones_", "orthogonal_"),
    ),
    _MADE,
)


def __getattr__(name: str) -> Any:
    raise absent("module 'minigrad.nn.init'", name, _MEANT, ("he", "normal", "xavier"))


Array = NDArray[np.floating]
Rng: TypeAlias = "np.random.Generator | int | None"
Shape = tuple[int, ...]
Initializer = Callable[[Shape, Rng, DTypeLike], Array]


def count_fans(called: str, shape: Shape) -> tuple[int, int]:
    """Give how many products each output is a sum of, and of how many outputs each input is a part."""
    if not isinstance(shape, tuple | list):
        raise TypeError(f"{called}: wanted a shape, (inputs, outputs) say, not {shown(shape)}. Write {called}((4, 3)).")
    if len(shape) < 2:
        raise ValueError(f"{called}: wanted a shape (inputs, outputs) or (outputs, inputs, *kernel), not {shape}")
    if len(shape) == 2:
        return shape[0], shape[1]
    outputs, inputs, *kernel = shape
    return inputs * prod(kernel), outputs * prod(kernel)


@with_usage
def xavier(shape: Shape, rng: Rng = None, dtype: DTypeLike = np.float64) -> Array:
    """W ~ U(−a, a), a = √(6 / (inputs + outputs)): for sigmoid, tanh and softmax layers.

    Keeps the variance of the outputs and of δ about equal from layer to layer (Glorot & Bengio 2010, eq. 16).
    """
    inputs, outputs = count_fans("xavier", shape)
    a = np.sqrt(6 / (inputs + outputs))
    return np.random.default_rng(rng).uniform(-a, a, shape).astype(dtype)


@with_usage
def he(shape: Shape, rng: Rng = None, dtype: DTypeLike = np.float64) -> Array:
    """W ~ N(0, 2 / inputs), of standard deviation √(2 / inputs): for ReLU layers, which pass half of their inputs.

    He, Zhang, Ren & Sun 2015, eq. 10.
    """
    inputs, _ = count_fans("he", shape)
    return np.random.default_rng(rng).normal(0, np.sqrt(2 / inputs), shape).astype(dtype)


def normal(sigma: float) -> Initializer:
    """The initialiser W ~ N(0, σ²), the same for every layer; 0.01 is the textbooks' value."""
    if not 0 <= sigma < np.inf:
        raise ValueError(f"normal: sigma must be a finite number, 0 or more, not {sigma!r}")

    def draw(shape: Shape, rng: Rng = None, dtype: DTypeLike = np.float64) -> Array:
        return np.random.default_rng(rng).normal(0, sigma, shape).astype(dtype)

    draw.__name__ = f"normal({sigma})"
    return draw
