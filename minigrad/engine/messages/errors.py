"""Errors that name the operation, the operands and where they were made, and say what to try."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable
from functools import lru_cache
from types import FrameType
from typing import Any

import numpy as np

from minigrad.ops.base import Op, Recorder
from minigrad.ops.common.alphabet import printable
from minigrad.ops.common.late import Late

named_arguments = Late("minigrad.engine.messages.named_arguments")
ways = Late("minigrad.engine.messages.ways")


class ShapeError(ValueError):
    """Shapes that an operation cannot take together."""


class MatrixError(ShapeError, np.linalg.LinAlgError):
    """A matrix that has no inverse, factors or the like: what catches NumPy's error for it catches this."""


class AxisError(ShapeError, np.exceptions.AxisError):
    """An axis that there is none of: what catches NumPy's error for it, an IndexError besides, catches this."""


def _kind_of(error: Exception) -> type[ShapeError]:
    """Give the class of our error that is NumPy's, too."""
    if isinstance(error, np.linalg.LinAlgError):
        return MatrixError
    return AxisError if isinstance(error, np.exceptions.AxisError) else ShapeError


def explain_error(op: Op, inputs: tuple[Any, ...], error: Exception) -> Exception:
    """Give an error of the same kind that says what was wanted, what came, and what to do."""
    shapes = [x.shape if hasattr(x, "shape") else np.shape(x) for x in inputs]
    names = [describe(x) for x in inputs]
    operands = [f"{name}:{shape}" for name, shape in zip(names, shapes, strict=True)]
    with np.printoptions(threshold=6, edgeitems=2):
        message = " ".join(f"{op!r}: {_reason(op, shapes, error)}, {_written(op, operands)}".split())
    made = made_at(inputs)
    if made:
        message += f"; {made}"
    if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
        called = [name if isinstance(x, Recorder) else "(…)" for name, x in zip(names, inputs, strict=True)]
        hint = op.hint(*shapes) if len(shapes) == len(op.letters) else ""
        hint = hint.format(**dict(zip(op.letters, called, strict=False))) or ways.way_of_axes(op, shapes[0], str(error))
        return _kind_of(error)(f"{message}.{hint and f' {hint}'}")
    way = ways.way_of_index(op.key, shapes[0]) if hasattr(op, "key") else ways.way_of_axes(op, shapes[0], str(error))
    return (IndexError if isinstance(error, IndexError) else TypeError)(f"{message}.{way and f' {way}'}")


def explain_slope(op: Op, inputs: tuple[Any, ...], error: Exception) -> MatrixError:
    """Give the error for a gradient that there is none of, since it needs the inverse of a matrix without one."""
    of = ", ".join(f"{describe(x)}:{getattr(x, 'shape', ())}" for x in inputs if isinstance(x, Recorder))
    made = made_at(inputs)
    return MatrixError(
        f"{op!r}: its gradient, of {of}, does not exist there, since it needs an inverse: {str(error).rstrip('.')}"
        f"{f'; {made}' if made else ''}. Move the matrix a little off, A + 1e-9 * np.eye(n) say, or leave it out."
    )


def _reason(op: Op, shapes: list[tuple[int, ...]], error: Exception) -> str:
    """Give the reason: the operation's own where its shape rule finds one, or NumPy's."""
    try:
        op.shape(*shapes)
    except (ValueError, IndexError, TypeError) as found:
        error = found.with_traceback(None)  # whose frames, this one among them, would hold the error that holds them
    reason = str(error).rstrip(".")
    return "the shapes do not broadcast together" if "broadcast" in reason else reason


def _written(op: Op, operands: list[str]) -> str:
    if op.name == "matmul":
        return " @ ".join(operands)
    return (
        op.text.format(**dict(zip(op.letters, operands, strict=True)), key=getattr(op, "key", ""))
        if (len(operands) == len(op.letters))
        else ", ".join(operands)
    )


def check_name(name: Any) -> str | None:
    """Give what a tensor is to be called, if it is a string or None."""
    if name is not None and not isinstance(name, str):
        raise TypeError(f"Tensor: a name is a string or None, not {type(name).__name__} {name!r}.")
    return name


def name_or(x: Any, otherwise: str) -> str:
    """Give a tensor's name, of letters that an error can print, or what it is called without."""
    return printable(x.name or "") or otherwise


def describe(x: Any, depth: int = 2) -> str:
    """Give an operand's name, or else how it was computed: ``sigmoid(affine(x, W1, b1))``."""
    if not isinstance(x, Recorder):
        return f"{x!r}" if isinstance(x, int | float) else named_arguments.name_argument(x) or type(x).__name__
    name = getattr(x, "name", None) or named_arguments.name_argument(x)
    if name or x.op is None:
        return printable(name or "") or type(x).__name__.lower()
    return f"{x.op.name}({', '.join(describe(part, depth - 1) for part in x.inputs) if depth else '…'})"


def made_at(operands: Iterable[Any]) -> str:
    """Say where operands were made, for those where that is known."""
    return "; ".join(dict.fromkeys(place for x in operands for place in _places(x)))


def _places(x: Any, depth: int = 2) -> list[str]:
    """Say where an operand, or the ones it was computed from, were made: ``W1 was made at model.py:7``."""
    if not isinstance(x, Recorder):
        return []
    if x.op is None:
        place = getattr(x, "place", None)
        return [f"{describe(x)} was made at {place}"] if place else []
    return [place for part in x.inputs for place in _places(part, depth - 1)] if depth else []


_PACKAGE = __name__.partition(".")[0]


def place() -> str | None:
    """Find the line outside this package that is making a tensor."""
    frame = find_user()
    return write_line(frame) if frame is not None else None


def find_user() -> FrameType | None:
    """Find the frame outside this package that all this comes from."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame = frame.f_back
    return frame


def write_line(frame: FrameType) -> str:
    """Give the line that a frame is in, as ``file.py:line``."""
    return f"{name_file(frame.f_code.co_filename)}:{frame.f_lineno}"


name_file = lru_cache(maxsize=256)(os.path.basename)  # asked for each operation that is traced


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn of the line outside this package that all this comes from, however deep within it is noticed."""
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame = frame.f_back
    registry = frame.f_globals.setdefault("__warningregistry__", {})
    warnings.warn_explicit(message, category, frame.f_code.co_filename, frame.f_lineno, registry=registry)
