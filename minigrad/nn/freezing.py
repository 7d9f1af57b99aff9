"""Layers that stand still while others learn."""

from __future__ import annotations

from typing import Any, TypeVar

from minigrad.engine.messages.arguments import shown, with_usage

Model = TypeVar("Model")


@with_usage
def freeze(layer: Model) -> Model:
    """Let no gradient reach what a layer learns: it stands still, and what comes before it learns through it.

    Freeze before the optimizer is made, and give it the others, ``[p for p in model.parameters() if p.requires_grad]``;
    one that is there already passes over what has no gradient. Running averages of a BatchNorm are none of that: for
    these there is ``layer.eval()``. Gives the layer.
    """
    return _set(layer, False, "freeze")


@with_usage
def unfreeze(layer: Model) -> Model:
    """Let a frozen layer learn again; an optimizer has to have its parameters. Gives the layer."""
    return _set(layer, True, "unfreeze")


def _set(layer: Model, learns: bool, called: str) -> Model:
    parameters: Any = getattr(layer, "parameters", None)
    if parameters is None:
        raise TypeError(f"{called}: wanted a layer, which has parameters(), not {shown(layer)}")
    for p in parameters():
        p.requires_grad = learns
        p.grad = None
    return layer
