"""One row of the tables of operations: what is called, on inputs of which shapes, and what the same is in NumPy."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.ops.base import Op, Shape

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Sample:
    """One operation on inputs of certain shapes.

    ``op`` is the Op, the class of Ops, or the function of several, that the row is there for; ``call`` is NumPy
    syntax, for arrays, Tensors and Nodes alike; ``reference`` is the same in NumPy alone, where ``call`` is not. Values
    are drawn from the domain ``low`` to ``high``. One that ``counts`` elements has a shape that depends on their
    values: no code can be written for it.
    """

    op: Op | type[Op] | Callable[..., Any]
    call: Callable[..., Any]
    shapes: tuple[Shape, ...]
    note: str = ""
    reference: Callable[..., Any] | None = None
    low: float = -2.0
    high: float = 2.0
    counts: bool = False

    def __str__(self) -> str:
        shapes = " ".join(str(shape).replace(" ", "") for shape in self.shapes)
        name = self.op.name if isinstance(self.op, Op) else self.op.__name__
        return " ".join(filter(None, (name, self.note, shapes)))

    def numpy(self, *arrays: Any) -> Any:
        """The value as NumPy computes it, without the engine."""
        return (self.reference or self.call)(*arrays)

    def arrays(self, dtype: Any = np.float64) -> list[Array]:
        """The inputs: points of an even grid, shuffled.

        No two values are closer than a step of the grid, and none is closer to 0 than a tenth of one, so that no kink
        is in reach of a finite difference. Complex ones have such real parts, and imaginary parts between them.
        """
        rng = np.random.default_rng(zlib.crc32(str(self).encode()))
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        grid = self.low + (self.high - self.low) * (np.arange(sum(sizes)) + 0.6) / max(sum(sizes), 1)
        grid = rng.permutation(grid)
        if np.dtype(dtype).kind == "c":
            grid = grid + 0.7j * rng.permutation(grid)
        parts = np.split(grid, np.cumsum(sizes)[:-1])
        return [part.reshape(shape).astype(dtype) for part, shape in zip(parts, self.shapes, strict=True)]
