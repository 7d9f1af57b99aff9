"""Layers that normalize their inputs, and then scale them by γ and shift them by β, which they learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad.engine.messages.arguments import check_count, check_number, with_usage
from minigrad.engine.messages.errors import ShapeError, describe
from minigrad.engine.recording import is_again, no_grad, setting
from minigrad.engine.tensor import Tensor
from minigrad.nn.base import Learning
from minigrad.nn.functional import batch_norm, group_norm, layer_norm, rms_norm
from minigrad.ops.base import as_array


class _Scaled(Learning):
    """A layer of γ, at first 1, and β, at first 0."""

    letters = "γβ"

    def begin(self, shape: tuple[int, ...], eps: float, dtype: DTypeLike) -> None:
        """Make γ and β."""
        self.eps = check_number(type(self).__name__, "eps", eps)
        self.γ = Tensor(np.ones(shape, dtype), requires_grad=True, name="γ")
        self.β = Tensor(np.zeros(shape, dtype), requires_grad=True, name="β")

    def parameters(self) -> list[Tensor]:
        """Give γ and β."""
        return [self.γ, self.β]


class LayerNorm(_Scaled):
    """y = x̂ ⊙ γ + β, x̂ being each sample's x normalized over the last axes, those of a shape (Ba et al. 2016)."""

    @with_usage
    def __init__(self, shape: int | Sequence[int], eps: float = 1e-5, dtype: DTypeLike = np.float64) -> None:
        sizes = shape if isinstance(shape, list | tuple) else (shape,)
        self.begin(tuple(check_count("LayerNorm", "shape", n) for n in sizes), eps, dtype)

    def __call__(self, x: Any) -> Tensor:
        """Give y."""
        return layer_norm(x, self.γ.shape, self.γ, self.β, setting(self, "eps"))

    def __repr__(self) -> str:
        return f"LayerNorm({self.γ.shape if self.γ.ndim > 1 else self.γ.size})"


class RMSNorm(Learning):
    """y = γ ⊙ x / √(mean x² + ε), the mean over the last axes, those of a shape (Zhang & Sennrich 2019).

    As LayerNorm without a mean taken away and without β.
    """

    letters = "γ"

    @with_usage
    def __init__(self, shape: int | Sequence[int], eps: float = 1e-5, dtype: DTypeLike = np.float64) -> None:
        sizes = shape if isinstance(shape, list | tuple) else (shape,)
        self.eps = check_number("RMSNorm", "eps", eps)
        counts = tuple(check_count("RMSNorm", "shape", n) for n in sizes)
        self.γ = Tensor(np.ones(counts, dtype), requires_grad=True, name="γ")

    def __call__(self, x: Any) -> Tensor:
        """Give y."""
        return rms_norm(x, self.γ.shape, self.γ, setting(self, "eps"))

    def parameters(self) -> list[Tensor]:
        """Give γ."""
        return [self.γ]

    def __repr__(self) -> str:
        return f"RMSNorm({self.γ.shape if self.γ.ndim > 1 else self.γ.size})"


class GroupNorm(_Scaled):
    """y = x̂ ⊙ γ + β, x̂ being each sample's x normalized over groups of channels (Wu & He 2018)."""

    @with_usage
    def __init__(self, groups: int, channels: int, eps: float = 1e-5, dtype: DTypeLike = np.float64) -> None:
        self.groups = check_count("GroupNorm", "groups", groups)
        if check_count("GroupNorm", "channels", channels) % self.groups:
            raise ValueError(f"GroupNorm: {channels} channels cannot be split into {groups} groups")
        self.begin((channels,), eps, dtype)

    def __call__(self, x: Any) -> Tensor:
        """Give y."""
        return group_norm(x, setting(self, "groups"), self.γ, self.β, setting(self, "eps"))

    def __repr__(self) -> str:
        return f"GroupNorm({self.groups}, {self.γ.size})"


class BatchNorm(_Scaled):
    """y = x̂ ⊙ γ + β, x̂ being x normalized over the samples and positions of each channel (Ioffe & Szegedy 2015).

    In training by those of the batch, which running averages follow by a share, the ``momentum``; else by these
    averages. A new layer is in training; `eval()` ends that. x is (samples, channels, *positions).
    """

    @with_usage
    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1, dtype: DTypeLike = np.float64) -> None:
        channels = check_count("BatchNorm", "channels", channels)
        self.momentum = check_number("BatchNorm", "momentum", momentum)
        self.begin((channels,), eps, dtype)
        self.running_mean, self.running_var = Tensor(np.zeros(channels, dtype)), Tensor(np.ones(channels, dtype))
        self.training = True

    def __call__(self, x: Any) -> Tensor:
        """Give y, and in training follow the batch. Raises ``ValueError`` for other channels, or no sample."""
        x, training = as_array(x), setting(self, "training")
        if x.ndim < 2 or x.shape[1] != self.γ.size:
            raise ShapeError(
                f"{self!r}: wanted (samples, {self.γ.size}, *positions); {describe(x)} has shape {x.shape}. Its second "
                f"axis is to have the {self.γ.size} channels."
            )
        if training and not x.size:
            raise ShapeError(
                f"{self!r}: in training the mean is that of the batch, and {describe(x)}, of shape {x.shape}, has no "
                f"element. Leave such a batch out, or call eval()."
            )
        if training and not is_again():
            self._follow(x)
        return batch_norm(x, self.running_mean, self.running_var, self.γ, self.β, training, setting(self, "eps"))

    def _follow(self, x: Any) -> None:
        """Move the averages by a share to the batch's mean, and its variance as that of all (divided by n − 1)."""
        axes, share = (0, *range(2, x.ndim)), setting(self, "momentum")
        with no_grad():
            mean, var = np.mean(x, axes), np.var(x, axes)
            n = x.size // mean.size
            self.running_mean *= 1 - share
            self.running_mean += share * mean
            self.running_var *= 1 - share
            self.running_var += share * n / max(n - 1, 1) * var

    def buffers(self) -> list[Tensor]:
        """Give the running averages."""
        return [self.running_mean, self.running_var]

    def train(self) -> None:
        """From now on normalize by the batch."""
        self.training = True

    def eval(self) -> None:
        """From now on normalize by the running averages."""
        self.training = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.γ.size})"
