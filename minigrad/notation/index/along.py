"""What is said of the axes of an operation's inputs: which runs along with one of the output, which is summed over."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minigrad.engine.node import Node
from minigrad.ops.places.assignment import AssignAt
from minigrad.ops.places.sorting import ArgSort

# An axis of the output (an int), one summed over ("r"), a place made of these (Moved), or one that a table has for
# them (Looked); or none (length 1).
Label = Any


class Moved(NamedTuple):
    """A place made of others, Σ times ⌊label / per⌋ + offset; ``inside`` if it is never outside of its axis.

    ``parts`` are (times, label, per); a label may be such a place itself.
    """

    parts: tuple[tuple[int, Label, int], ...] = ()
    offset: int = 0
    inside: bool = False


class Table:
    """Whole numbers that are places, which a letter stands for: an ``array`` or, if they depend on data, a ``node``.

    ``said`` has words for what they are, where the node has none that a reader would know.
    """

    def __init__(self, array: np.ndarray[Any, Any] | None, node: Node | None = None, said: str = "") -> None:
        self.array, self.node, self.said = array, node, said
        places: Any = node if array is None else array
        self.shape: tuple[int, ...] = places.shape
        self._key = order_key(node) if array is None else (self.shape, array.tobytes())

    @classmethod
    def of(cls, places: Any, n: int | None = None) -> Table:
        """Make one of an operand, or of an array of places on an axis of n, which may be counted from its end."""
        if isinstance(places, Node):
            if places.op is not None or places.value is None:
                return cls(None, places)
            places = places.value
        array = np.asarray(places, np.int64)
        return cls(array if n is None else np.where(array < 0, array + n, array))

    def __len__(self) -> int:
        return int(np.prod(self.shape))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def undoes(self, other: Table) -> bool:
        """Say whether these places are those that put the others in order again: ranks of an order, an order of ranks.

        The order of an order is its inverse, a table of ranks.
        """
        if self.array is not None or other.array is not None:
            return False
        (*what, own), (*of, its) = self._key, other._key
        return what == of and {own, its} == {True, False}


def order_key(node: Any) -> Any:
    """Give what places are the same by: an order is made anew each time it is asked for; of which, whether of ranks."""
    orders = []
    while isinstance(node.op, ArgSort):
        orders.append(node.op.axis % node.ndim)
        (node,) = node.inputs
    if isinstance(node.op, AssignAt) and all(part is None for part in node.op.template):
        return (id(node.inputs[-1]), node.op.template, node.shape, None)  # made anew, too
    return (id(node), orders[-1], len(orders) % 2 == 0) if orders else (id(node), None)


class Looked(NamedTuple):
    """The place that a table has at some labels, on an axis of n."""

    table: Table
    labels: tuple[Label, ...]
    n: int


class Along(NamedTuple):
    """For each input the label of each of its axes, and the labels that are summed over; None for what is a table.

    ``free`` are those that no input has for an axis, with how many places they run over and the letters that books
    give them, in order of liking: (label, size, letters). A sum may be of the places alone
    ``where`` one equals another, or is in a range from 0 on.
    """

    inputs: tuple[tuple[Label, ...] | None, ...]
    bound: tuple[str, ...] = ()
    free: tuple[tuple[str, int, str], ...] = ()
    where: tuple[tuple[Label, Label | range], ...] = ()


class NoIndexForm(Exception):
    """An operation that rearranges elements in a way that no index says."""
