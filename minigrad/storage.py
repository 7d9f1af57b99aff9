"""A model and the state of its training in one file: an `.npz` of arrays and one JSON text, with no pickles in it.

The entries are `header` (the JSON, as bytes), `parameter/0`, `parameter/1`, … in the order of `model.parameters()`,
and the optimiser's running values, such as `optimizer/0/m`.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from minigrad.optim import Optimizer
from minigrad.tensor import Tensor

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
    with _replacing(Path(os.path.realpath(path))) as file:
        np.savez(file, **arrays)


def load(path: PathLike, model: Model, optimizer: Optimizer | None = None) -> None:
    """Put back what `save` wrote, so that training goes on as if it had not stopped, to the last bit.

    The model, and the optimiser if given, must be built as the saved ones were; the values are written into their
    arrays. CheckpointError says what does not fit, and leaves both as they were.
    """
    header, arrays = _read(path)
    try:
        _restore(header, arrays, model, optimizer)
    except ValueError as error:
        raise CheckpointError(f"{os.fspath(path)}: {error}") from error


def _restore(header: dict[str, Any], arrays: dict[str, Array], model: Model, optimizer: Optimizer | None) -> None:
    """Compare everything, and only then assign."""
    parameters, generators = model.parameters(), _generators(model)
    saved = [arrays[f"parameter/{i}"] for i in range(len(header["parameters"]))]
    theirs = [_described(*pair) for pair in zip(header["parameters"], saved, strict=True)]
    ours = [_described(p.name, p.data) for p in parameters]
    if theirs != ours:
        differing = [pair for pair in zip(theirs, ours, strict=False) if pair[0] != pair[1]]
        detail = f"; {differing[0][0]} in the file is {differing[0][1]} in the model" if differing else ""
        raise ValueError(f"the file has {len(theirs)} parameters and the model {len(ours)}{detail}")
    states = header["generators"]
    if len(states) != len(generators):
        raise ValueError(f"the file has {len(states)} random generators, the model {len(generators)}")
    for state, generator in zip(states, generators, strict=True):
        _trial(generator, state)
    if optimizer is not None:
        if header["optimizer"] is None:
            raise ValueError("the file was saved without an optimizer; load it without one")
        optimizer.load_state_dict(
            header["optimizer"]
            | {
                "state": [
                    {name: arrays[f"optimizer/{i}/{name}"] for name in names}
                    for i, names in enumerate(header["optimizer"]["state"])
                ]
            }
        )
    for p, value in zip(parameters, saved, strict=True):
        p.data[...] = value
    for state, generator in zip(states, generators, strict=True):
        generator.bit_generator.state = state


def _read(path: PathLike) -> tuple[dict[str, Any], dict[str, Array]]:
    """Give the header and the arrays of a file that is whole and minigrad's."""
    with open(path, "rb") as file:  # a missing file is FileNotFoundError, as everywhere
        try:
            with np.load(file, allow_pickle=False) as entries:
                arrays = {name: entries[name] for name in entries.files}
            header = json.loads(arrays.pop("header").tobytes())
            found = header["format"], header["version"]
        except Exception as error:  # zipfile, zlib, json and NumPy's readers raise all sorts on damaged bytes
            raise CheckpointError(f"{os.fspath(path)}: not a minigrad checkpoint, or damaged ({error!r})") from error
    if found != (FORMAT, VERSION):
        raise CheckpointError(f"{os.fspath(path)}: is {found[0]} version {found[1]}; wanted {FORMAT} version {VERSION}")
    return header, arrays


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` when the block is done, and is gone if it fails."""
    draft = path.with_name(f".minigrad-{secrets.token_hex(8)}")
    try:
        with open(draft, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _generators(model: Model) -> list[np.random.Generator]:
    return list(getattr(model, "generators", list)())


def _trial(generator: np.random.Generator, state: dict[str, Any]) -> None:
    """Set a fresh generator of the same kind to the state: ValueError if it is of another kind."""
    try:
        type(generator.bit_generator)(0).state = state
    except (KeyError, TypeError, ValueError) as error:
        kind = type(generator.bit_generator).__name__
        raise ValueError(
            f"the file has the state of a {state['bit_generator']}, the model draws with {kind}"
        ) from error


def _described(name: str | None, value: Array) -> str:
    return f"{name or 'a parameter'}: {value.dtype} {value.shape}"
