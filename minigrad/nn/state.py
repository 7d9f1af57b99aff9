"""What a model has learned and keeps, by name: as arrays to look at, to change, or to put into another model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from minigrad.engine.messages.arguments import shown
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.inplace import replace_elements
from minigrad.ops.common.alphabet import printable
from minigrad.ops.common.libraries import bring


def name_tensors(model: Any) -> dict[str, Tensor]:
    """Give the parameters and buffers by their names; those that share one, or have none, have a number behind it."""
    kept = [(p.name or "parameter", p) for p in getattr(model, "parameters", list)()]
    kept += [(b.name or "buffer", b) for b in getattr(model, "buffers", list)()]
    many, so_far = Counter(name for name, _ in kept), Counter[str]()
    found: dict[str, Tensor] = {}
    for name, x in kept:
        so_far[name] += 1
        found[f"{name}[{so_far[name] - 1}]" if many[name] > 1 else name] = x
    return found


def read_state(model: Any) -> dict[str, Any]:
    """Give copies of the arrays by name."""
    return {name: x.array.copy() for name, x in name_tensors(model).items()}


def write_state(model: Any, state: Mapping[str, Any]) -> None:
    """Take over arrays by name; ``ValueError``, with nothing changed, if they are not those of such a model."""
    tensors, called = name_tensors(model), type(model).__name__
    if not isinstance(state, Mapping):
        raise TypeError(
            f"{called}.load_state_dict: state must be a dict of arrays, not {shown(state)}. Give what a model's "
            f"state_dict() gives."
        )
    if set(state) != set(tensors):
        lacks, more = sorted(set(tensors) - set(state)), sorted(set(state) - set(tensors))
        said = [f"lacks {printable(', '.join(lacks))}"] if lacks else []
        said += [f"has {printable(', '.join(map(str, more)))}, which the model has not"] if more else []
        raise ValueError(f"{called}.load_state_dict: the state {' and '.join(said)}; it is that of another model")
    arrays = {name: bring(getattr(x, "array", x)) for name, x in state.items()}
    for name, x in tensors.items():
        if arrays[name].shape != x.shape or arrays[name].dtype.kind not in "fiu":
            raise ValueError(
                f"{called}.load_state_dict: {printable(name)} is {arrays[name].dtype} {arrays[name].shape} in the "
                f"state, and {x.dtype} {x.shape} in the model"
            )
    for name, x in tensors.items():
        replace_elements(x, arrays[name])
