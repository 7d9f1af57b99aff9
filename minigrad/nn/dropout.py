"""Layers that are noisy in training, so that a network does not rely on any one unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import check_generator, check_number, shown, with_usage
from minigrad.engine.messages.errors import ShapeError
from minigrad.engine.recording import random, setting
from minigrad.engine.tensor import Tensor
from minigrad.nn.base import Speaking
from minigrad.nn.init import Rng


class Dropout(Speaking):
    """Drop each input with probability `rate` in training and divide the rest by 1 − rate; else pass all on.

    The division keeps the expected value as it is, so nothing is left to scale when predicting ("inverted" dropout;
    Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014). A new layer is in training; `eval()` ends that.
    """

    @with_usage
    def __init__(self, rate: float, rng: Rng = None) -> None:
        try:
            self.rate = check_number(type(self).__name__, "rate", rate, below=1)
        except ValueError as error:
            raise ValueError(
                f"{type(self).__name__}: rate is the share that is dropped, at least 0 and less than 1, not {rate!r}"
            ) from error
        self.rng = check_generator(type(self).__name__, rng)
        self.training = True

    def __call__(self, x: Any) -> Tensor:
        """Give x, in training with its dropped elements at 0."""
        rate = setting(self, "rate")
        if not setting(self, "training") or rate == 0:
            return x
        if not hasattr(x, "shape"):
            raise TypeError(f"{self!r}: wanted a Tensor or an array, not {shown(x)}. Write np.array(x)")
        kept = random(self.rng, self._shape_mask(x.shape)) >= rate
        return x * (kept.astype(np.result_type(x.dtype, 1.0)) * (1 / (1 - rate)))

    def _shape_mask(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give the shape of what is drawn: a number for each element."""
        return shape

    def parameters(self) -> list[Tensor]:
        """Give none: dropout learns nothing."""
        return []

    def generators(self) -> list[np.random.Generator]:
        """Give the generator of the masks."""
        return [self.rng]

    def train(self) -> None:
        """From now on drop inputs."""
        self.training = True

    def eval(self) -> None:
        """From now on pass every input on."""
        self.training = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.rate})"


class Dropout2d(Dropout):
    """Drop whole feature maps: all positions of a channel of a sample, x (samples, channels, *positions), or none.

    Neighbors in a feature map say nearly the same, so that dropping one of them changes little (Tompson et al. 2015).
    """

    def _shape_mask(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Give one number to each channel of each sample."""
        if len(shape) < 3:
            raise ShapeError(
                f"{self!r}: wanted (samples, channels, *positions), of 3 axes or more, not {shape}. Dropout drops "
                f"single elements."
            )
        return (*shape[:2], *(1,) * (len(shape) - 2))
