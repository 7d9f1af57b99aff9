"""A model and the state of its training in one file: an `.npz` of arrays and one JSON text, with no pickles in it.

The entries are `header` (the JSON, as bytes), `parameter/0`, `parameter/1`, … in the order of `model.parameters()`,
`buffer/0`, … in that of `model.buffers()`, and the optimizer's running values, such as `optimizer/0/m`.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from math import prod
from operator import getitem
from typing import IO, Any, BinaryIO, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from minigrad.engine.arguments import shown, with_usage
from minigrad.engine.inplace import replace_elements
from minigrad.engine.tensor import Tensor
from minigrad.files import replacing
from minigrad.interrupts import CtrlC
from minigrad.optim import Optimizer

FORMAT, VERSION = "minigrad checkpoint", 1
_PIECE = 1 << 20  # bytes that are read at once

Array = NDArray[Any]
Item = TypeVar("Item")
PathLike = str | os.PathLike[str]


class Model(Protocol):
    """What has parameters; where it also has `buffers()` and `generators()`, these are saved too."""

    def parameters(self) -> list[Tensor]:
        """Give the parameters, each once, in an order that does not change."""


def _check_arguments(called: str, path: Any, model: Any, optimizer: Any) -> None:
    """Raise ``TypeError`` unless a path, a model and an optimizer, if any, stand in their places."""
    if not isinstance(path, str | os.PathLike):
        swapped = "; the path comes first" if isinstance(model, str | os.PathLike) else ""
        raise TypeError(
            f"{called}: path must be the name of a file, such as 'model.npz', not {shown(path)}{swapped}. Write "
            f"{called}(path, model)."
        )
    if isinstance(model, type) or not hasattr(model, "parameters"):
        which = f"the class {model.__name__}" if isinstance(model, type) else shown(model)
        swapped = "; the model comes before it" if hasattr(model, "load_state_dict") else ""
        raise TypeError(
            f"{called}: model must have parameters(), as layers and nn.Sequential do, not {which}{swapped}. Write "
            f"{called}(path, model, optimizer); a single array is kept with np.save(path, w.data)."
        )
    if optimizer is not None and not hasattr(optimizer, "state_dict"):
        raise TypeError(
            f"{called}: optimizer must be the one that trains the model, not {shown(optimizer)}. Write "
            f"{called}(path, model, optimizer), or leave it out."
        )


class CheckpointError(ValueError):
    """A file that is damaged, foreign, or of another model; nothing was changed by trying to load it."""


@with_usage
def save(path: PathLike, model: Model, optimizer: Optimizer | None = None) -> None:
    """Write parameters, buffers, the states of the layers' random generators, and the optimizer's state to `path`.

    The name is used as it stands. The file appears whole or not at all: a failure leaves what was there before; one
    that was there keeps its permissions. Raises ``OSError`` where a folder, a device or a pipe has the name.
    """
    _check_arguments("save", path, model, optimizer)
    kept = _tensors(model)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "parameters": [p.name for p in kept["parameter"]],
        "buffers": [b.name for b in kept["buffer"]],
        "generators": [g.bit_generator.state for g in _generators(model)],
        "optimizer": None,
    }
    arrays = {entry: x.array for entry, x in _by_entry(kept).items()}
    if optimizer is not None:
        if not {id(p) for p in optimizer.params} <= {id(p) for p in kept["parameter"]}:
            raise ValueError("save: the optimizer has parameters that are not the model's and would not be saved")
        state = optimizer.state_dict()
        for i, values in enumerate(state["state"]):
            arrays |= {f"optimizer/{i}/{name}": value for name, value in values.items()}
        header["optimizer"] = state | {"state": [list(values) for values in state["state"]]}
    text = json.dumps(header, default=np.ndarray.tolist)  # some bit generators keep arrays in their states
    arrays["header"] = np.frombuffer(text.encode(), np.uint8)
    with replacing(os.path.realpath(path)) as file:
        np.savez(file, **arrays)


@with_usage
def load(path: PathLike, model: Model, optimizer: Optimizer | None = None) -> None:
    """Put back what `save` wrote, so that training goes on as if it had not stopped, to the last bit.

    The model, and the optimizer if given, must be built as the saved ones were; the values are written into their
    arrays. CheckpointError says what does not fit, and leaves both as they were. No more is read than they need, and
    no array whose size is not theirs.
    """
    _check_arguments("load", path, model, optimizer)
    name = os.fspath(path)
    if os.path.exists(path) and not os.path.isfile(path):  # opening a pipe would wait for somebody to write
        raise CheckpointError(f"{name}: a directory or a device, not a minigrad checkpoint")
    with open(path, "rb") as file:  # a missing file is FileNotFoundError, as everywhere
        with _damage_explained(name):
            saved = _Checkpoint(file)
            found = saved.header["format"], saved.header["version"]
        if found != (FORMAT, VERSION):
            raise CheckpointError(f"{name}: is {found[0]} version {found[1]}, not {FORMAT} version {VERSION}")
        with _damage_explained(name):
            described = saved.describe_all(optimizer is not None)
        try:
            _compare(described, model, optimizer)
        except ValueError as error:
            raise CheckpointError(f"{name}: {error}") from error
        with _damage_explained(name):
            arrays = {entry: saved.read(entry) for entry in described.needed}
    ctrl_c = CtrlC()
    with ctrl_c.watched(), ctrl_c.held():  # all of it or nothing
        _assign(described, arrays, model, optimizer)


@dataclass(frozen=True)
class _Described:
    """What a checkpoint says that it has: arrays by their entries, with stand-ins that occupy no memory."""

    tensors: dict[str, Array]  # parameters and buffers
    names: dict[str, str | None]
    generators: list[dict[str, Any]]
    optimizer: dict[str, Any] | None
    states: list[dict[str, str]]  # the entries of the running values of each parameter

    @property
    def needed(self) -> list[str]:
        """The entries."""
        return [*self.tensors, *(entry for state in self.states for entry in state.values())]


class _Checkpoint:
    """An open file: its header is read at once, arrays when they are asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self.archive = zipfile.ZipFile(file)
        self.header = json.loads(self.read("header").tobytes())

    def describe_all(self, with_optimizer: bool) -> _Described:
        """Say what there is for a model, and for its optimizer if there is one."""
        header, optimizer = self.header, self.header["optimizer"]
        names = _by_entry({"parameter": header["parameters"], "buffer": header.get("buffers", [])})
        states: list[dict[str, str]] = []
        if with_optimizer and optimizer is not None:
            states = [{x: f"optimizer/{i}/{x}" for x in kept} for i, kept in enumerate(optimizer["state"])]
            stand_ins = [{x: self.describe(entry) for x, entry in state.items()} for state in states]
            settings = {str(x): value for x, value in optimizer["settings"].items()}
            optimizer = {"rule": str(optimizer["rule"]), "settings": settings, "state": stand_ins}
        return _Described(
            tensors={entry: self.describe(entry) for entry in names},
            names={entry: None if x is None else str(x) for entry, x in names.items()},
            generators=[dict(state) for state in header["generators"]],
            optimizer=optimizer,
            states=states,
        )

    def describe(self, name: str) -> Array:
        """Give an array's shape and dtype, as zeros in one place, once the file has as many bytes as that takes."""
        with self._open(name) as entry:
            shape, dtype, _ = self._read_head(entry, self.archive.getinfo(f"{name}.npy").file_size)
        return np.broadcast_to(np.zeros((), dtype), shape)

    def read(self, name: str) -> Array:
        """Give an array."""
        with self._open(name) as entry:
            shape, dtype, fortran = self._read_head(entry, self.archive.getinfo(f"{name}.npy").file_size)
            array = np.empty(shape, dtype, order="F" if fortran else "C")
            memory = array.reshape(-1, order="A").view(np.uint8)
            for start in range(0, array.nbytes, _PIECE):
                piece = entry.read(min(_PIECE, array.nbytes - start))
                memory[start : start + _PIECE] = np.frombuffer(piece, np.uint8)
            entry.read(1)  # at its end its checksum is compared
        return array

    def _open(self, name: str) -> IO[bytes]:
        info = self.archive.getinfo(f"{name}.npy")
        if info.compress_type != zipfile.ZIP_STORED:  # a little file could unfold to any size; ours never do
            raise ValueError(f"{name} is compressed")
        return self.archive.open(info)

    @staticmethod
    def _read_head(entry: IO[bytes], size: int) -> tuple[tuple[int, ...], np.dtype[Any], bool]:
        version = np.lib.format.read_magic(entry)
        if version != (1, 0):
            raise ValueError(f"an array in format {version}")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(entry)
        if dtype.hasobject or min(shape, default=0) < 0 or entry.tell() + prod(shape) * dtype.itemsize != size:
            raise ValueError(f"an array of {dtype} {shape} in {size} bytes")
        return shape, dtype, fortran


