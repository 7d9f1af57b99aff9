"""Tables of text, as spreadsheets write them: inputs as numbers, targets as numbers or as classes."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from minigrad.engine.messages.absent import find_close
from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.ops.common.alphabet import printable

Array = NDArray[Any]
Column = str | int
Row = tuple[int, list[str]]  # the number of the line in the file, and its cells

MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}


class Table(NamedTuple):
    """What a file holds: X (samples, inputs), T, and the names of the inputs and of the classes.

    T is a column of numbers, (samples, 1), or several; or class numbers, (samples,), whose names are ``classes``; or
    None.
    """

    X: Array
    T: Array | None
    features: tuple[str, ...]
    classes: tuple[str, ...]


@with_usage
def read_csv(
    path: str | os.PathLike[str] | TextIO,
    target: Column | Sequence[Column] | None = -1,
    features: Sequence[Column] | None = None,
    *,
    classes: bool | None = None,
    header: bool = True,
    delimiter: str = ",",
    missing: Literal["raise", "drop", "nan"] = "raise",
    encoding: str = "utf-8-sig",
) -> Table:
    """Read X and T from a table of text, one sample a line: ``X, T, features, classes = read_csv("iris.csv")``.

    path       the name of a file, or an open one
    target     the column of T, by its name or number, by default the last one; several, for several outputs; None
    features   the columns of X; by default all others
    classes    True: targets are classes, whatever they look like; False: numbers; None: classes where any is no number.
               Classes are numbered from 0 up in the order of their names, or of their numbers
    header     whether the first line has the columns' names
    missing    what an empty cell, or NA, nan, null, ? means: "raise" an error, "drop" its line, "nan"

    Raises ``ValueError`` that names the line and the column of what cannot be read.
    """
    if missing not in ("raise", "drop", "nan"):
        raise ValueError(f"read_csv: missing must be 'raise', 'drop' or 'nan', not {missing!r}")
    with _opened(path, encoding) as file:
        names, rows = _read_rows(csv.reader(file, delimiter=delimiter, skipinitialspace=True), header)
    wanted = [] if target is None else list(target) if isinstance(target, list | tuple) else [target]
    targets = [_find(names, "target", column) for column in wanted]
    others = [i for i in range(len(names)) if i not in targets]
    chosen = others if features is None else [_find(names, "features", column) for column in features]
    if not chosen:
        raise ValueError(f"read_csv: no column is left for X; the columns are {printable(', '.join(names))}")
    both = [names[i] for i in chosen if i in targets]
    if both:
        raise ValueError(f"read_csv: the column {both[0]!r} is among the features and the targets")
    rows = list(_treat_missing(rows, [*chosen, *targets], names, missing))
    if not rows:
        raise ValueError("read_csv: no line is left without a missing value")
    X = np.stack([_numbers(rows, names, i, "features") for i in chosen], axis=1)
    T, found = _read_targets(rows, names, targets, classes)
    return Table(X, T, tuple(names[i] for i in chosen), found)


@contextmanager
def _opened(path: Any, encoding: str) -> Iterator[TextIO]:
    if hasattr(path, "read"):
        yield path
    elif isinstance(path, str | os.PathLike):
        with open(path, encoding=encoding, newline="") as file:
            yield file
    else:
        raise TypeError(f"read_csv: path must be the name of a file, or an open one, not {shown(path)}")


def _read_rows(reader: Any, header: bool) -> tuple[list[str], list[Row]]:
    """Give the columns' names and the lines, of which empty ones are passed over."""
    rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    if not rows:
        raise ValueError("read_csv: the file has no lines")
    first = rows[0][1]
    if header and all(map(_is_number, first)):
        said = printable(", ".join(first[:4]))
        raise ValueError(f"read_csv: line 1 holds numbers alone, {said}, no names; give header=False")
    names = first if header else [f"column {i}" for i in range(len(first))]
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        raise ValueError(f"read_csv: two columns are called {twice[0]!r}; rename one of them in the file")
    rows = rows[header:]
    if not rows:
        raise ValueError("read_csv: below the names there are no lines")
    for line, cells in rows:
        if len(cells) != len(names):
            raise ValueError(
                f"read_csv: line {line} has {len(cells)} cells, and there are {len(names)} columns; is the delimiter "
                f"another, delimiter=';' say?"
            )
    return names, rows


def _find(names: list[str], which: str, column: Any) -> int:
    """Give the number of a column."""
    if isinstance(column, str):
        if column in names:
            return names.index(column)
        close = find_close(column, names, 0.5)
        hint = f"; did you mean {close!r}?" if close else f"; there are {printable(', '.join(names))}"
        raise ValueError(f"read_csv: {which}: no column is called {column!r}{hint}")
    if isinstance(column, bool) or not isinstance(column, int | np.integer):
        raise TypeError(f"read_csv: {which}: a column is a name or a number, not {shown(column)}")
    if not -len(names) <= column < len(names):
        raise ValueError(f"read_csv: {which}: there is no column {column}; there are {len(names)}, from 0 up")
    return int(column) % len(names)


def _treat_missing(rows: Iterable[Row], columns: list[int], names: list[str], missing: str) -> Iterator[Row]:
    """Give the lines that are to be used."""
    for line, cells in rows:
        empty = [i for i in columns if cells[i].lower() in MISSING]
        if not empty or missing == "nan":
            yield line, cells
        elif missing == "raise":
            raise ValueError(
                f"read_csv: line {line} has no value in the column {names[empty[0]]!r}; missing='drop' leaves such "
                f"lines out, missing='nan' keeps them"
            )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _numbers(rows: list[Row], names: list[str], i: int, which: str) -> Array:
    """Give a column as numbers."""
    found = np.empty(len(rows))
    for k, (line, cells) in enumerate(rows):
        cell = cells[i]
        if cell.lower() in MISSING:
            found[k] = np.nan
        elif _is_number(cell):
            found[k] = float(cell)
        else:
            way = (
                "leave the column out, by features=[…]"
                if which == "features"
                else "classes=True makes classes of texts"
            )
            raise ValueError(
                f"read_csv: line {line} has {cell!r} in the column {names[i]!r}, which is no number; {way}"
            )
    return found


def _read_targets(
    rows: list[Row], names: list[str], targets: list[int], classes: bool | None
) -> tuple[Array | None, tuple[str, ...]]:
    """Give T and the names of its classes."""
    if not targets:
        return None, ()
    texts = [i for i in targets if not all(_is_number(cells[i]) or cells[i].lower() in MISSING for _, cells in rows)]
    if classes or (classes is None and texts):
        if len(targets) > 1:
            i = (texts or targets)[0]
            raise ValueError(f"read_csv: the target {names[i]!r} holds classes; they can be but one column")
        return _number_classes(rows, names, targets[0], bool(texts))
    return np.stack([_numbers(rows, names, i, "target") for i in targets], axis=1), ()


def _number_classes(rows: list[Row], names: list[str], i: int, text: bool) -> tuple[Array, tuple[str, ...]]:
    empty = [line for line, cells in rows if cells[i].lower() in MISSING]
    if empty:
        raise ValueError(
            f"read_csv: line {empty[0]} has no class in the column {names[i]!r}; missing='drop' leaves it out"
        )
    cells = [cells[i] for _, cells in rows]
    known = sorted(set(cells), key=None if text else float)
    return np.array([known.index(cell) for cell in cells], np.int64), tuple(known)
