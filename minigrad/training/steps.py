"""One batch: its gradients, looked at and cut down before an update may use them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine.messages.errors import name_or
from minigrad.engine.tensor import Tensor
from minigrad.optim import Optimizer
from minigrad.training.arguments import names_of

Backpropagate = Callable[..., tuple[Tensor, Tensor]]


def make_backpropagation(model: Any, loss: Any, optimizer: Optimizer, weighed: bool) -> Backpropagate:
    """Give the function that leaves the gradients of one batch in the parameters, and gives its outputs and loss."""

    def backpropagate(x: Any, t: Any, w: Any = None) -> tuple[Tensor, Tensor]:
        optimizer.zero_grad()
        y = model(x)
        E = loss(y, t, weights=w) if weighed else loss(y, t)
        if not isinstance(y, Tensor) or not isinstance(E, Tensor):
            raise TypeError(
                f"fit: model and loss must return Tensors, not {type(y).__name__} and {type(E).__name__}; compute with "
                f"Tensors that require a gradient, and without .item() or .data"
            )
        if E.size != 1:
            raise ValueError(f"fit: the loss must be one number, not of shape {E.shape}; take its sum() or mean()")
        if not E.requires_grad:
            raise ValueError(
                "fit: no gradient flows to the loss, so that nothing can be trained. Compute it from the outputs y "
                "with operations on Tensors, without .data, .item() or .detach()"
            )
        E.backward()
        return y, E

    return backpropagate


def leave_gradients(backpropagate: Backpropagate, optimizer: Optimizer, *batch: Any) -> tuple[Tensor, float]:
    """Leave the gradients of one batch in the parameters, if they are finite; give its outputs and its loss."""
    y, E = backpropagate(*batch)
    value = float(E.item())
    if not math.isfinite(value):
        raise FloatingPointError(f"the loss became {value}")
    if all(p.grad is None for p in optimizer.params):
        raise ValueError(
            f"fit: no gradient reached the optimizer's parameters, {names_of(optimizer.params)}: the loss does not "
            f"depend on them. Make the optimizer of the parameters that the model computes with"
        )
    for i, p in enumerate(optimizer.params):
        if p.grad is not None and not np.isfinite(p.grad.array).all():
            raise FloatingPointError(f"the gradient of {name_or(p, f'parameter {i}')} became NaN or infinite")
    return y, value
