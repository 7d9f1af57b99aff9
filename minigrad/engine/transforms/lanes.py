"""Lanes: the values of all calls of a function under ``vmap``, in the place of the array of one.

They hold an operand with an axis in front, and apply an operation to all lanes by its ``batch``; that operand is an
array, or a Tensor with a record of its own, outside the function, or a Batched of a vmap around this one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from minigrad.engine.operand import Operand, map_operands
from minigrad.engine.recording import compilation, leaf_serial, tracer
from minigrad.engine.tensor import Tensor
from minigrad.ops import shaping
from minigrad.ops.base import Op, as_array
from minigrad.ops.common.libraries import find_other, move_beside
from minigrad.ops.elementwise import identity

_levels = count(1)


class Mapping:
    """A call of a function under vmap: how many lanes it has, and which vmap runs around it.

    ``kind`` makes the Tensors of its lanes, of the mapping and an operand that has them in front.
    """

    def __init__(self, called: str, size: int, outer: Mapping | None, kind: Callable[[Mapping, Any], Any]) -> None:
        self.called, self.size, self.outer, self.kind, self.running = called, size, outer, kind, True
        self.level = next(_levels)  # higher than that of any vmap around this one

    def stack(self, x: Any) -> Any:
        """Give an operand with an axis of lanes in front, of length 1 if it is the same in all; a number as it is."""
        if isinstance(x, Operand) and x.level == self.level:
            return x.array.stack
        if isinstance(x, int | float | complex) and not isinstance(x, np.generic):
            return x
        if type(x) is Tensor and x.serial <= 0 and compilation() is None:
            x = x.array  # a constant is not what makes Tensors of arrays
        x = as_array(x)
        return shaping.reshape(x, (1, *x.shape))

    def owns(self, x: Any) -> bool:
        """Say whether something is a Tensor of these lanes."""
        return isinstance(x, Tensor) and x.level == self.level

    def find_axis(self, x: Any) -> int | None:
        """Give the axis of the lanes in what an operand of them is made of; None if it is the same in all."""
        return 0 if self.owns(x) and x.array.stack.shape[0] == self.size else None

    def take_out(self, x: Any) -> Any:
        """Give what an operand of these lanes is made of outside: all lanes, or the one value that they share."""
        if not self.owns(x):
            return x
        return x.array.stack if self.find_axis(x) == 0 else x.array.stack[0]

    def wrap(self, x: Any) -> Any:
        """Give something as a constant of this mapping, the same in all lanes unless it is of it already."""
        return self.kind(self, self.stack(x))

    def variable(self, x: Any) -> Any:
        """Give a leaf of the same value, for a gradient transform to differentiate by."""
        if self.owns(x) and x.serial > 0:
            return identity(x)
        leaf = self.wrap(np.asarray(x) if isinstance(x, float) else x)
        leaf.serial, leaf.stored_grad = leaf_serial(), None
        return leaf

    def compute(self, op: Op, inputs: tuple[Any, ...]) -> Any:
        """Apply an operation to all lanes."""
        stacks = tuple(map(self.stack, inputs))
        watching = tracer()
        if watching is not None and watching.computes and not any(isinstance(x, Operand) for x in stacks):
            return self._compute_watched(op, inputs, stacks)
        try:
            return op.batch(*stacks)
        except TypeError:
            other = find_other(stacks)
            if other is None:
                raise
            return op.batch(*move_beside(other, stacks))

    def _compute_watched(self, op: Op, inputs: tuple[Any, ...], stacks: tuple[Any, ...]) -> Any:
        """Compute by Tensors, which a debugger looks at, and give an array, as arrays would."""
        named = (
            Tensor(x, name=getattr(t, "name", None)) if hasattr(x, "dtype") else x
            for x, t in zip(stacks, inputs, strict=True)
        )
        result = op.batch(*named)
        return result.array if isinstance(result, Tensor) else result

    def each(self, f: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call a function of NumPy's, that is no operation, for one lane after the other."""
        rows = []
        for i in range(self.size):
            lane = partial(self.choose, i)
            rows.append(f(*map_operands(args, lane), **map_operands(kwargs, lane)))
        if isinstance(rows[0], tuple):
            return tuple(self.join(f, column) for column in zip(*rows, strict=True))
        return self.join(f, rows)

    def join(self, f: Callable[..., Any], rows: Sequence[Any]) -> Any:
        """Give what a function has given for each lane as a Tensor of all of them."""
        arrays = [as_array(x) for x in rows]
        if len({x.shape for x in arrays}) != 1 or any(x.dtype.kind not in "biufc" for x in arrays):
            raise TypeError(
                f"{self.called}: np.{f.__name__} does not give an array of one shape for every lane. Choose by "
                f"np.where, which keeps the shape."
            )
        return self.kind(self, shaping.stack(arrays))

    def choose(self, i: int, x: Any) -> Any:
        """Give lane i of an operand, or what is the same in all."""
        if not self.owns(x):
            return x
        stack = x.array.stack
        return stack[min(i, stack.shape[0] - 1)]


class Lanes(Operand):
    """Values of all lanes, without a record: ``stack`` has them along its first axis, of length 1 if they are one."""

    __slots__ = ("mapping", "stack")
    has_data = False
    guarded = True
    op = None
    inputs = values = ()
    serial = 0

    def __init__(self, mapping: Mapping, stack: Any) -> None:
        self.mapping, self.stack = mapping, stack

    @property
    def level(self) -> int:  # type: ignore[override]
        """That of the vmap whose lanes these are."""
        return self.mapping.level

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis of one lane."""
        return tuple(self.stack.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the elements."""
        return self.stack.dtype

    @property
    def array(self) -> Lanes:
        """The lanes themselves, where a walk over Tensors has arrays."""
        return self

    def apply(self, op: Op, inputs: tuple[Any, ...]) -> Lanes:
        """Apply an operation to all lanes."""
        return Lanes(self.mapping, self.mapping.compute(op, inputs))

    def lift(self) -> Any:
        """Give the Tensor of these lanes."""
        return self.mapping.kind(self.mapping, self.stack)
