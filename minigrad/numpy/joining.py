"""``np.r_[…]`` and ``np.c_[…]`` of tensors, which NumPy would make an array of each of."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.engine.operand import Operand
from minigrad.numpy.making import array, holds_operand


class Joining:
    """NumPy's ``r_``, which joins along the first axis, or ``c_``, which has vectors as columns and joins these."""

    def __init__(self, plain: Any, axis: int, ndmin: int) -> None:
        self.plain, self.axis, self.ndmin = plain, axis, ndmin

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if not holds_operand(parts):
            return self.plain[key]
        if isinstance(parts[0], str):
            raise TypeError(f"{parts[0]!r} in brackets is not for tensors. Write np.concatenate or np.stack.")
        arrays = [self._as_part(x) for x in parts]
        kinds = (x if type(x) in (int, float, complex) else a.dtype for x, a in zip(parts, arrays, strict=True))
        kind = numpy.result_type(*kinds)
        return numpy.concatenate([a.astype(kind, copy=False) for a in arrays], axis=self.axis)

    def _as_part(self, x: Any) -> Any:
        made = numpy.r_[x] if isinstance(x, slice) else x if isinstance(x, Operand) else array(x)
        if made.ndim == 1 and self.ndmin == 2:
            return made[:, None]
        return array(made, copy=False, ndmin=self.ndmin) if made.ndim < self.ndmin else made


r_ = Joining(numpy.r_, axis=0, ndmin=1)
c_ = Joining(numpy.c_, axis=-1, ndmin=2)
