"""What a checkpoint has, compared with the model and the optimizer that it is to be put into; and put there."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import reduce
from operator import getitem
from typing import Any

import numpy as np

from minigrad.engine.writing.inplace import replace_elements
from minigrad.optim import Optimizer
from minigrad.storage.entries import KINDS, Model, by_entry, generators_of, tensors_of
from minigrad.storage.reading import Array, Described


def compare_all(saved: Described, model: Model, optimizer: Optimizer | None) -> None:
    """Compare everything: ValueError says what does not fit."""
    tensors, generators = by_entry(tensors_of(model)), generators_of(model)
    theirs = {entry: _described(saved.names[entry] or entry, x) for entry, x in saved.tensors.items()}
    ours = {entry: _described(x.name or entry, x.array) for entry, x in tensors.items()}
    for entry, their in theirs.items():
        our = ours.get(entry, their)
        if their != our:
            raise ValueError(f"{their} in the file is {our} in the model")
    for kind, called in KINDS.items():
        count, wanted = (sum(entry.startswith(kind) for entry in kept) for kept in (theirs, ours))
        if count != wanted:
            raise ValueError(f"the file has {count} {called}, the model {wanted}")
    if len(saved.generators) != len(generators):
        raise ValueError(f"the file has {len(saved.generators)} random generators, the model {len(generators)}")
    for generator, state in zip(generators, saved.generators, strict=True):
        check_generator(generator, state)
    for entry, x in tensors.items():
        if isinstance(x.array, np.ndarray) and not x.array.flags.writeable:
            raise ValueError(f"the array of {x.name or entry} is read-only; give it a copy")
    if optimizer is not None:
        if saved.optimizer is None:
            raise ValueError("saved without an optimizer; load it without one")
        optimizer.check_state_dict(saved.optimizer)


def compare_copies(saved: Described) -> None:
    """Raise ValueError unless each copy is like the tensor that it is of."""
    for entry, copy in saved.copies.items():
        of = saved.tensors[entry.split("/", 2)[2]]
        if (copy.shape, copy.dtype) != (of.shape, of.dtype):
            raise ValueError(f"{entry} is {copy.dtype} {copy.shape}, and what it is of {of.dtype} {of.shape}")


def assign_all(saved: Described, arrays: dict[str, Array], model: Model, optimizer: Optimizer | None) -> None:
    """Put everything in its place, now that it is known to fit."""
    if optimizer is not None and saved.optimizer is not None:
        states = [{x: arrays[entry] for x, entry in entries.items()} for entries in saved.states]
        optimizer.load_state_dict(saved.optimizer | {"state": states})
    for entry, x in by_entry(tensors_of(model)).items():
        replace_elements(x, arrays[entry])
    for generator, state in zip(generators_of(model), saved.generators, strict=True):
        generator.bit_generator.state = state


# What NumPy takes over unseen, to read beyond its memory or draw one number for ever: where it stands, what it may be
_SOUND: dict[str, dict[tuple[str, ...], Callable[[Any], bool]]] = {
    "PCG64": {("state", "inc"): lambda inc: inc % 2 == 1},
    "PCG64DXSM": {("state", "inc"): lambda inc: inc % 2 == 1},
    "MT19937": {("state", "pos"): lambda pos: 0 <= pos <= 624, ("state", "key"): any},
    "Philox": {("buffer_pos",): lambda pos: 0 <= pos <= 4},
}


def check_generator(generator: np.random.Generator, state: dict[str, Any]) -> None:
    """Set another generator of the same kind to the state: ValueError if it is of another kind, or none at all."""
    came, wanted = state.get("bit_generator"), type(generator.bit_generator).__name__
    if came != wanted:
        raise ValueError(f"the file has the state of a {came}, the model draws with {wanted}")
    try:
        trial = type(generator.bit_generator)(0)
        trial.state = state
        sound = json.loads(json.dumps(trial.state, default=np.ndarray.tolist)) == state
        sound &= state.get("has_uint32", 0) in (0, 1)
        for path, holds in _SOUND.get(wanted, {}).items():
            sound &= holds(reduce(getitem, path, state))
    except Exception as error:  # whatever NumPy, or a generator of the user's, makes of it
        raise ValueError(f"the file's state of a {wanted} is none: {error}") from error
    if not sound:
        raise ValueError(f"the file's state of a {wanted} is none: its numbers are out of range")


def _described(name: str, value: Array) -> str:
    return f"{name}: {value.dtype} {value.shape}"
