"""What a part of a computation consisted of, as one number, to tell whether it was the same when computed again.

Its value alone does not say: 0 · 2 and 0 · 3 are one value, with derivatives 2 and 3.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np

from minigrad.engine.tensor import Tensor
from minigrad.engine.transforms.frugal import Frugal


class Marking(Frugal):
    """Follows every operation that is recorded, by its name, its fields and the constants among its operands.

    With ``lets_go`` it lets go of arrays that nobody will read, too.
    """

    def __init__(self, lets_go: bool) -> None:
        super().__init__()
        self.lets_go, self.mark = lets_go, 0

    def follow(self, t: Any) -> None:
        """Note an operation, and what it was given."""
        if t.serial > 0:
            inputs, values = (t._a, t._x) if t._b is None else ((t._a, t._b), (t._x, t._z))
            given = (v for x, v in zip(inputs, values, strict=True) if not (isinstance(x, Tensor) and x.serial > 0))
            self.mark = hash((self.mark, type(t.op), t.op.name, t.op if t.op.fields else None, *map(_read, given)))
        if self.lets_go:
            super().follow(t)


def _read(x: Any) -> Any:
    """Give what tells a constant from others: of an array that of its bytes, at 5 GB a second."""
    if type(x) is np.ndarray:
        return x.shape, x.dtype.char, crc32(np.ascontiguousarray(x).data)
    return repr(x) if isinstance(x, int | float | complex | np.generic) else type(x)
