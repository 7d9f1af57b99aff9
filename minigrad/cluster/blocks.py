"""Rows in blocks, that are read by whoever has them: from memory, from .npy files, from Zarr, from Parquet."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from minigrad.cluster.parquet import Parquet, is_parquet
from minigrad.engine.messages.arguments import shown
from minigrad.extras import require

Pair = tuple[Any, Any]
PER_WORKER = 4  # blocks of a full batch: the share of a worker that is lost can be spread over others
SHARE = 0.3  # of a worker's memory that blocks may take which are kept in it
STREAMED = 0.1  # of a worker's memory: a block of those that are not kept
LARGEST = 0.6  # of a worker's memory that a row may take, or the arrays that are sent to it
WAYS = (
    "Give (X, T) as arrays, ('X.npy', 'T.npy') as files, the path of a Zarr group with arrays X and T, or a "
    "minigrad.cluster.Parquet"
)


Form = tuple[tuple[tuple[int, ...], str], ...]  # of X and T: the shape of a row, and the dtype


@dataclass(frozen=True)
class Block:
    """Some rows: ``load`` reads X and T of them on whichever machine it is called, and ``load_first`` the first one."""

    rows: int
    nbytes: int
    load: Callable[[], Pair]
    load_first: Callable[[], Pair]
    form: Form

    def find_fault(self) -> str:
        """Say what is wrong with these rows where this is called, as "finds …"; nothing, if nothing is."""
        try:
            found = form_of(*self.load_first())
        except Exception as error:  # whatever the library raises that reads them
            return f"cannot read its rows ({error}); it must see the data by the same name"
        for name, here, wanted in zip("XT", found, self.form, strict=True):
            if here != wanted:
                return (
                    f"finds rows of {name} of shape {here[0]} and {here[1]} where they are of shape {wanted[0]} and "
                    f"{wanted[1]} here; it must see the same data by that name"
                )
        return ""


def form_of(X: Any, T: Any) -> Form:
    """Say of what form rows are."""
    return tuple((tuple(x.shape[1:]), str(np.dtype(x.dtype))) for x in (X, T))


@dataclass(frozen=True)
class Rows:
    """All rows: how many, of how many bytes each, and ``part(start, stop)``, a function that reads some, to be sent.

    ``held`` says that they are in memory here, and are sent along with that function.
    """

    count: int
    width: int
    part: Callable[[int, int], Callable[[], Pair]]
    form: Form
    held: bool = False

    def cut(self, size: int) -> list[Block]:
        """Give blocks of a number of rows; the last may be smaller."""
        ends = [(start, min(start + size, self.count)) for start in range(0, self.count, size)]
        return [
            Block(
                stop - start,
                (stop - start) * self.width,
                self.part(start, stop),
                self.part(start, start + 1),
                self.form,
            )
            for start, stop in ends
        ]

    def first(self, count: int) -> Pair:
        """Read the first rows."""
        return self.part(0, min(count, self.count))()


def find_rows(data: Any) -> Rows:
    """Read where rows are: none of them yet, but how many there are, and whether X and T fit.

    Raises ``TypeError`` for what is no such data, ``ValueError`` where X and T have different numbers of rows or there
    are none, ``FileNotFoundError`` for a file that is not there: workers must see it by the same name.
    """
    if isinstance(data, str | os.PathLike) and is_parquet(os.fspath(data)):
        data = Parquet(data)
    if isinstance(data, Parquet):
        _check_there(os.fspath(data.path))
        columns = data.open()
        return _measure(os.fspath(data.path), columns.stand_in, partial(partial, columns.read))
    if isinstance(data, str | os.PathLike):
        path = os.fspath(data)
        _check_there(path)
        return _measure(f"the Zarr group {path}", partial(_open_zarr, path), partial(partial, _read_zarr, path))
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise TypeError(f"fit: data is {shown(data)}, which a cluster does not take. {WAYS}.")
    if all(isinstance(x, str | os.PathLike) for x in data):
        paths = os.fspath(data[0]), os.fspath(data[1])
        for path in paths:
            _check_there(path)
        return _measure(f"{paths[0]} and {paths[1]}", partial(_open_files, paths), partial(partial, _read_files, paths))
    X, T = (np.asarray(x) for x in data)
    return _measure("data", lambda: (X, T), lambda start, stop: partial(_give, X[start:stop], T[start:stop]), True)


def _measure(
    called: str, open_all: Callable[[], Pair], part: Callable[[int, int], Callable[[], Pair]], held: bool = False
) -> Rows:
    X, T = open_all()
    if not X.ndim or not T.ndim or X.shape[0] != T.shape[0] or not X.shape[0]:
        raise ValueError(
            f"fit: in {called}, X and T must hold the same samples, one per row; got shapes {X.shape}, {T.shape}"
        )
    if any(np.dtype(x.dtype).kind not in "biufc" for x in (X, T)):
        raise TypeError(f"fit: in {called}, wanted numbers, not {X.dtype} and {T.dtype}")
    width = sum(int(np.prod(x.shape[1:])) * np.dtype(x.dtype).itemsize for x in (X, T))
    return Rows(X.shape[0], width, part, form_of(X, T), held)


def choose_size(rows: Rows, batch_size: int | None, limits: Sequence[int | None]) -> int:
    """Give the rows of a block on workers with limits of memory, in bytes; None: without one.

    Of a batch there is a block for each worker, of all rows some; where these are more than a worker can keep, as many
    as it takes, whose gradients are added up within the step. Raises ``ValueError`` where a worker cannot hold a row,
    or what is sent to it.
    """
    workers, limit = len(limits), min((limit for limit in limits if limit is not None), default=None)
    share = rows.count * rows.width / workers
    size = -(-rows.count // (PER_WORKER * workers)) if batch_size is None else -(-batch_size // workers)
    if limit is None:
        return size
    if rows.held and share > LARGEST * limit:
        raise ValueError(
            f"fit: data are arrays of {rows.count * rows.width / 2**20:,.0f} MiB, and {workers} workers of "
            f"{limit / 2**20:,.0f} MiB each cannot hold them. Write files, of which they read a part at a time"
        )
    if rows.width > LARGEST * limit:
        raise ValueError(
            f"fit: a row is {rows.width / 2**20:,.0f} MiB, and a worker may have {limit / 2**20:,.0f} MiB in all. Give "
            f"workers more memory"
        )
    most = max(int(STREAMED * limit / rows.width), 1)
    if share <= SHARE * limit or size <= most:
        return size
    return most if batch_size is None else -(-batch_size // (workers * -(-size // most)))


def _check_there(path: str) -> None:
    if not os.path.exists(path):
        raise FileNotFoundError(f"fit: there is no {path!r}; workers must see it by this name, too. {WAYS}")


def _give(X: Any, T: Any) -> Pair:
    return X, T


def _open_files(paths: tuple[str, str]) -> Pair:
    X, T = (np.load(path, mmap_mode="r") for path in paths)
    return X, T


def _read_files(paths: tuple[str, str], start: int, stop: int) -> Pair:
    X, T = (_read_rows(path, start, stop) for path in paths)
    return X, T


def _read_rows(path: str, start: int, stop: int) -> Any:
    """Read rows by reading: mapped into memory they would be there twice, as pages of the file and as the copy."""
    mapped = np.load(path, mmap_mode="r")
    if not mapped.flags.c_contiguous:
        return np.array(mapped[start:stop])
    each = int(np.prod(mapped.shape[1:]))
    offset = mapped.offset + start * each * mapped.itemsize
    read = np.fromfile(path, mapped.dtype, (stop - start) * each, offset=offset)
    return read.reshape(stop - start, *mapped.shape[1:])


def _open_zarr(path: str) -> Pair:
    group = require("zarr", "cluster").open_group(path, mode="r")
    if "X" not in group or "T" not in group:
        raise ValueError(f"fit: the Zarr group {path} must have arrays X and T; it has {sorted(group)}")
    return group["X"], group["T"]


def _read_zarr(path: str, start: int, stop: int) -> Pair:
    X, T = (_read_chunks(x, start, stop) for x in _open_zarr(path))
    return X, T


def _read_chunks(array: Any, start: int, stop: int) -> Any:
    """Read rows a chunk after the other: all at once, the library holds as many chunks beside the result as it has."""
    rows = np.empty((stop - start, *array.shape[1:]), array.dtype)
    step = array.chunks[0]
    begin = start
    while begin < stop:
        end = min((begin // step + 1) * step, stop)
        rows[begin - start : end - start] = array[begin:end]
        begin = end
    return rows
