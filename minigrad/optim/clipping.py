"""Gradients that are too large, cut down before a step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import check_number, shown, with_usage
from minigrad.engine.tensor import Tensor


@with_usage
def clip_norm(params: Iterable[Tensor], most: float) -> float:
    """Shorten the gradient of all parameters together to a length of ``most``, if it is longer; give its length before.

    g ← g · most / ‖g‖ where ‖g‖ = √Σ g² > most, over all parameters (Pascanu, Mikolov & Bengio 2013): its direction
    stays. A parameter without a gradient is passed over.
    """
    most = _check_most("clip_norm", most)
    params = _with_gradients("clip_norm", params)
    norm = measure_norm([p.grad.array for p in params if p.grad is not None])
    if norm > most:
        for p in params:
            p.grad = Tensor(_scaled(p.grad, most / norm))
    return norm


@with_usage
def clip_value(params: Iterable[Tensor], most: float) -> None:
    """Cut each element of the gradients off at ±``most``: g ← min(max(g, −most), most)."""
    most = _check_most("clip_value", most)
    for p in _with_gradients("clip_value", params):
        assert p.grad is not None
        p.grad = Tensor(np.clip(p.grad.array, -most, most))


def measure_norm(gradients: Iterable[Any]) -> float:
    """Give √Σ g² over all elements, in float64; also where the squares would overflow."""
    arrays = list(gradients)
    with np.errstate(over="ignore", under="ignore"):
        total = float(sum(np.square(g, dtype=np.float64).sum() for g in arrays))
        if np.isfinite(total) and total > 1e-280:
            return float(np.sqrt(total))
        largest = max((float(np.abs(g).max()) for g in arrays if g.size), default=0.0)
        if not largest or not np.isfinite(largest):
            return largest
        return largest * float(np.sqrt(sum(np.square(g / np.float64(largest)).sum() for g in arrays)))


def _scaled(gradient: Any, scale: float) -> Any:
    array = gradient.array
    return (array * np.float64(scale)).astype(array.dtype)


def _check_most(called: str, most: Any) -> float:
    number = check_number(called, "most", most)
    if not number:
        raise ValueError(f"{called}: most must be more than 0: no gradient would be left")
    return number


def _with_gradients(called: str, params: Any) -> list[Tensor]:
    """Give the parameters that have a gradient."""
    if isinstance(params, Tensor) or not isinstance(params, Iterable):
        raise TypeError(f"{called}: params must be a list of Tensors, not {shown(params)}; write optimizer.params")
    found = [p for p in params if p.grad is not None]
    if not all(getattr(p.grad, "has_data", True) for p in found):
        way = "np.clip(p.grad, -most, most)"
        if called == "clip_norm":
            way = "p.grad * np.minimum(1.0, most / n), with n = np.sqrt(sum((p.grad**2).sum() for p in params))"
        raise TypeError(f"{called}: inside a compiled function there are no numbers yet. Write p.grad = {way}.")
    return found
