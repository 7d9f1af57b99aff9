"""The layer of weights and biases."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad.engine.messages.arguments import check_count, check_flag, check_generator, shown, with_usage
from minigrad.engine.messages.errors import ShapeError, describe, made_at, name_or
from minigrad.engine.operand import Operand
from minigrad.engine.tensor import Tensor
from minigrad.nn.base import Learning
from minigrad.nn.init import Initializer, Rng, xavier
from minigrad.ops.linalg import affine


class Linear(Learning):
    """u = x W + b: x (samples, inputs), W (inputs, outputs), b (outputs,), u (samples, outputs).

    `init` draws W from `rng`; b starts at 0, and is None with bias=False. The parameters are named W and b, and
    W₁, b₁ in the first layer of a `Sequential`; a name of your own stays.
    """

    @with_usage
    def __init__(
        self,
        inputs: int,
        outputs: int,
        rng: Rng = None,
        init: Initializer = xavier,
        bias: bool = True,
        dtype: DTypeLike = np.float64,
    ) -> None:
        inputs, outputs = (check_count("Linear", name, n) for name, n in (("inputs", inputs), ("outputs", outputs)))
        rng = check_generator("Linear", rng)
        check_start("Linear", init, dtype)
        self.W = Tensor(draw_weights("Linear", init, (inputs, outputs), rng, dtype), requires_grad=True, name="W")
        self.b = (
            Tensor(np.zeros(outputs, dtype), requires_grad=True, name="b")
            if check_flag("Linear", "bias", bias)
            else None
        )

    def __call__(self, x: Any) -> Tensor:
        """Give u. Raises ``ValueError`` for an x of another width than the layer's."""
        b = self.b
        try:
            return x @ self.W if b is None else affine(x, self.W, b)
        except (ShapeError, TypeError) as error:
            if type(self.W) is Tensor and self.W.ndim == 2:
                explain_input(self, x, error)
            raise

    def parameters(self) -> list[Tensor]:
        """Give W and, if there is one, b."""
        return [self.W] if self.b is None else [self.W, self.b]

    def __repr__(self) -> str:
        inputs, outputs = self.W.shape
        return f"Linear({inputs}, {outputs}{'' if self.b is not None else ', bias=False'})"


def explain_input(layer: Linear, x: Any, error: Exception) -> None:
    """Raise what is wrong with a layer's input, if that is it: what it is, its width, and which one W takes."""
    inputs, outputs = layer.W.shape
    called = name_or(layer.W, "W")
    who = f"{layer!r}, the layer of {called}"
    wanted = f"wanted an input of {inputs} columns, shape (samples, {inputs}), one for each row of {called}"
    if not isinstance(x, Operand | np.ndarray | list | tuple):
        if isinstance(x, int | float):
            raise ShapeError(f"{who}: {wanted}, not {shown(x)}. Give a row of {inputs} numbers.") from error
        if not hasattr(x, "shape"):
            raise TypeError(f"{who}: {wanted}, not {shown(x)}. Give an array of numbers or a Tensor.") from error
        return
    shape = np.shape(x) if isinstance(x, list | tuple) else x.shape
    if shape and shape[-1] == inputs:
        return
    made = made_at([x, layer.W])
    found = f"the input, {describe(x)}, has shape {shape}"
    if len(shape) == 2 and shape[0] == inputs:
        way = "Its rows are the columns that are wanted: transpose it, x.T."
    elif len(shape) > 1 and prod(shape[1:]) == inputs:
        way = "Flatten each sample: x.reshape(len(x), -1)."
    elif shape == ():
        way = f"Give a row of {inputs} numbers."
    elif getattr(x, "op", None) is not None:
        way = f"What comes before gives {shape[-1]}: make this layer Linear({shape[-1]}, {outputs}), or that one wider."
    elif inputs == 1 and len(shape) == 1:
        way = "Make a column of it: x[:, None]."
    else:
        way = f"Give it {inputs} columns, or make the layer for {shape[-1]}: Linear({shape[-1]}, {outputs})."
    raise ShapeError(f"{who}: {wanted}; {found}{f'; {made}' if made else ''}. {way}") from error


def check_start(called: str, init: Any, dtype: Any) -> None:
    """Raise ``TypeError`` unless weights can be drawn by this, and be of this dtype."""
    if not callable(init):
        raise TypeError(
            f"{called}: init must be a function, such as minigrad.nn.xavier or he, of (shape, rng, dtype), not "
            f"{shown(init)}"
        )
    try:
        kind = np.dtype(dtype)
    except TypeError as error:
        raise TypeError(f"{called}: dtype must be a type such as np.float32, not {shown(dtype)}") from error
    if kind.kind != "f":
        raise TypeError(f"{called}: dtype must be a floating-point type, not {kind}")


def draw_weights(
    called: str, init: Initializer, shape: tuple[int, ...], rng: Rng, dtype: DTypeLike = np.float64
) -> Any:
    """Give the first W, of which nobody else holds the array."""
    drawn = init(shape, rng, dtype)
    if np.shape(drawn) != shape:
        raise ValueError(
            f"{called}: init gave W of shape {np.shape(drawn)}, not {shape}; give it the shape that it is called with, "
            f"{'(inputs, outputs)' if len(shape) == 2 else '(outputs, inputs, *kernel)'}"
        )
    return drawn
