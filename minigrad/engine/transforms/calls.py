"""A call of a function as one operation of a record, whatever the function does within."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np

from minigrad.engine.node import Node
from minigrad.ops.base import EachInput, Op, Shape
from minigrad.ops.common.alphabet import name_operands


class Call(Op):
    """One call of a function as one operation.

    ``compute(*inputs)`` gives its value anew, ``pull(g, y, inputs)`` the gradients of all inputs at once;
    ``again(*inputs)`` is another call, on Tensors.
    """

    splits = True

    def __init__(
        self,
        name: str,
        inputs: int,
        compute: Callable[..., Any],
        pull: Callable[..., Sequence[Any]],
        like: Any,
        again: Callable[..., Any] | None = None,
    ) -> None:
        self.name, self.compute, self.pull, self.again = name, compute, pull, again
        self.gives = tuple(like.shape), np.dtype(like.dtype)  # not the result itself, which has this operation
        self.letters = name_operands(inputs)
        self.text = f"{name}({', '.join(f'{{{letter}}}' for letter in self.letters)})"

    def __call__(self, *inputs: Any) -> Any:
        """Call the function on other operands; expressions only write it down."""
        if self.again is None or any(isinstance(x, Node) for x in inputs):
            return super().__call__(*inputs)
        return self.again(*inputs)

    def forward(self, *arrays: Any) -> Any:
        """Compute the value anew."""
        return self.compute(*arrays)

    def split(self, inputs: Sequence[Any]) -> list[Any]:
        """Give the rule of each input; the first that is asked finds the gradients of all."""
        found: list[Sequence[Any]] = []

        def rule(i: int, op: Op, g: Any, y: Any) -> Any:
            if not found:
                found.append(self.pull(g, y, inputs))
            return found[0][i]

        return [partial(rule, i) for i in range(len(inputs))]

    vjps = EachInput(lambda i, op, g, y, *inputs: op.split(inputs)[i](op, g, y))

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of what the call gave."""
        return self.gives[0]

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype of what the call gave."""
        return self.gives[1]


def part_joined(joined: Any, like: Sequence[Any]) -> list[Any]:
    """Give the parts of a vector that ``join_leaves`` made of tensors like those."""
    if len(like) == 1:
        return [joined]
    stops = list(accumulate(x.size for x in like))
    parts = (np.reshape(joined[stop - x.size : stop], x.shape) for x, stop in zip(like, stops, strict=True))
    return [part if part.dtype == x.dtype else part.astype(x.dtype) for part, x in zip(parts, like, strict=True)]
