"""Layers that learn nothing: of windows the largest element or the mean, and of several axes one."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from minigrad.engine.messages.arguments import check_flag, with_usage
from minigrad.engine.messages.errors import ShapeError, describe
from minigrad.engine.recording import read_settings
from minigrad.engine.tensor import Tensor
from minigrad.nn import functional
from minigrad.nn.base import Speaking
from minigrad.nn.functional import flatten
from minigrad.nn.sizes import Each, check_settings, for_each


class _Pool(Speaking):
    """A function of windows of ``kernel`` positions, which layers of one, two and three ``axes`` share."""

    axes: ClassVar[int]
    kernel: Each

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.kernel})"


class _MaxPool(_Pool):
    """The largest element of each window of ``kernel`` positions, of which there is one for each ``stride``."""

    @with_usage
    def __init__(self, kernel: Each, stride: Each | None = None, padding: Each = 0, dilation: Each = 1) -> None:
        self.kernel, self.stride, self.padding, self.dilation = kernel, stride, padding, dilation
        sizes = for_each(type(self).__name__, "kernel", kernel, self.axes)
        check_settings(type(self).__name__, sizes, 1 if stride is None else stride, padding, dilation)

    def __call__(self, x: Any) -> Tensor:
        """Give (samples, channels, *places)."""
        pool = getattr(functional, f"max_pool{self.axes}d")
        return pool(x, *read_settings(self, "kernel", "stride", "padding", "dilation"))


class MaxPool1d(_MaxPool):
    """The largest of windows over one axis of positions."""

    axes = 1


class MaxPool2d(_MaxPool):
    """The largest of windows over two axes of positions."""

    axes = 2


class MaxPool3d(_MaxPool):
    """The largest of windows over three axes of positions."""

    axes = 3


class _AvgPool(_Pool):
    """The mean of each window of ``kernel`` positions; padding counts as 0 unless ``count_include_pad`` is False."""

    @with_usage
    def __init__(
        self, kernel: Each, stride: Each | None = None, padding: Each = 0, count_include_pad: bool = True
    ) -> None:
        self.kernel, self.stride, self.padding = kernel, stride, padding
        self.count_include_pad = check_flag(type(self).__name__, "count_include_pad", count_include_pad)

    def __call__(self, x: Any) -> Tensor:
        """Give (samples, channels, *places)."""
        pool = getattr(functional, f"avg_pool{self.axes}d")
        return pool(x, *read_settings(self, "kernel", "stride", "padding", "count_include_pad"))


class AvgPool1d(_AvgPool):
    """The mean of windows over one axis of positions."""

    axes = 1


class AvgPool2d(_AvgPool):
    """The mean of windows over two axes of positions."""

    axes = 2


class AvgPool3d(_AvgPool):
    """The mean of windows over three axes of positions."""

    axes = 3


class _GlobalPool(Speaking):
    """A function of all positions of each channel: (samples, channels, *positions) gives (samples, channels)."""

    def _positions(self, x: Any) -> tuple[int, ...]:
        if np.ndim(x) < 3:
            raise ShapeError(
                f"{self!r}: wanted (samples, channels, *positions), of 3 axes or more; {describe(x)} has shape "
                f"{np.shape(x)}"
            )
        return tuple(range(2, x.ndim))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class GlobalAvgPool(_GlobalPool):
    """The mean of each feature map, over all of its positions (Lin, Chen & Yan 2014)."""

    def __call__(self, x: Any) -> Tensor:
        """Give (samples, channels)."""
        return np.mean(x, self._positions(x))


class GlobalMaxPool(_GlobalPool):
    """The largest element of each feature map."""

    def __call__(self, x: Any) -> Tensor:
        """Give (samples, channels)."""
        return np.max(x, self._positions(x))


class Flatten(Speaking):
    """One row for each sample: (samples, *axes) as (samples, product of axes)."""

    def __call__(self, x: Any) -> Tensor:
        """Give the rows."""
        return flatten(x, 1)

    def __repr__(self) -> str:
        return "Flatten()"
