"""Layers that convolve, and back: one kernel for each output, moved over all positions."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from minigrad.engine.messages.arguments import check_count, check_flag, check_generator, with_usage
from minigrad.engine.recording import read_settings
from minigrad.engine.tensor import Tensor
from minigrad.nn import functional
from minigrad.nn.base import Learning
from minigrad.nn.init import Initializer, Rng, he
from minigrad.nn.linear import draw_weights
from minigrad.nn.sizes import Each, Padding, check_settings, for_each


class _Kernels(Learning):
    """A layer of W, its kernels, and b, one bias for each output."""

    axes: ClassVar[int]
    W: Tensor
    b: Tensor | None

    def begin(self, sizes: tuple[int, int], kernel: Each, groups: int, rng: Rng, init: Initializer) -> Any:
        """Check the sizes, and draw kernels (outputs, inputs / groups, *kernel)."""
        called = type(self).__name__
        self.inputs, self.outputs = (
            check_count(called, name, n) for name, n in zip(("inputs", "outputs"), sizes, strict=True)
        )
        self.kernel, self.groups = for_each(called, "kernel", kernel, self.axes), check_count(called, "groups", groups)
        if self.inputs % self.groups or self.outputs % self.groups:
            raise ValueError(
                f"{called}: {self.inputs} inputs and {self.outputs} outputs must split into {groups} groups"
            )
        shape = self.outputs, self.inputs // self.groups, *self.kernel
        return draw_weights(called, init, shape, check_generator(called, rng))

    def keep(self, W: Any, bias: bool, dtype: DTypeLike) -> None:
        """Take the first kernels, and biases of 0."""
        self.W = Tensor(np.ascontiguousarray(W, dtype), requires_grad=True, name="W")
        wanted = check_flag(type(self).__name__, "bias", bias)
        self.b = Tensor(np.zeros(self.outputs, dtype), requires_grad=True, name="b") if wanted else None

    def parameters(self) -> list[Tensor]:
        """Give W and, if there is one, b."""
        return [self.W] if self.b is None else [self.W, self.b]

    def __repr__(self) -> str:
        kernel = self.kernel[0] if len(set(self.kernel)) == 1 else self.kernel
        return f"{type(self).__name__}({self.inputs}, {self.outputs}, {kernel})"


class _Conv(_Kernels):
    """u = x ∗ W + b: x (samples, inputs, *positions), W (outputs, inputs / groups, *kernel), u (samples, outputs, …).

    It is cross-correlation, as in all networks. ``padding`` is a number, one for each axis, or "same", which keeps the
    size. `init` draws W, by default for relu layers.
    """

    @with_usage
    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: Each,
        stride: Each = 1,
        padding: Padding = 0,
        dilation: Each = 1,
        groups: int = 1,
        bias: bool = True,
        rng: Rng = None,
        init: Initializer = he,
        dtype: DTypeLike = np.float64,
    ) -> None:
        drawn = self.begin((inputs, outputs), kernel, groups, rng, init)
        self.stride, self.padding, self.dilation = stride, padding, dilation
        check_settings(type(self).__name__, self.kernel, stride, padding, dilation)
        self.keep(drawn, bias, dtype)

    def __call__(self, x: Any) -> Tensor:
        """Give u."""
        conv = getattr(functional, f"conv{self.axes}d")
        return conv(x, self.W, self.b, *read_settings(self, "stride", "padding", "dilation", "groups"))


class Conv1d(_Conv):
    """A convolution over one axis of positions."""

    axes = 1


class Conv2d(_Conv):
    """A convolution over two axes of positions."""

    axes = 2


class Conv3d(_Conv):
    """A convolution over three axes of positions."""

    axes = 3


class _ConvTranspose(_Kernels):
    """u = x ∗ Wᵀ + b, the matrix of a convolution transposed: W (inputs, outputs / groups, *kernel).

    A stride s makes each axis about s times as long; ``output_padding`` adds to that.
    """

    @with_usage
    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: Each,
        stride: Each = 1,
        padding: Each = 0,
        output_padding: Each = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Each = 1,
        rng: Rng = None,
        init: Initializer = he,
        dtype: DTypeLike = np.float64,
    ) -> None:
        drawn = self.begin((inputs, outputs), kernel, groups, rng, init)
        self.stride, self.padding, self.output_padding, self.dilation = stride, padding, output_padding, dilation
        by_group = drawn.reshape(self.groups, -1, *drawn.shape[1:]).swapaxes(1, 2)
        self.keep(by_group.reshape(self.inputs, -1, *self.kernel), bias, dtype)

    def __call__(self, x: Any) -> Tensor:
        """Give u."""
        conv = getattr(functional, f"conv_transpose{self.axes}d")
        names = ("stride", "padding", "output_padding", "groups", "dilation")
        return conv(x, self.W, self.b, *read_settings(self, *names))


class ConvTranspose1d(_ConvTranspose):
    """A transposed convolution over one axis of positions."""

    axes = 1


class ConvTranspose2d(_ConvTranspose):
    """A transposed convolution over two axes of positions."""

    axes = 2


class ConvTranspose3d(_ConvTranspose):
    """A transposed convolution over three axes of positions."""

    axes = 3
