"""What a truth value was computed from: no gradient flows through u > 0, but a derivation can say that it is that."""

from __future__ import annotations

from typing import Any
from weakref import ref

from minigrad.engine.operand import Operand
from minigrad.ops.base import Op

COMPARED = -1  # the serial of a constant that remembers this


class Comparison:
    """An operation and its operands, of which those that are recorded are not kept alive.

    A mask that outlives the computation that it comes from, to be counted at the end of an epoch say, does not keep
    all of that computation's record.
    """

    __slots__ = ("again", "inputs", "op")

    def __init__(self, op: Op, inputs: tuple[Any, ...], again: bool) -> None:
        self.op, self.inputs, self.again = op, inputs, again

    def read(self) -> tuple[Op, tuple[Any, ...]] | None:
        """Give the operation and its operands, or None if one of them is gone."""
        inputs = tuple(x() if isinstance(x, ref) else x for x in self.inputs)
        return None if any(x is None for x in inputs) else (self.op, inputs)


def keep_comparison(op: Op, inputs: tuple[Any, ...], data: Any) -> Comparison | None:
    """Give what to keep of truth values of recorded operands, and of one operation more on these, as astype is.

    For anything else None: a running count of truth values does not keep all of its past.
    """
    if data.dtype.kind == "b" and any(isinstance(x, Operand) and x.serial > 0 for x in inputs):
        return Comparison(op, tuple([ref(x) if isinstance(x, Operand) else x for x in inputs]), again=False)
    operands: list[Any] = [x for x in inputs if isinstance(x, Operand)]
    kept = [x._a if x.serial == COMPARED else None for x in operands]
    again = all(isinstance(how, Comparison) and not how.again for how in kept)
    return Comparison(op, inputs, again=True) if again else None
