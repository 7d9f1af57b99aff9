"""What a truth value was computed from: no gradient flows through u > 0, but a derivation can say that it is that."""

from __future__ import annotations

from typing import Any
from weakref import ref

from minigrad.engine.operand import Operand
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.linalg import Affine, MatMul

COMPARED = -1  # the serial of a constant that remembers this
STEPS = 3  # operations on the way to what is compared, in np.abs(y - t) < 1 two, that are remembered
AGAIN = (Elementwise, Affine, MatMul)  # what is computed again


class Comparison:
    """An operation and its operands, of which those that are recorded are not kept alive.

    A mask that outlives the computation that it comes from, to be counted at the end of an epoch say, does not keep
    all of that computation's record. What is computed for the comparison alone, np.abs(u) < 1, is gone after it: how
    is remembered, and it is computed again.
    """

    __slots__ = ("again", "inputs", "op")

    def __init__(self, op: Op, inputs: tuple[Any, ...], again: bool) -> None:
        self.op, self.inputs, self.again = op, inputs, again

    def read(self) -> tuple[Op, tuple[Any, ...]] | None:
        """Give the operation and its operands, or None if one of them is gone."""
        inputs = tuple(map(_recall, self.inputs))
        return None if any(x is None for x in inputs) else (self.op, inputs)


class Step:
    """A result of an operation, weakly, and how to compute it again."""

    __slots__ = ("inputs", "op", "result")

    def __init__(self, x: Any, steps: int) -> None:
        self.result, self.op, self.inputs = ref(x), x.op, tuple(_remember(part, steps) for part in x.inputs)

    def recall(self) -> Any:
        """Give the result, computed again if it is gone; None if something that it was computed from is, too."""
        x = self.result()
        if x is not None:
            return x
        inputs = tuple(map(_recall, self.inputs))
        return None if any(part is None for part in inputs) else self.op(*inputs)


def _remember(x: Any, steps: int = STEPS) -> Any:
    """Give what an operand is remembered by, which keeps no record alive."""
    if isinstance(x, Operand) and x.serial > 0 and steps and isinstance(x.op, AGAIN):
        return Step(x, steps - 1)
    return ref(x) if isinstance(x, Operand) else x


def _recall(x: Any) -> Any:
    return x.recall() if isinstance(x, Step) else x() if isinstance(x, ref) else x


def keep_comparison(op: Op, inputs: tuple[Any, ...], data: Any) -> Comparison | None:
    """Give what to keep of truth values of recorded operands, and of one operation more on these, as astype is.

    For anything else None: a running count of truth values does not keep all of its past.
    """
    if data.dtype.kind == "b" and any(isinstance(x, Operand) and x.serial > 0 for x in inputs):
        return Comparison(op, tuple(map(_remember, inputs)), again=False)
    operands: list[Any] = [x for x in inputs if isinstance(x, Operand)]
    kept = [x._a if x.serial == COMPARED else None for x in operands]
    again = all(isinstance(how, Comparison) and not how.again for how in kept)
    return Comparison(op, inputs, again=True) if again else None
