"""Sizes, strides and padding of windows, as users write them: a number for all axes, or one for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from minigrad.engine.messages.arguments import check_count
from minigrad.engine.messages.errors import ShapeError, describe
from minigrad.ops.networks.windows import Pairs, Sizes

Each = int | Sequence[int]
Padding = Each | Literal["same", "valid"]


def for_each(called: str, name: str, value: Each, n: int, least: int = 1) -> Sizes:
    """Give a whole number for each of n axes: one for all, or n of them."""
    if isinstance(value, list | tuple):
        if len(value) != n:
            raise ValueError(f"{called}: {name} must be a number, or {n} of them, not {value!r}")
        return tuple(check_count(called, name, number, least) for number in value)
    return (check_count(called, name, value, least),) * n


def list_padding(called: str, padding: Padding, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Pairs:
    """Give how many places are added before and behind each axis."""
    if not isinstance(padding, str):
        return tuple((m, m) for m in for_each(called, "padding", padding, len(kernel), least=0))
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if padding != "same":
        raise ValueError(f"{called}: padding must be a number, one for each axis, 'same' or 'valid', not {padding!r}")
    if any(s > 1 for s in stride):
        raise ValueError(f"{called}: padding='same' keeps the size, which a stride of {stride} does not; give a number")
    spans = (d * (k - 1) for k, d in zip(kernel, dilation, strict=True))
    return tuple((span // 2, span - span // 2) for span in spans)


def check_settings(called: str, kernel: Sizes, stride: Each, padding: Padding, dilation: Each) -> None:
    """Raise ``TypeError`` or ``ValueError`` for settings of a layer that no input would go through."""
    strides, gaps = (for_each(called, x, n, len(kernel)) for x, n in (("stride", stride), ("dilation", dilation)))
    list_padding(called, padding, kernel, strides, gaps)


def fit_windows(
    called: str, x: Any, kernel: Each, stride: Each | None, padding: Each, apart: Sizes
) -> tuple[Sizes, Sizes, Pairs]:
    """Give the sizes, the strides and the padding of windows. Raises ``ValueError`` where one may be padding alone."""
    n = x.ndim - 2
    sizes = for_each(called, "kernel_size", kernel, n)
    pads = for_each(called, "padding", padding, n, least=0)
    if any(2 * p > k for p, k in zip(pads, sizes, strict=True)):
        raise ValueError(f"{called}: padding must be at most half of kernel_size, {sizes}, not {padding!r}")
    strides = sizes if stride is None else for_each(called, "stride", stride, n)
    for size, p, k, d in zip(x.shape[2:], pads, sizes, apart, strict=True):
        if d * (k - 1) + 1 > size + 2 * p:
            raise ShapeError(
                f"{called}: a window of {d * (k - 1) + 1} does not fit into an axis of {size + 2 * p}; "
                f"{describe(x)} has shape {x.shape}. Give kernel_size={size} at most, or padding, which adds places."
            )
    return sizes, strides, tuple((p, p) for p in pads)
