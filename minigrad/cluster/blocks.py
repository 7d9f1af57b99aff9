"""Rows in blocks, that are read by whoever has them: from memory, from .npy files, from Zarr, from Parquet."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from minigrad.cluster.parquet import Parquet, is_parquet
from minigrad.engine.arguments import shown
from minigrad.extras import require

Pair = tuple[Any, Any]
WAYS = (
    "Give (X, T) as arrays, ('X.npy', 'T.npy') as files, the path of a Zarr group with arrays X and T, or a "
    "minigrad.cluster.Parquet"
)


@dataclass(frozen=True)
class Block:
    """Some rows: ``load`` reads X and T of them, on whichever machine it is called."""

    rows: int
    nbytes: int
    load: Callable[[], Pair]


@dataclass(frozen=True)
class Rows:
    """All rows: how many, of how many bytes each, and ``part(start, stop)``, a function that reads some, to be sent."""

    count: int
    width: int
    part: Callable[[int, int], Callable[[], Pair]]

    def cut(self, size: int) -> list[Block]:
        """Give blocks of a number of rows; the last may be smaller."""
        ends = [(start, min(start + size, self.count)) for start in range(0, self.count, size)]
        return [Block(stop - start, (stop - start) * self.width, self.part(start, stop)) for start, stop in ends]

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
    return _measure("data", lambda: (X, T), lambda start, stop: partial(_give, X[start:stop], T[start:stop]))


def _measure(called: str, open_all: Callable[[], Pair], part: Callable[[int, int], Callable[[], Pair]]) -> Rows:
    X, T = open_all()
    if not X.ndim or not T.ndim or X.shape[0] != T.shape[0] or not X.shape[0]:
        raise ValueError(
            f"fit: in {called}, X and T must hold the same samples, one per row; got shapes {X.shape}, {T.shape}"
        )
    if any(np.dtype(x.dtype).kind not in "biufc" for x in (X, T)):
        raise TypeError(f"fit: in {called}, wanted numbers, not {X.dtype} and {T.dtype}")
    width = sum(int(np.prod(x.shape[1:])) * np.dtype(x.dtype).itemsize for x in (X, T))
    return Rows(X.shape[0], width, part)


def _check_there(path: str) -> None:
    if not os.path.exists(path):
        raise FileNotFoundError(f"fit: there is no {path!r}; workers must see it by this name, too. {WAYS}")


def _give(X: Any, T: Any) -> Pair:
    return X, T


def _open_files(paths: tuple[str, str]) -> Pair:
    X, T = (np.load(path, mmap_mode="r") for path in paths)
    return X, T


def _read_files(paths: tuple[str, str], start: int, stop: int) -> Pair:
    X, T = _open_files(paths)
    return np.array(X[start:stop]), np.array(T[start:stop])


def _open_zarr(path: str) -> Pair:
    group = require("zarr", "cluster").open_group(path, mode="r")
    if "X" not in group or "T" not in group:
        raise ValueError(f"fit: the Zarr group {path} must have arrays X and T; it has {sorted(group)}")
    return group["X"], group["T"]


def _read_zarr(path: str, start: int, stop: int) -> Pair:
    X, T = _open_zarr(path)
    return np.asarray(X[start:stop]), np.asarray(T[start:stop])
