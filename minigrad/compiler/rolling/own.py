"""What each turn has of its own, as 1 / (t + 1), side by side: one array, of which each turn takes its element."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.compiler.passes.places import Places, count_places, find_places, write_places
from minigrad.compiler.passes.promotion import find_loop_dtypes
from minigrad.compiler.rolling.keys import without_numbers
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Where, add, subtract
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.indexing import Index
from minigrad.ops.shaping import Stack, Transpose


@dataclass(frozen=True)
class Numbers:
    """The operand that numbers of the turns' own are: an array, by its bytes, so that 0.0 and −0.0 are two."""

    content: bytes
    dtype: np.dtype[Any]

    def as_node(self) -> Node:
        """Give the array, as a constant."""
        value = np.frombuffer(self.content, self.dtype)
        return Node(value=value, shape=value.shape, dtype=value.dtype)


@dataclass(frozen=True)
class Picked:
    """The operand that parts of an array are, X[p] for the p of a turn each."""

    whole: Node
    axis: int
    places: tuple[int, ...]  # along the axis, of each turn
    rest: Places  # of all axes, in the first

    def pick(self, whole: Node) -> Node:
        """Give the parts, side by side."""
        length = whole.shape[self.axis]
        seen: Any = whole
        if self.rest[self.axis + 1 :] != find_places((), whole.shape[self.axis + 1 :]) or self.axis:
            seen = Index(write_places((*self.rest[: self.axis], range(length), *self.rest[self.axis + 1 :])))(whole)
        behind = sum(isinstance(x, range) for x in self.rest[: self.axis])
        found = Index((*(slice(None),) * behind, np.array(self.places)))(seen)
        return Transpose((behind, *(i for i in range(found.ndim) if i != behind)))(found) if behind else found


@dataclass(frozen=True)
class Gathered:
    """The operand that things of the turns' own are, laid side by side."""

    nodes: tuple[Any, ...]

    def gather(self, nodes: Sequence[Any]) -> Any:
        """Lay them side by side; of what is known, an array that is."""
        values = [getattr(x, "value", None) for x in nodes]
        if any(x is None for x in values):
            return Stack()(*nodes)
        value = np.stack([np.asarray(x) for x in values])
        return Node(value=value, shape=value.shape, dtype=value.dtype)


def gather_own(nodes: Sequence[Node], place: int, op: Op | None) -> Numbers | Picked | Gathered | None:
    """Give what operations have in one place as one operand; None where numbers cannot be one."""
    operands = tuple([x.inputs[place] for x in nodes])
    if not any(isinstance(x, Node) for x in operands):
        return gather_numbers(nodes, place, op)
    return find_picked(operands) or Gathered(operands)


def find_picked(operands: Sequence[Any]) -> Picked | None:
    """Give parts of one array, which are alike but for the place along one axis."""
    found: list[Places] = []
    for x in operands:
        if not isinstance(x, Node) or type(x.op) is not Index or x.inputs[0] is not operands[0].inputs[0]:
            return None
        places = find_places(x.op.key, x.inputs[0].shape) if isinstance(x.inputs[0], Node) else None
        if places is None or x.shape != count_places(places):
            return None
        found.append(places)
    moving = [i for i, along in enumerate(zip(*found, strict=True)) if len(set(along)) > 1]
    if len(moving) != 1:
        return None
    (axis,) = moving
    along = tuple(places[axis] for places in found)
    if not all(isinstance(place, int) for place in along):
        return None
    return Picked(operands[0].inputs[0], axis, along, found[0])  # type: ignore[arg-type]


def takes_off_number(node: Node) -> bool:
    """Say whether a node is x − c, to the last bit x + (−c): what adds a table's numbers is now one, now the other."""
    return node.op == subtract and type(node.inputs[1]) is float and node.dtype.kind == "f"


def read_operand(node: Node, place: int, op: Op | None) -> Any:
    """Give an operand as it is in the place of another operation's: of x − c, the −c of x + (−c)."""
    x = node.inputs[place]
    return -x if node.op != op and place == 1 and type(x) is float else x


def gather_numbers(nodes: Sequence[Node], place: int, op: Op | None) -> Numbers | None:
    """Give the numbers that operations have in one place, in the dtype that NumPy computes with them in, if it is one.

    A number of an array has a dtype of its own, where one in the code takes that of what it meets.
    """
    dtypes = {_find_dtype(node, place) for node in nodes}
    numbers = [read_operand(node, place, op) for node in nodes]
    (dtype,) = dtypes if len(dtypes) == 1 else (None,)
    if dtype is None or dtype.kind not in "biufc":
        return None
    try:
        found = np.array(numbers, dtype)
    except (OverflowError, TypeError):  # 300 in the place of a uint8, or 1j in that of a float
        return None
    whole = dtype.kind in "biu"
    lost = whole and any(type(x) is not int and not isinstance(x, bool | np.bool_ | np.integer) for x in numbers)
    return None if lost else Numbers(found.tobytes(), dtype)


def _find_dtype(node: Node, place: int) -> np.dtype[Any] | None:
    """Give the dtype that an operand is converted to; None where that is not known."""
    if isinstance(node.op, Elementwise) and isinstance(node.op.forward, np.ufunc):
        return find_loop_dtypes(node)[place]
    if isinstance(node.op, Where):
        return node.dtype if place else np.dtype(bool)
    return None


def is_foldable(x: Node) -> bool:
    """Say whether an operation can be one of a loop's: what gives Python numbers cannot, which have no dtype yet."""
    return x.op is not None and not x.weak and getattr(x.op, "folds", True)


def describe(node: Node) -> Hashable:
    """Say what an operation is, but for the numbers in its index and for what it is computed from."""
    operands = tuple([(x.shape, x.dtype.char, x.weak) if type(x) is Node else type(x) for x in node.inputs])
    op = add if takes_off_number(node) else node.op
    return without_numbers(op), node.shape, node.dtype.char, operands  # type: ignore[arg-type]
