"""Which values are arrays of numbers, and which look like them and are refused: by name, at the operation."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.common.dlpack import speaks_dlpack, take_memory


def as_numbers(called: str, x: Any) -> Any:
    """Give an array of numbers, of NumPy or of whatever speaks its protocols, as it is, and make one of a list.

    Raises ``TypeError`` for what computes by other rules than an array of numbers does (masked arrays, ``np.matrix``,
    sparse matrices) or holds something else (objects, as Fraction and Decimal, dates, text), ``ValueError`` for rows of
    unequal lengths; ``called`` is the operation or the argument that the message names. Arrays of PyTorch, JAX and
    others that speak DLPack are taken where they lie, on the host.
    """
    way_out = _way_out(type(x))
    if way_out:
        raise TypeError(f"{called}: wanted an array of numbers, not a {type(x).__name__}. {way_out}")
    if hasattr(x, "__array_function__") and hasattr(x, "shape"):
        array = x
    elif speaks_dlpack(x):
        array = take_memory(called, x)
    else:
        try:
            array = np.asarray(x)
        except ValueError as error:
            way = "Its rows must be of one length"
            raise ValueError(f"{called}: a {type(x).__name__} makes no array: {error} {way}.") from error
    if callable(x) and not isinstance(x, int):  # x.size is a number that can be called, as PyTorch's is
        name = getattr(x, "__name__", None) or type(x).__name__
        raise TypeError(f"{called}: wanted numbers, not {name} itself, which is to be called: write {name}(…).")
    if array.dtype.kind not in "biufc":
        raise TypeError(f"{called}: wanted numbers, not {_contents(x, array)}.{_conversion(x, array)}")
    return array


def _way_out(kind: type[Any]) -> str:
    """Say what to write instead of an array that computes by rules of its own; nothing for any other type."""
    if kind is np.ndarray:
        return ""
    for base in kind.__mro__:
        room = base.__module__
        if room.startswith("numpy.ma") and base.__name__ == "MaskedArray":
            return "Its mask would be lost: give x.filled(0), and weight the sum by ~x.mask."
        if room.startswith("numpy") and base.__name__ == "matrix":
            return "Its * is a matrix product: give np.asarray(x), and write @ for that."
        if room.startswith("scipy.sparse"):
            return "There are no sparse gradients yet: give x.toarray()."
    return ""


def _contents(x: Any, array: Any) -> str:
    """Name the type of what is no number, an element's where an array holds objects."""
    if array.dtype.kind != "O":
        return f"{type(x).__name__} (dtype {array.dtype})"
    kinds = {type(element).__name__ for element in array.flat}
    kind = next((name for name in sorted(kinds) if name not in ("int", "float")), "number")
    return f"a {kind}" if type(x).__name__ == kind else f"{type(x).__name__} of objects ({kind})"


def _conversion(x: Any, array: Any) -> str:
    """Say what to give instead: objects that convert to float, as Fraction does, become numbers so."""
    if x is None:
        return " Is a return missing in what gave it? An empty array is np.zeros(shape)."
    if isinstance(x, dict):
        return " Give its arrays one by one: {name: Tensor(x) for name, x in arrays.items()}."
    if hasattr(x, "__next__"):
        return " Make a list of what it gives, list(…)."
    if array.dtype.kind in "SU":
        return " Convert text with float(…), or np.asarray(texts, float)."
    if array.dtype.kind != "O":
        return ""
    return " Convert with .astype(float)." if array.ndim else " Convert with float(…), if it is a number."


def own_array(g: Any) -> Any:
    """Give a gradient an array of its own: the rules may pass one array on twice, or a view of another."""
    return np.asarray(g) if isinstance(g, np.generic) else g.copy()