@contextmanager
def _damage_explained(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # zipfile, zlib, json and NumPy's readers raise all sorts on damaged bytes
        raise CheckpointError(f"{name}: not a minigrad checkpoint, or damaged ({error!r})") from error


def _compare(saved: _Described, model: Model, optimizer: Optimizer | None) -> None:
    """Compare everything: ValueError says what does not fit."""
    tensors, generators = _by_entry(_tensors(model)), _generators(model)
    theirs = {entry: _described(saved.names[entry] or entry, x) for entry, x in saved.tensors.items()}
    ours = {entry: _described(x.name or entry, x.array) for entry, x in tensors.items()}
    for entry, their in theirs.items():
        our = ours.get(entry, their)
        if their != our:
            raise ValueError(f"{their} in the file is {our} in the model")
    for kind, called in _KINDS.items():
        count, wanted = (sum(entry.startswith(kind) for entry in kept) for kept in (theirs, ours))
        if count != wanted:
            raise ValueError(f"the file has {count} {called}, the model {wanted}")
    if len(saved.generators) != len(generators):
        raise ValueError(f"the file has {len(saved.generators)} random generators, the model {len(generators)}")
    for generator, state in zip(generators, saved.generators, strict=True):
        _check_state(generator, state)
    for entry, x in tensors.items():
        if not x.array.flags.writeable:
            raise ValueError(f"the array of {x.name or entry} is read-only; give it a copy")
    if optimizer is not None:
        if saved.optimizer is None:
            raise ValueError("saved without an optimizer; load it without one")
        optimizer.check_state_dict(saved.optimizer)


def _assign(saved: _Described, arrays: dict[str, Array], model: Model, optimizer: Optimizer | None) -> None:
    """Put everything in its place, now that it is known to fit."""
    if optimizer is not None and saved.optimizer is not None:
        states = [{x: arrays[entry] for x, entry in entries.items()} for entries in saved.states]
        optimizer.load_state_dict(saved.optimizer | {"state": states})
    for entry, x in _by_entry(_tensors(model)).items():
        replace_elements(x, arrays[entry])
    for generator, state in zip(_generators(model), saved.generators, strict=True):
        generator.bit_generator.state = state


_KINDS = {"parameter": "parameters", "buffer": "buffers (such as running averages)"}


def _tensors(model: Model) -> dict[str, list[Tensor]]:
    return {"parameter": model.parameters(), "buffer": list(getattr(model, "buffers", list)())}


def _by_entry(kinds: Mapping[str, Iterable[Item]]) -> dict[str, Item]:
    return {f"{kind}/{i}": item for kind, items in kinds.items() for i, item in enumerate(items)}


def _generators(model: Model) -> list[np.random.Generator]:
    return list(getattr(model, "generators", list)())


# What NumPy takes over unseen, to read beyond its memory or draw one number for ever: where it stands, what it may be
_SOUND: dict[str, dict[tuple[str, ...], Callable[[Any], bool]]] = {
    "PCG64": {("state", "inc"): lambda inc: inc % 2 == 1},
    "PCG64DXSM": {("state", "inc"): lambda inc: inc % 2 == 1},
    "MT19937": {("state", "pos"): lambda pos: 0 <= pos <= 624, ("state", "key"): any},
    "Philox": {("buffer_pos",): lambda pos: 0 <= pos <= 4},
}


def _check_state(generator: np.random.Generator, state: dict[str, Any]) -> None:
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
