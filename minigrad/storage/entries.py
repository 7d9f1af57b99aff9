"""What is saved of a model, and the entries of a file that it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

import numpy as np

from minigrad.engine.messages.arguments import shown
from minigrad.engine.tensor import Tensor

Item = TypeVar("Item")
FORMAT, VERSION = "minigrad checkpoint", 1


class Model(Protocol):
    """What has parameters; where it also has `buffers()` and `generators()`, these are saved too."""

    def parameters(self) -> list[Tensor]:
        """Give the parameters, each once, in an order that does not change."""


KINDS = {"parameter": "parameters", "buffer": "buffers (such as running averages)"}


def tensors_of(model: Model) -> dict[str, list[Tensor]]:
    """Give what a model learns and what it keeps besides, by kind."""
    kept = {"parameters": model.parameters(), "buffers": getattr(model, "buffers", list)()}
    return {method.removesuffix("s"): _check_tensors(model, method, tensors) for method, tensors in kept.items()}


def _check_tensors(model: Model, method: str, tensors: Any) -> list[Tensor]:
    found = list(tensors) if isinstance(tensors, Iterable) else [tensors]
    wrong = [shown(x) for x in found if not isinstance(x, Tensor)]
    if wrong:
        raise TypeError(
            f"save, load: {method}() of the model, a {type(model).__name__}, must give a list of Tensors, and gives "
            f"{wrong[0]}. Make its arrays Tensors: Tensor(array, requires_grad=True)"
        )
    return found


def by_entry(kinds: Mapping[str, Iterable[Item]]) -> dict[str, Item]:
    """Give items by the names of their entries: parameter/0, parameter/1, …"""
    return {f"{kind}/{i}": item for kind, items in kinds.items() for i, item in enumerate(items)}


def generators_of(model: Model) -> list[np.random.Generator]:
    """Give the generators that a model draws from."""
    return list(getattr(model, "generators", list)())


def describe_model(model: Model) -> dict[str, Any]:
    """Give the header of a file that holds a model alone: names of tensors, and the states of random generators."""
    kept = tensors_of(model)
    return {
        "format": FORMAT,
        "version": VERSION,
        "parameters": [p.name for p in kept["parameter"]],
        "buffers": [b.name for b in kept["buffer"]],
        "generators": [g.bit_generator.state for g in generators_of(model)],
        "optimizer": None,
    }
