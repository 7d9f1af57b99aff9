"""Layers for sequences of things that are counted: a row of numbers for each thing, and one for each place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad.engine.messages.arguments import check_count, check_generator, with_usage
from minigrad.engine.messages.errors import ShapeError, describe, name_or
from minigrad.engine.tensor import Tensor
from minigrad.nn.base import Learning, Speaking
from minigrad.nn.init import Initializer, Rng, normal
from minigrad.nn.linear import check_start, draw_weights
from minigrad.ops.base import as_array

STANDARD, SMALL = normal(1.0), normal(0.02)


class _Table(Learning):
    """A layer of one matrix W, a row for each of ``count`` things."""

    letters = "W"
    W: Tensor

    def begin(self, count: int, size: int, rng: Rng, init: Initializer, dtype: DTypeLike) -> None:
        """Draw W."""
        called = type(self).__name__
        shape = check_count(called, "count", count), check_count(called, "size", size)
        check_start(called, init, dtype)
        drawn = draw_weights(called, init, shape, check_generator(called, rng), dtype)
        self.W = Tensor(drawn, requires_grad=True, name="W")

    def parameters(self) -> list[Tensor]:
        """Give W."""
        return [self.W]

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.W.shape}"


class Embedding(_Table):
    """y = W[n]: a row of W, a vector that is learned, for each of the numbers n from 0 to count − 1, words say.

    n (…) of whole numbers, W (count, size), y (…, size). It is a product with one-hot rows, of which none is made:
    ∂E/∂W has, in each row, the sum of the gradients of all places where its number stands (Bengio et al. 2003).
    """

    takes = np.int64

    @with_usage
    def __init__(
        self, count: int, size: int, rng: Rng = None, init: Initializer = STANDARD, dtype: DTypeLike = np.float64
    ) -> None:
        self.begin(count, size, rng, init, dtype)

    def __call__(self, n: Any) -> Tensor:
        """Give y. Raises ``TypeError`` for what are no whole numbers, ``IndexError`` for one that has no row."""
        n = as_array(n)
        count, size = self.W.shape
        if n.dtype.kind not in "iu":
            raise TypeError(
                f"{self!r}: wanted whole numbers {self._say_rows()}; {describe(n)} is {n.dtype}. Write n.astype(int)."
            )
        if getattr(n, "has_data", True) and n.size:
            values = n.data if isinstance(n, Tensor) else n
            least, most = values.min(), values.max()
            if least < 0:
                raise IndexError(f"{self!r}: wanted numbers {self._say_rows()}, not {least}. Number from 0 up.")
            if most >= count:
                more = f"Make the layer Embedding({most + 1}, {size})"
                raise IndexError(f"{self!r}: wanted numbers {self._say_rows()}, not {most}. {more}, or number from 0.")
        return self.W[n]

    def _say_rows(self) -> str:
        return f"from 0 to {len(self.W) - 1}, one for each row of {name_or(self.W, 'W')}"


class LearnedPositions(_Table):
    """y = x + W, a row of W for each place of a sequence, which is learned: x (…, steps, size), W (count, size).

    A sequence may be shorter than ``count``, but not longer (Gehring et al. 2017).
    """

    @with_usage
    def __init__(
        self, count: int, size: int, rng: Rng = None, init: Initializer = SMALL, dtype: DTypeLike = np.float64
    ) -> None:
        self.begin(count, size, rng, init, dtype)

    def __call__(self, x: Any) -> Tensor:
        """Give y."""
        steps = _count_steps(self, x, self.W.shape[1])
        if steps > len(self.W):
            raise ShapeError(
                f"{self!r}: has a row for each of {len(self.W)} places, and {describe(x)} has {steps}. "
                f"Make it LearnedPositions({steps}, {self.W.shape[1]}), or cut the sequence."
            )
        return x + self.W[:steps]


class SinusoidalPositions(Speaking):
    """y = x + P, Pₚ,₂ᵢ = sin(p / 10000^(2i/size)), Pₚ,₂ᵢ₊₁ = cos of the same, for place p: x (…, steps, size).

    Waves of all lengths from 2π to 20000π, by which places that are as far apart differ alike (Vaswani et al. 2017,
    section 3.5). Nothing is learned, and a sequence may have any length.
    """

    @with_usage
    def __init__(self, size: int) -> None:
        self.size = check_count("SinusoidalPositions", "size", size)

    def __call__(self, x: Any) -> Tensor:
        """Give y."""
        steps = _count_steps(self, x, self.size)
        return x + write_waves(steps, self.size).astype(np.result_type(x.dtype, np.float16))

    def __repr__(self) -> str:
        return f"SinusoidalPositions({self.size})"


def write_waves(steps: int, size: int) -> Any:
    """Give P, a row for each place."""
    even = np.arange(size) // 2 * 2
    angles = np.arange(steps)[:, None] / 10000.0 ** (even / size)
    return np.where(np.arange(size) % 2 == 0, np.sin(angles), np.cos(angles))


def _count_steps(layer: Any, x: Any, size: int) -> int:
    shape = np.shape(x)
    if len(shape) < 2 or shape[-1] != size:
        raise ShapeError(
            f"{layer!r}: wanted an input (samples, steps, {size}); {describe(x)} has shape {shape}. Its last axis is "
            f"to have the {size} numbers of each step."
        )
    return int(shape[-2])
