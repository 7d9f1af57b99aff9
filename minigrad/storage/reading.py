"""An open checkpoint: what it says that it has, and its arrays, none of which is larger than the file."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from minigrad.ops.common.alphabet import printable
from minigrad.storage.entries import by_entry

PIECE = 1 << 20  # bytes that are read at once
LONGEST = 1000  # letters of a reason, which may quote the file

Array = NDArray[Any]


class CheckpointError(ValueError):
    """A file that is damaged, foreign, or of another model; nothing was changed by trying to load it."""


@dataclass(frozen=True)
class Described:
    """What a checkpoint says that it has: arrays by their entries, with stand-ins that occupy no memory."""

    tensors: dict[str, Array]  # parameters and buffers
    names: dict[str, str | None]
    generators: list[dict[str, Any]]
    optimizer: dict[str, Any] | None
    states: list[dict[str, str]]  # the entries of the running values of each parameter
    notes: Any = None  # what a training has noted of itself, as JSON
    copies: dict[str, Array] = field(default_factory=dict)  # arrays like the tensors, that it keeps besides

    @property
    def needed(self) -> list[str]:
        """The entries."""
        return [*self.tensors, *(entry for state in self.states for entry in state.values()), *self.copies]


class CheckpointFile:
    """An open file: its header is read at once, arrays when they are asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self.archive = zipfile.ZipFile(file)
        names = self.archive.namelist()
        if len(set(names)) < len(names):  # of two, readers differ in which they take
            raise ValueError("two entries have one name")
        self.header = json.loads(self.read("header").tobytes())

    def describe_all(self, with_optimizer: bool) -> Described:
        """Say what there is for a model, and for its optimizer if there is one."""
        header, optimizer = self.header, self.header["optimizer"]
        names = by_entry({"parameter": header["parameters"], "buffer": header.get("buffers", [])})
        states: list[dict[str, str]] = []
        if with_optimizer and optimizer is not None:
            states = [{x: f"optimizer/{i}/{x}" for x in kept} for i, kept in enumerate(optimizer["state"])]
            stand_ins = [{x: self.describe(entry) for x, entry in state.items()} for state in states]
            settings = {str(x): value for x, value in optimizer["settings"].items()}
            optimizer = {"rule": str(optimizer["rule"]), "settings": settings, "state": stand_ins}
        return Described(
            tensors={entry: self.describe(entry) for entry in names},
            names={entry: None if x is None else str(x) for entry, x in names.items()},
            generators=[dict(state) for state in header["generators"]],
            optimizer=optimizer,
            states=states,
            notes=header.get("notes"),
        )

    def describe_copies(self, names: list[str], count: int) -> dict[str, Array]:
        """Say what copies there are of the arrays of some names, by their own."""
        return {name: self.describe(name) for name in name_copies(names, count)}

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
            for start in range(0, array.nbytes, PIECE):
                piece = entry.read(min(PIECE, array.nbytes - start))
                memory[start : start + PIECE] = np.frombuffer(piece, np.uint8)
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


def name_copies(names: list[str], count: int) -> list[str]:
    """Name the entries of copies of some arrays: all of the first copy, all of the second."""
    return [f"copy/{i}/{name}" for i in range(count) for name in names]


def refusal(name: str, reason: Any) -> CheckpointError:
    """Give the error for a file; what that says of itself is data, on one line and not for pages."""
    text = printable(str(reason))
    return CheckpointError(f"{printable(name)}: {text if len(text) <= LONGEST else f'{text[:LONGEST]}…'}")


@contextmanager
def damage_explained(name: str) -> Iterator[None]:
    """Say which file is damaged, or none of ours, whatever goes wrong in the block."""
    try:
        yield
    except CheckpointError as error:
        raise refusal(name, error) from error
    except ImportError:
        raise
    except Exception as error:  # zipfile, zlib, json and NumPy's readers raise all sorts on damaged bytes
        raise refusal(name, f"not a minigrad checkpoint, or damaged ({error!r})") from error
