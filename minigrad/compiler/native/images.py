"""Where native code finds the images that kernels move over: as they lie, or one sample's copy with what is around it.

A copy has the places of padding, and along its last axis, where a kernel takes every s-th element, those of each
remainder by s side by side: the elements that one element of a kernel meets then lie in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from minigrad.compiler.native.registry import Lines
from minigrad.compiler.native.values import write_element
from minigrad.compiler.passes.layouts import contiguous_strides
from minigrad.ops.networks.windows import Pairs, Sizes


@dataclass(frozen=True)
class Image:
    """Samples of channels of positions in memory: element [n, c, j] of those that ``steps`` are along the axes of.

    The last axis is parted by remainders: position j is in part j % ``parts``, at j // ``parts``.
    """

    pointer: str
    offset: int
    sample: int
    channel: int
    steps: Sizes
    parts: int
    part: int

    def find(self, position: Sequence[int]) -> int:
        """Give how far a position is from the first, within a channel."""
        *outer, last = position
        far = sum(j * step for j, step in zip(outer, self.steps, strict=False))
        return far + last % self.parts * self.part + last // self.parts * self.steps[-1]


def see_image(pointer: str, offset: int, channels: int, size: Sizes) -> Image:
    """Give the image that an array in order is."""
    steps = contiguous_strides(size)
    return Image(pointer, offset, channels * prod(size), prod(size), steps, 1, 0)


def plan_copy(pointer: str, offset: int, channels: int, size: Sizes, padding: Pairs, parts: int) -> Image:
    """Give the image of a copy, padded, from a place of memory on."""
    *outer, last = (n + sum(pair) for n, pair in zip(size, padding, strict=True))
    columns = -(-last // parts)
    steps = contiguous_strides((*outer, parts * columns))
    each = prod(outer) * parts * columns
    return Image(pointer, offset, channels * each, each, steps, parts, columns)


def write_copy(image: Image, source: Image, channels: int, size: Sizes, padding: Pairs, to: str, at: str) -> Lines:
    """Write the copying of one sample, which is the source's at ``at``, to the place of that at ``to`` in the copy."""
    letters = ["c", *(f"i{axis}" for axis in range(len(size) - 1))]
    counts = [channels, *size[:-1]]
    lines = [
        "    " * depth + f"for {x} in range({n}):" for depth, (x, n) in enumerate(zip(letters, counts, strict=True))
    ]
    indent = "    " * len(letters)
    before = [pair[0] for pair in padding]
    into = write_element(0, (image.sample, image.channel, *image.steps[:-1]), [to, *letters])
    seen = write_element(source.offset, (source.sample, source.channel, *source.steps[:-1]), [at, *letters])
    for first in range(min(image.parts, size[-1])):
        place = image.offset + image.find([*before[:-1], before[-1] + first])
        count = len(range(first, size[-1], image.parts))
        lines += [
            f"{indent}for j in range({count}):",
            f"{indent}    {image.pointer}[{into} + {place} + j] = "
            f"{source.pointer}[{seen} + {first} + j * {image.parts}]",
        ]
    return lines


def list_taps(image: Image, channels: int, kernel: Sizes, dilation: Sizes) -> list[int]:
    """Give how far each element of a kernel of all channels is from the first of a window."""
    taps = [image.find([d * p for d, p in zip(dilation, at, strict=True)]) for at in each_place(kernel)]
    return [c * image.channel + tap for c in range(channels) for tap in taps]


def each_place(size: Sizes) -> list[tuple[int, ...]]:
    """Give all places of a size, in order."""
    return list(product(*map(range, size)))


@dataclass(frozen=True)
class Phase:
    """Positions j = stride · q + φ − padding of a convolution's gradient, q from ``low`` on, ``count`` of each axis.

    ``taps`` are the elements of the kernel that meet them, each with the step back to the place that it is taken at.
    """

    first: Sizes
    low: Sizes
    count: Sizes
    taps: list[tuple[int, tuple[int, ...]]]


def list_phases(kernel: Sizes, stride: Sizes, padding: Pairs, dilation: Sizes, size: Sizes) -> list[Phase]:
    """Give the positions of a size by their remainders by the stride: those of one are met by the same elements."""
    phases = []
    for remainder in each_place(stride):
        each = list(zip(remainder, stride, padding, size, strict=True))
        low = tuple(-((r - p[0]) // s) for r, s, p, _ in each)
        count = tuple((p[0] + n - 1 - r) // s - first + 1 for (r, s, p, n), first in zip(each, low, strict=True))
        taps: list[Any] = []
        for k, at in enumerate(each_place(kernel)):
            far = [d * p - r for d, p, r in zip(dilation, at, remainder, strict=True)]
            if all(x % s == 0 for x, s in zip(far, stride, strict=True)):
                taps.append((k, tuple(x // s for x, s in zip(far, stride, strict=True))))
        if min(count) > 0:
            first = tuple(s * q + r - p[0] for (r, s, p, _), q in zip(each, low, strict=True))
            phases.append(Phase(first, low, count, taps))
    return phases
