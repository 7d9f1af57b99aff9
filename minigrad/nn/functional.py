"""What layers compute, as functions of Tensors and arrays, under PyTorch's names and with its arguments.

An array has the axes (samples, channels, *positions). A number stands for one for each axis of positions.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from minigrad.engine.messages.absent import absent
from minigrad.engine.messages.arguments import check_count
from minigrad.engine.messages.errors import ShapeError, describe
from minigrad.engine.protocols.formulas import say_activations
from minigrad.nn.sizes import Each, Padding, fit_windows, for_each, list_padding
from minigrad.ops.base import as_array
from minigrad.ops.elementwise import relu, sigmoid, softplus
from minigrad.ops.networks.activations import elu, gelu, leaky_relu, logsigmoid, silu
from minigrad.ops.networks.convolution import Convolution, TransposedConvolution
from minigrad.ops.networks.normalization import Standardize
from minigrad.ops.networks.pooling import pool_max, pool_mean
from minigrad.ops.networks.windows import Sizes
from minigrad.ops.reduction import log_softmax, softmax

__all__ = [
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "elu",
    "flatten",
    "gelu",
    "group_norm",
    "layer_norm",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "relu",
    "rms_norm",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
]


def _samples(called: str, x: Any, n: int) -> tuple[Any, bool]:
    """Give x as several samples, and whether it was one alone."""
    x = as_array(x)
    if x.ndim not in (n + 1, n + 2):
        axes = f"(samples, channels, {'positions' if n == 1 else ', '.join(['height', 'width', 'depth'][:n])})"
        raise ShapeError(
            f"{called}: wanted an input of {n + 2} axes, {axes}, or of one sample; {describe(x)} has shape {x.shape}. "
            f"Give it the axes that it lacks: x[:, None] makes one channel of each sample."
        )
    return (x, False) if x.ndim == n + 2 else (x[None], True)


def _finished(y: Any, bias: Any, n: int, alone: bool) -> Any:
    """Add one bias to each channel, and give one sample as it came."""
    if bias is not None:
        y = y + np.reshape(bias, (-1, *(1,) * n))
    return y[0] if alone else y


def _conv(n: int) -> Callable[..., Any]:
    called = f"conv{n}d"

    def conv(
        x: Any,
        weight: Any,
        bias: Any = None,
        stride: Each = 1,
        padding: Padding = 0,
        dilation: Each = 1,
        groups: int = 1,
    ) -> Any:
        """Convolve x with kernels (outputs, channels / groups, *kernel), unflipped, and add a bias to each output."""
        x, alone = _samples(called, x, n)
        weight = as_array(weight)
        strides, apart = (for_each(called, k, v, n) for k, v in (("stride", stride), ("dilation", dilation)))
        kernel = weight.shape[2:] if weight.ndim == n + 2 else (1,) * n  # else the operation says what is wanted
        op = Convolution(
            strides, list_padding(called, padding, kernel, strides, apart), apart, check_count(called, "groups", groups)
        )
        return _finished(op(x, weight), bias, n, alone)

    return _named(conv, called)


def _conv_transpose(n: int) -> Callable[..., Any]:
    called = f"conv_transpose{n}d"

    def conv_transpose(
        x: Any,
        weight: Any,
        bias: Any = None,
        stride: Each = 1,
        padding: Each = 0,
        output_padding: Each = 0,
        groups: int = 1,
        dilation: Each = 1,
    ) -> Any:
        """Go from a convolution's outputs to its inputs, by its transposed matrix: (inputs, outputs / groups, *kernel).

        The size is (places − 1) · stride − 2 padding + dilation (kernel − 1) + output_padding + 1.
        """
        x, alone = _samples(called, x, n)
        weight = as_array(weight)
        strides, apart = (for_each(called, k, v, n) for k, v in (("stride", stride), ("dilation", dilation)))
        pads = for_each(called, "padding", padding, n, least=0)
        more = for_each(called, "output_padding", output_padding, n, least=0)
        each = zip(x.shape[2:], weight.shape[2:], strides, pads, apart, more, strict=False)
        size = tuple((m - 1) * s - 2 * p + d * (k - 1) + o + 1 for m, k, s, p, d, o in each)
        pairs = tuple((p, p) for p in pads)
        op = TransposedConvolution(strides, pairs, apart, check_count(called, "groups", groups), size)
        return _finished(op(x, weight), bias, n, alone)

    return _named(conv_transpose, called)


def _max_pool(n: int) -> Callable[..., Any]:
    called = f"max_pool{n}d"

    def max_pool(x: Any, kernel_size: Each, stride: Each | None = None, padding: Each = 0, dilation: Each = 1) -> Any:
        """Give the largest element of each window, one for each stride; those that tie share alike."""
        x, alone = _samples(called, x, n)
        apart = for_each(called, "dilation", dilation, n)
        kernel, strides, pads = fit_windows(called, x, kernel_size, stride, padding, apart)
        y = pool_max(x, kernel, strides, pads, apart)
        return y[0] if alone else y

    return _named(max_pool, called)


def _avg_pool(n: int) -> Callable[..., Any]:
    called = f"avg_pool{n}d"

    def avg_pool(
        x: Any, kernel_size: Each, stride: Each | None = None, padding: Each = 0, count_include_pad: bool = True
    ) -> Any:
        """Give the mean of each window; padding counts as 0 unless ``count_include_pad`` is False."""
        x, alone = _samples(called, x, n)
        y = pool_mean(x, *fit_windows(called, x, kernel_size, stride, padding, (1,) * n), count_include_pad)
        return y[0] if alone else y

    return _named(avg_pool, called)


def _named(f: Callable[..., Any], name: str) -> Callable[..., Any]:
    f.__name__ = f.__qualname__ = name
    return f


conv1d, conv2d, conv3d = map(_conv, (1, 2, 3))
conv_transpose1d, conv_transpose2d, conv_transpose3d = map(_conv_transpose, (1, 2, 3))
max_pool1d, max_pool2d, max_pool3d = map(_max_pool, (1, 2, 3))
avg_pool1d, avg_pool2d, avg_pool3d = map(_avg_pool, (1, 2, 3))


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Make one axis of those from ``start_dim`` to ``end_dim``, both of which are among them."""
    first, last = (np.lib.array_utils.normalize_axis_index(axis, x.ndim) for axis in (start_dim, end_dim))
    return np.reshape(x, (*x.shape[:first], prod(x.shape[first : last + 1]), *x.shape[last + 1 :]))


