"""Parquet: rows of columns in a file or a folder of files, of which workers read the columns and groups they need."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.engine.messages.absent import find_close
from minigrad.engine.messages.arguments import shown
from minigrad.extras import require

AT_ONCE = 1 << 14  # rows that are decoded at a time
BESIDE = 1 << 18  # bytes of columns that are decoded together, beside the block: a page of each is held
BUFFER = 1 << 16  # bytes of a column that are read from the file at a time
NUMBERS = {"bool": "?", "halffloat": "f2", "float": "f4", "double": "f8"}
NUMBERS |= {f"{u}int{bits}": f"{u[:1] or 'i'}{bits // 8}" for u in ("", "u") for bits in (8, 16, 32, 64)}


@dataclass(frozen=True)
class Parquet:
    """Rows of X and T in a Parquet file, or a folder of such files in the order of their names (extra ``cluster``).

    path       of the file or the folder; workers must see it by the same name
    target     the column of T, by its name or number, by default the last one; several, for several outputs
    features   the columns of X; by default all others

    X is (rows, columns). T is (rows, columns), too, or (rows,) where its one column holds whole numbers, of classes.
    Of what the columns hold, each array has the smallest dtype that holds all of it. Nothing is read before it is
    needed, and of columns that are neither, nothing ever.
    """

    path: str | os.PathLike[str]
    target: str | int | Sequence[str | int] = -1
    features: Sequence[str | int] | None = None

    def read(self) -> tuple[Any, Any]:
        """Read all rows: X and T, for a training in one process."""
        columns = self.open()
        return columns.read(0, sum(columns.counts))

    def open(self) -> Columns:
        """Read where rows are, from the ends of the files.

        Raises ``FileNotFoundError`` where there is no such file, ``ValueError`` for a column that is not there or has
        values missing and for files that differ, ``TypeError`` for a column that holds no numbers.
        """
        files = [_Reader(path) for path in _find_files(os.fspath(self.path))]
        names = files[0].names
        wanted = list(self.target) if isinstance(self.target, list | tuple) else [self.target]
        targets = [_find_column(names, "target", column) for column in wanted]
        if self.features is None:
            features = [name for name in names if name not in targets]
        else:
            features = [_find_column(names, "features", column) for column in self.features]
        for which, chosen in (("X", features), ("T", targets)):
            if not chosen:
                raise ValueError(f"fit: no column is left for {which}; the columns are {', '.join(names)}")
        both = [name for name in features if name in targets]
        if both:
            raise ValueError(f"fit: the column {both[0]!r} is among the features and the targets")
        kinds = {name: files[0].kind(name) for name in (*features, *targets)}
        for file in files:
            file.check(kinds)
        return Columns(
            tuple(f.path for f in files), tuple(f.rows for f in files), tuple(features), tuple(targets), kinds
        )


@dataclass(frozen=True)
class Columns:
    """Some columns of files, as X and T: what a worker is sent to read its rows."""

    paths: tuple[str, ...]
    counts: tuple[int, ...]  # rows of each file
    features: tuple[str, ...]
    targets: tuple[str, ...]
    kinds: dict[str, np.dtype[Any]]

    def stand_in(self) -> tuple[Any, Any]:
        """Give what has the shapes and dtypes of all of X and T, and no elements in memory."""
        count = sum(self.counts)
        x, t = (np.result_type(*(self.kinds[name] for name in names)) for names in (self.features, self.targets))
        flat = len(self.targets) == 1 and t.kind in "iu"
        shape = (count,) if flat else (count, len(self.targets))
        return np.broadcast_to(np.zeros((), x), (count, len(self.features))), np.broadcast_to(np.zeros((), t), shape)

    def read(self, start: int, stop: int) -> tuple[Any, Any]:
        """Read rows from ``start`` up to ``stop``, all files being one after the other."""
        X, T = (np.empty((stop - start, *x.shape[1:]), x.dtype) for x in self.stand_in())
        begin = 0
        for path, count in zip(self.paths, self.counts, strict=True):
            lower, upper = max(start, begin), min(stop, begin + count)
            if lower < upper:
                here = slice(lower - start, upper - start)
                self._read_file(path, lower - begin, upper - begin, X[here], T[here].reshape(upper - lower, -1))
            begin += count
        return X, T

    def _read_file(self, path: str, start: int, stop: int, X: Any, T: Any) -> None:
        """Fill X and T with rows of one file, of which only the groups are opened that have any of them."""
        reader = _Reader(path)
        places = [(X, i, name) for i, name in enumerate(self.features)]
        places += [(T, i, name) for i, name in enumerate(self.targets)]
        for group, begin, count in reader.groups():
            lower, upper = max(start, begin), min(stop, begin + count)
            if lower < upper:
                some = max(BESIDE // (8 * count), 1)
                for k in range(0, len(places), some):
                    self._read_columns(
                        reader, group, (lower - begin, upper - begin), lower - start, places[k : k + some]
                    )

    def _read_columns(self, reader: _Reader, group: int, rows: tuple[int, int], to: int, places: list[Any]) -> None:
        """Copy some rows of a group to where they belong: (array, column, name) for each, from the row ``to``."""
        lower, upper = rows
        at = 0
        for piece in reader.pieces(group, [name for _, _, name in places]):
            a, b = max(lower, at), min(upper, at + piece.num_rows)
            if a < b:
                part = piece.slice(a - at, b - a)
                for into, i, name in places:
                    into[to + a - lower : to + b - lower, i] = _elements(part, name, reader.path)
            at += piece.num_rows
            if at >= upper:
                break
        require("pyarrow", "cluster").default_memory_pool().release_unused()  # else it keeps half a block of 16 MiB


class _Reader:
    """One file: its columns, its groups of rows, and rows of these by and by."""

    def __init__(self, path: str) -> None:
        arrow = require("pyarrow.parquet", "cluster")
        self.path = path
        try:
            # by itself it reads ahead, and keeps what it has read
            self.file = arrow.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER)
        except (OSError, ValueError) as error:
            raise ValueError(f"fit: {path} cannot be read as a Parquet file ({error})") from error
        self.metadata = self.file.metadata
        self.rows: int = self.metadata.num_rows
        self.names: list[str] = self.file.schema_arrow.names

    def kind(self, name: str) -> np.dtype[Any]:
        """Give the dtype of a column."""
        said = str(self.file.schema_arrow.field(name).type)
        if said not in NUMBERS:
            raise TypeError(
                f"fit: the column {name!r} of {self.path} holds {said}, not numbers; leave it out of features"
            )
        return np.dtype(NUMBERS[said])

    def check(self, kinds: dict[str, np.dtype[Any]]) -> None:
        """Raise unless columns are here, of these dtypes, and, as far as the file says, without missing values."""
        for name, kind in kinds.items():
            if name not in self.names:
                raise ValueError(f"fit: {self.path} has no column {name!r}, which other files of its folder have")
            if self.kind(name) != kind:
                raise ValueError(
                    f"fit: the column {name!r} of {self.path} is of {self.kind(name)}, and of {kind} elsewhere"
                )
        places = {self.metadata.schema.column(i).path: i for i in range(self.metadata.num_columns)}
        for group in range(self.metadata.num_row_groups):
            for name in kinds:
                said = self.metadata.row_group(group).column(places[name]).statistics
                if said is not None and said.has_null_count and said.null_count:
                    raise _missing(name, self.path)

    def groups(self) -> Iterator[tuple[int, int, int]]:
        """Give each group of rows: its number, its first row, how many it has."""
        begin = 0
        for group in range(self.metadata.num_row_groups):
            count = self.metadata.row_group(group).num_rows
            yield group, begin, count
            begin += count

    def pieces(self, group: int, names: list[str]) -> Iterator[Any]:
        """Decode some columns of a group, a few rows at a time."""
        yield from self.file.iter_batches(AT_ONCE, row_groups=[group], columns=names, use_threads=False)


def _elements(piece: Any, name: str, path: str) -> Any:
    column = piece.column(piece.schema.get_field_index(name))
    if column.null_count:
        raise _missing(name, path)
    return column.to_numpy(zero_copy_only=False)


def _missing(name: str, path: str) -> ValueError:
    return ValueError(f"fit: the column {name!r} of {path} has values missing; fill them in, or leave the column out")


def _find_files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    found = sorted(str(file) for file in Path(path).glob("*.parquet"))
    if not found:
        raise FileNotFoundError(f"fit: in the folder {path} there are no files *.parquet")
    return found


def _find_column(names: Sequence[str], which: str, column: Any) -> str:
    """Give the name of a column."""
    if isinstance(column, str):
        if column in names:
            return column
        close = find_close(column, names, 0.5)
        hint = f"; did you mean {close!r}?" if close else f"; there are {', '.join(names)}"
        raise ValueError(f"fit: {which}: no column is called {column!r}{hint}")
    if isinstance(column, bool) or not isinstance(column, int | np.integer):
        raise TypeError(f"fit: {which}: a column is a name or a number, not {shown(column)}")
    if not -len(names) <= column < len(names):
        raise ValueError(f"fit: {which}: there is no column {column}; there are {len(names)}, from 0 up")
    return names[int(column)]


def is_parquet(path: str) -> bool:
    """Say whether a path is of a Parquet file, or of a folder of such files."""
    return path.endswith((".parquet", ".pq")) or (os.path.isdir(path) and any(Path(path).glob("*.parquet")))
