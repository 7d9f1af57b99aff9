"""Two traces of one call: what differs between them would be frozen into the code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from minigrad.compiler.trace.sources import Captured, Data, Source
from minigrad.compiler.trace.traced import TraceError
from minigrad.engine.node import Node, order_nodes
from minigrad.ops.base import number_key
from minigrad.ops.common.dtypes import read_bits


class Computation(Protocol):
    """Expressions, of inputs that are read somewhere."""

    inputs: dict[Node, Source]

    @property
    def outputs(self) -> list[Any]:
        """All that is computed."""


def refuse_differences(first: Computation, second: Computation, places: Mapping[Any, str]) -> None:
    """Raise if two traces of the same call are not the same computation."""
    pairs = [_described(record) for record in (first, second)]
    for (a, node), (b, _) in zip(*pairs, strict=False):
        if a != b:
            where = places.get(node) or getattr(first.inputs.get(node), "place", None) or "a line of it"
            raise TraceError(
                f"compile: at {where} the function computes with a value that is another in every call, and that "
                f"would be frozen into the code. Pass it as an argument; draw random numbers by minigrad.nn.Dropout, "
                f"or outside the function."
            )
    if len(pairs[0]) != len(pairs[1]):
        raise TraceError("compile: the function does not do the same in every call; pass what it depends on instead.")


def _described(record: Computation) -> list[tuple[Any, Node]]:
    """Give a record in terms that can be compared: operations, positions of their operands, and constants."""
    numbers: dict[Node, int] = {}
    rows: list[tuple[Any, Node]] = []
    for node in order_nodes(record.outputs):
        numbers[node] = len(numbers)
        if node.op is not None:
            rows.append(((node.op, *(numbers[x] if isinstance(x, Node) else number_key(x) for x in node.inputs)), node))
        elif node in record.inputs:
            rows.append((identify_source(record.inputs[node]), node))
        else:
            rows.append((None if node.value is None else (node.value.dtype.str, read_bits(node.value)), node))
    return rows


def identify_source(source: Source) -> Any:
    """Give what a source reads, or its contents where the function itself may have made it."""
    array = source.array if isinstance(source, Captured) else None
    if isinstance(source, Data) and source.tensor.op is None and not source.tensor.requires_grad:
        array = source.tensor.array
    if isinstance(array, np.ndarray):
        return (array.shape, array.dtype.str, read_bits(array))
    return source.key
