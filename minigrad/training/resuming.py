"""A training in a file: model, optimizer, history, callbacks, and the state of the generator that deals the samples."""

from __future__ import annotations

import os
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from minigrad.callbacks.base import Training
from minigrad.storage import load_noted, save_noted
from minigrad.storage.fitting import check_generator
from minigrad.training.history import History


def save_training(path: str | os.PathLike[str], training: Training, callbacks: list[Any]) -> None:
    """Write all that the next epochs depend on; ``minigrad.load`` reads the model and the optimizer of it."""
    noted, copies = [], []
    for callback in find_keeping(callbacks):
        state = dict(callback.state_dict())
        tensors = state.pop("tensors", None)
        noted.append({"kind": type(callback).__name__, "state": state, "tensors": tensors is not None})
        copies += [] if tensors is None else [tensors]
    notes = {
        "history": asdict(training.history),
        "generator": training.rng.bit_generator.state,
        "lr": training.lr,
        "stopping": training.stopping,
        "callbacks": noted,
    }
    save_noted(path, training.model, training.optimizer, notes, copies)


def resume(path: str | os.PathLike[str], training: Training, callbacks: list[Any]) -> None:
    """Put a saved training in the place of one that begins; CheckpointError, with nothing changed, if it is another."""
    keeping = find_keeping(callbacks)
    notes, copies = load_noted(
        path, training.model, training.optimizer, lambda notes: count_copies(notes, keeping, training)
    )
    left = iter(copies)
    for callback, note in zip(keeping, notes["callbacks"], strict=True):
        tensors = {"tensors": next(left) if note["tensors"] else None}
        callback.load_state_dict(note["state"] | tensors)
    training.rng.bit_generator.state = notes["generator"]
    training.stopping = notes["stopping"]
    scheduled = any(hasattr(callback, "rate") for callback in callbacks)
    training.lr = float(notes["lr"]) if scheduled else float(getattr(training.optimizer, "lr", notes["lr"]))
    for name, values in _read_history(notes["history"]).items():
        setattr(training.history, name, values)


def find_keeping(callbacks: list[Any]) -> list[Any]:
    """Give the callbacks whose state is saved."""
    return [c for c in callbacks if hasattr(c, "state_dict") and hasattr(c, "load_state_dict")]


def count_copies(notes: Any, keeping: list[Any], training: Training) -> int:
    """Say how many copies of the model's arrays the notes tell of; ValueError if they are those of another training."""
    if not isinstance(notes, dict) or not {"history", "generator", "lr", "stopping", "callbacks"} <= set(notes):
        raise ValueError("holds a model, and no training that could go on; ModelCheckpoint saves those")
    try:
        saved = [(str(note["kind"]), bool(note["tensors"])) for note in notes["callbacks"]]
        history = _read_history(notes["history"])
        lengths = {len(history[name]) for name in ("loss", "accuracy", "validation_loss", "seconds", "lr")}
        sound = len(lengths) == 1 and isinstance(notes["lr"], float) and all(type(x) is float for x in history["loss"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"its notes of the training are damaged ({error!r})") from error
    if not sound:
        raise ValueError("its notes of the training are damaged")
    kinds, wanted = [kind for kind, _ in saved], [type(c).__name__ for c in keeping]
    if kinds != wanted:
        raise ValueError(
            f"the training was saved with the callbacks {', '.join(kinds) or 'none'}, and is to go on with "
            f"{', '.join(wanted) or 'none'}, of those that keep a state"
        )
    check_generator(training.rng, notes["generator"])
    return sum(tensors for _, tensors in saved)


def _read_history(saved: dict[str, Any]) -> dict[str, Any]:
    """Give the fields of a History, with the tables of metrics as arrays again."""
    found = {field.name: saved[field.name] for field in fields(History)}
    found["metrics"] = {
        str(name): [np.array(value) if isinstance(value, list) else value for value in values]
        for name, values in found["metrics"].items()
    }
    return found | {"interrupted": False}
