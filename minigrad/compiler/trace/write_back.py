"""Arrays among the arguments that the function writes into: the code gives new elements, and a call stores them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.compiler.trace.sharing import may_share_memory
from minigrad.compiler.trace.traced import Traced, TraceError
from minigrad.engine.messages.errors import describe, place
from minigrad.engine.tensor import Tensor
from minigrad.ops.common.libraries import is_other


@dataclass(frozen=True, eq=False)
class Given:
    """An array among the arguments, or a number of NumPy's: its position, what the function calls it, and its node."""

    position: int
    path: str
    array: Any
    node: Any

    @property
    def is_array(self) -> bool:
        """Whether there is memory to write into."""
        return isinstance(self.array, np.ndarray) or is_other(self.array)

    def check_writable(self) -> None:
        """Raise for an array that nobody may write into, as NumPy does."""
        if isinstance(self.array, np.ndarray) and not self.array.flags.writeable:
            raise ValueError(
                f"compile: at {place()} the function writes into {self.path}, whose flags.writeable is False. Pass a "
                f"copy of it, or compute a new array."
            )


def find_written(arrays: Mapping[Traced, Given]) -> dict[int, Any]:
    """Give the new elements of the arguments that were written into, by their positions."""
    written = {}
    for x, given in arrays.items():
        if x.node is given.node:
            continue
        if x.serial > 0:
            raise TraceError(
                f"compile: the function writes a value that has a gradient into {given.path}, an array of the "
                f"caller's, where the gradient would be lost. Compute a new array, as np.where(…) and np.stack do."
            )
        written[given.position] = x.node
    return written


def refuse_overlaps(
    arrays: Iterable[Given], written: Container[int], arguments: Sequence[Any], read: Sequence[Any]
) -> None:
    """Raise if an argument that is written into lies in the same memory as something else that the function reads."""
    for x in (x for x in arrays if x.position in written):
        others = [y for i, y in enumerate(arguments) if i != x.position and not isinstance(y, float)]
        if not are_apart([x.array], [*read, *others]):
            raise TraceError(
                f"compile: the function writes into {x.path}, which shares memory with something else that it reads, "
                f"where the code would not see what is written. Pass a copy of one of them."
            )


def are_apart(written: Sequence[Any], others: Iterable[Any]) -> bool:
    """Say whether arrays may be written into, and none of them shares memory with another or with one that is read.

    What is no array, in a call that another trace is for, may not.
    """
    arrays = [x.array if isinstance(x, Tensor) else x for x in others]
    read = [x for x in arrays if isinstance(x, np.ndarray) or is_other(x)]
    return all(
        (is_other(x) or (isinstance(x, np.ndarray) and x.flags.writeable))
        and not any(may_share_memory(x, y) for y in (*written[:i], *read))
        for i, x in enumerate(written)
    )


def check_memory_apart(tracer: Any) -> None:
    """Raise if two of the Tensors from outside look at the same memory, one of which is assigned to."""
    for t, _ in tracer.twins.values():
        if t.serial > 0 or ("data", id(t)) not in tracer.updates:
            continue
        for x, _ in tracer.twins.values():
            if x is not t and may_share_memory(x.array, t.array):
                raise TraceError(
                    f"compile: the function assigns to {describe(t)}{t.shape}, and uses {describe(x)}{x.shape}, which "
                    f"looks at the same memory. Take the view of it inside the function, as in v = x[…]."
                )
