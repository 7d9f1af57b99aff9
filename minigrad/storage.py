"""A model and the state of its training in one file: an `.npz` of arrays and one JSON text, with no pickles in it.

The entries are `header` (the JSON, as bytes), `parameter/0`, `parameter/1`, … in the order of `model.parameters()`,
and the optimiser's running values, such as `optimizer/0/m`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from minigrad.engine.tensor import Tensor
from minigrad.optim import Optimizer

FORMAT, VERSION = "minigrad checkpoint", 1

Array = NDArray[Any]
PathLike = str | os.PathLike[str]


class Model(Protocol):
    """What has parameters; where it also has `generators()`, these are saved too."""

    def parameters(self) -> list[Tensor]:
        """Give the parameters, each once, in an order that does not change."""


class CheckpointError(ValueError):
    """A file that is damaged, foreign, or of another model; nothing was changed by trying to load it."""


def save(path: PathLike, model: Model, optimizer: Optimizer | None = None) -> None:
    """Write the parameters, the states of the layers' random generators, and the optimiser's state to `path`.

    The name is used as it stands. The file appears whole or not at all: a failure leaves what was there before.
    """
    parameters = model.parameters()
    header = {
        "format": FORMAT,
        "version": VERSION,
        "parameters": [p.name for p in parameters],
        "generators": [g.bit_generator.state for g in _generators(model)],
        "optimizer": None,
    }
    arrays = {f"parameter/{i}": p.data for i, p in enumerate(parameters)}
    if optimizer is not None:
        if not {id(p) for p in optimizer.params} <= {id(p) for p in parameters}:
            raise ValueError("save: the optimizer has parameters that are not the model's and would not be saved")
        state = optimizer.state_dict()
        for i, values in enumerate(state["state"]):
            arrays |= {f"optimizer/{i}/{name}": value for name, value in values.items()}
        header["optimizer"] = state | {"state": [list(values) for values in state["state"]]}
    text = json.dumps(header, default=np.ndarray.tolist)  # some bit generators keep arrays in their states
    arrays["header"] = np.frombuffer(text.encode(), np.uint8)
    with _replacing(os.path.realpath(path)) as file:
        np.savez(file, **arrays)


def load(path: PathLike, model: Model, optimizer: Optimizer | None = None) -> None:
    """Put back what `save` wrote, so that training goes on as if it had not stopped, to the last bit.

    The model, and the optimiser if given, must be built as the saved ones were; the values are written into their
    arrays. CheckpointError says what does not fit, and leaves both as they were.
    """
    saved = _read(path)
    try:
        _restore(saved, model, optimizer)
    except ValueError as error:
        raise CheckpointError(f"{os.fspath(path)}: {error}") from error


@dataclass(frozen=True)
class _Saved:
    """The contents of a checkpoint."""

    names: list[str | None]
    parameters: list[Array]
    generators: list[dict[str, Any]]
    optimizer: dict[str, Any] | None


def _read(path: PathLike) -> _Saved:
    with open(path, "rb") as file:  # a missing file is FileNotFoundError, as everywhere
        with _damage_explained(path):
            with np.load(file, allow_pickle=False) as entries:
                arrays = {name: entries[name] for name in entries.files}
            header = json.loads(arrays["header"].tobytes())
            found = header["format"], header["version"]
        if found != (FORMAT, VERSION):
            raise CheckpointError(
                f"{os.fspath(path)}: is {found[0]} version {found[1]}, not {FORMAT} version {VERSION}"
            )
        with _damage_explained(path):
            optimizer = header["optimizer"]
            if optimizer is not None:
                state = [
                    {name: arrays[f"optimizer/{i}/{name}"] for name in names}
                    for i, names in enumerate(optimizer["state"])
                ]
                optimizer = {"rule": optimizer["rule"], "settings": dict(optimizer["settings"]), "state": state}
            return _Saved(
                names=list(header["parameters"]),
                parameters=[arrays[f"parameter/{i}"] for i in range(len(header["parameters"]))],
                generators=[dict(state) for state in header["generators"]],
                optimizer=optimizer,
            )


@contextmanager
def _damage_explained(path: PathLike) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # zipfile, zlib, json and NumPy's readers raise all sorts on damaged bytes
        raise CheckpointError(f"{os.fspath(path)}: not a minigrad checkpoint, or damaged ({error!r})") from error


def _restore(saved: _Saved, model: Model, optimizer: Optimizer | None) -> None:
    """Compare everything, and only then assign."""
    parameters, generators = model.parameters(), _generators(model)
    theirs = [_described(*pair) for pair in zip(saved.names, saved.parameters, strict=True)]
    ours = [_described(p.name, p.data) for p in parameters]
    for their, our in zip(theirs, ours, strict=False):
        if their != our:
            raise ValueError(f"{their} in the file is {our} in the model")
    if len(theirs) != len(ours):
        raise ValueError(f"the file has {len(theirs)} parameters, the model {len(ours)}")
    if len(saved.generators) != len(generators):
        raise ValueError(f"the file has {len(saved.generators)} random generators, the model {len(generators)}")
    for generator, state in zip(generators, saved.generators, strict=True):
        _try(generator, state)
    for p in parameters:
        if not p.data.flags.writeable:
            raise ValueError(f"the array of {p.name or 'a parameter'} is read-only; give it a copy")
    if optimizer is not None:
        if saved.optimizer is None:
            raise ValueError("saved without an optimizer; load it without one")
        optimizer.load_state_dict(saved.optimizer)
    for p, value in zip(parameters, saved.parameters, strict=True):
        p.data[...] = value
    for generator, state in zip(generators, saved.generators, strict=True):
        generator.bit_generator.state = state


@contextmanager
def _replacing(path: str) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` when the block is done, and is gone if it fails."""
    draft = os.path.join(os.path.dirname(path), f".minigrad-{os.urandom(8).hex()}")
    try:
        with open(draft, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.remove(draft)
        raise


def _generators(model: Model) -> list[np.random.Generator]:
    return list(getattr(model, "generators", list)())


def _try(generator: np.random.Generator, state: dict[str, Any]) -> None:
    """Set another generator of the same kind to the state: ValueError if it is of another kind."""
    try:
        type(generator.bit_generator)(0).state = state
    except (KeyError, TypeError, ValueError) as error:
        came, wanted = state.get("bit_generator"), type(generator.bit_generator).__name__
        raise ValueError(f"the file has the state of a {came}, the model draws with {wanted}") from error


def _described(name: str | None, value: Array) -> str:
    return f"{name or 'a parameter'}: {value.dtype} {value.shape}"
