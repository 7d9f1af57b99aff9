"""The layer of weights and biases."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad.engine.tensor import Tensor
from minigrad.nn.init import Initializer, Rng, xavier
from minigrad.ops.alphabet import to_subscript
from minigrad.ops.linalg import affine


class Linear:
    """u = x W + b: x (samples, inputs), W (inputs, outputs), b (outputs,), u (samples, outputs).

    `init` draws W from `rng`; b starts at 0, and is None with bias=False. The parameters are named W and b, and
    W₁, b₁ in the first layer of a `Sequential`; a name of your own stays.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        rng: Rng = None,
        init: Initializer = xavier,
        bias: bool = True,
        dtype: DTypeLike = np.float64,
    ) -> None:
        inputs, outputs = _size("inputs", inputs), _size("outputs", outputs)
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"Linear: dtype must be a floating-point type, not {np.dtype(dtype)}")
        self.W = Tensor(init((inputs, outputs), rng, dtype), requires_grad=True, name="W")
        self.b = Tensor(np.zeros(outputs, dtype), requires_grad=True, name="b") if bias else None
        self._subscript = ""

    def __call__(self, x: Any) -> Any:
        """Give u."""
        if self.b is None:
            return x @ self.W
        return affine(x, self.W, self.b)

    def parameters(self) -> list[Tensor]:
        """Give W and, if there is one, b."""
        return [self.W] if self.b is None else [self.W, self.b]

    def number(self, n: int) -> None:
        """Name the parameters Wₙ and bₙ, unless they bear a name of the user's."""
        subscript = to_subscript(n)
        for letter, p in zip("Wb", self.parameters(), strict=False):
            if p.name == letter + self._subscript:
                p.name = letter + subscript
        self._subscript = subscript

    def __repr__(self) -> str:
        inputs, outputs = self.W.shape
        return f"Linear({inputs}, {outputs}{'' if self.b is not None else ', bias=False'})"


def _size(name: str, value: int) -> int:
    if index(value) < 1:
        raise ValueError(f"Linear: {name} must be 1 or more, not {value!r}")
    return index(value)