def layer_norm(x: Any, normalized_shape: Each, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Normalize over the last axes, which have a shape, times a weight plus a bias of that shape (Ba et al. 2016)."""
    x = as_array(x)
    return _scaled(Standardize(_last_axes("layer_norm", x, normalized_shape), eps)(x), weight, bias)


def rms_norm(x: Any, normalized_shape: Each, weight: Any = None, eps: float = 1e-5) -> Any:
    """Divide by the root of the mean square over the last axes, which have a shape (Zhang & Sennrich 2019)."""
    x = as_array(x)
    mean = np.mean(x * x, _last_axes("rms_norm", x, normalized_shape), keepdims=True)
    return _scaled(x / np.sqrt(mean + eps), weight, None)


def _last_axes(called: str, x: Any, normalized_shape: Each) -> Sizes:
    """Give the axes that have a shape, which are the last ones."""
    shape = tuple(np.atleast_1d(normalized_shape).tolist())
    if x.shape[-len(shape) :] != shape:
        raise ShapeError(f"{called}: wanted an input whose last axes are {shape}; {describe(x)} has shape {x.shape}")
    return tuple(range(-len(shape), 0))


def group_norm(x: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Normalize each sample over groups of channels and all positions (Wu & He 2018)."""
    x = as_array(x)
    samples, channels, *positions = x.shape
    groups = check_count("group_norm", "num_groups", num_groups)
    if channels % groups:
        raise ShapeError(f"group_norm: {channels} channels of {describe(x)} cannot be split into {groups} groups")
    grouped = np.reshape(x, (samples, groups, channels // groups, *positions))
    y = np.reshape(Standardize(tuple(range(2, grouped.ndim)), eps)(grouped), x.shape)
    return _scaled(y, *(_by_channel(z, x.ndim) for z in (weight, bias)))


def batch_norm(
    x: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    eps: float = 1e-5,
) -> Any:
    """Normalize each channel: in training over samples and positions, else by a mean and a variance that are given.

    The running values are read alone: ``nn.BatchNorm`` keeps them.
    """
    x = as_array(x)
    if training:
        y = Standardize((0, *range(2, x.ndim)), eps)(x)
    elif running_mean is None or running_var is None:
        raise ValueError("batch_norm: wanted running_mean and running_var, or training=True")
    else:
        mean, var = (_by_channel(z, x.ndim) for z in (running_mean, running_var))
        y = (x - mean) / np.sqrt(var + eps)
    return _scaled(y, *(_by_channel(z, x.ndim) for z in (weight, bias)))


def _by_channel(z: Any, ndim: int) -> Any:
    """Give one number for each channel the axes of positions."""
    return z if z is None or ndim <= 2 else np.reshape(z, (-1, *(1,) * (ndim - 2)))


def _scaled(y: Any, weight: Any, bias: Any) -> Any:
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


_LOSSES = "Losses are in minigrad.losses: squared_error(y, t), softmax_cross_entropy(u, t)"
_MEANT = {
    "linear": "Write x @ W + b; as a layer it is nn.Linear(inputs, outputs)",
    "dropout": "It is a layer, which has draws of its own: nn.Dropout(rate, rng)",
    "embedding": "Write W[n]; as a layer it is nn.Embedding(count, size)",
    "one_hot": "It is minigrad.data.one_hot(labels, classes)",
    "tanh": "It is np.tanh",
    "normalize": "Write x / np.linalg.norm(x, axis=-1, keepdims=True)",
    "pad": "It is np.pad",
    **dict.fromkeys(("cross_entropy", "mse_loss", "nll_loss", "l1_loss", "huber_loss"), _LOSSES),
}


def __getattr__(name: str) -> Any:
    raise absent("module 'minigrad.nn.functional'", name, say_activations() | _MEANT, __all__)
