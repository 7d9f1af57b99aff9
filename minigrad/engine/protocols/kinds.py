"""NumPy's functions that depend on the shapes and dtypes of their arguments alone: known while a function is traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.ops.base import Recorder


def _stand_in(x: Any) -> Any:
    """Give an array of one element in memory that has an operand's shape and dtype, or a Python number for one."""
    if isinstance(x, list | tuple):
        return type(x)(map(_stand_in, x))
    if not isinstance(x, Recorder):
        return x
    kind: Any = x
    number = np.zeros((), kind.dtype)
    return number.item() if getattr(kind, "weak", False) else np.broadcast_to(number, kind.shape)


def _of_kinds(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of NumPy's one of operands."""
    return lambda *args, **named: f(*map(_stand_in, args), **{name: _stand_in(x) for name, x in named.items()})


OF_KINDS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    **{f: _of_kinds(f) for f in (np.size, np.iscomplexobj, np.isrealobj, np.result_type, np.einsum_path)},
    **{f: _of_kinds(f) for f in (np.common_type, np.can_cast)},
    **{f: _of_kinds(f) for f in (np.diag_indices_from, np.tril_indices_from, np.triu_indices_from)},
}
