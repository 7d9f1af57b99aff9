"""Node: an immutable expression without data, built by the same syntax and the same rules as a Tensor's record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from itertools import chain, count
from operator import is_
from threading import local
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from minigrad.engine.numbers import as_numbers
from minigrad.engine.operand import Operand
from minigrad.ops.base import Op, Shape, number_key
from minigrad.ops.common.alphabet import printable

Table = MutableMapping[tuple[Any, ...], "Node"]

_next_serial = count(1).__next__


class Node(Operand):
    """An expression: a named input, a constant array, or an operation on other expressions; of known shape and dtype.

    Applying an Op to Nodes computes nothing and gives the Node of the result, so an operation's rules, called with
    Nodes, write down the gradient's formula. Nodes of one ``table`` are interned: the same operation on the same
    inputs is the same Node. Inputs never are, so that two of one name stay two.

    >>> x = Node(name="x", shape=(3,), table={})
    >>> 1 - x * x is 1 - x * x
    True
    """

    __slots__ = (
        "__weakref__",
        "_dtype",
        "_shape",
        "inputs",
        "name",
        "op",
        "serial",
        "table",
        "value",
        "values",
        "weak",
    )
    __match_args__ = ("op", "inputs")
    has_data = False

    def __init__(
        self,
        op: Op | None = None,
        inputs: tuple[Any, ...] = (),
        *,
        name: str | None = None,
        shape: Shape = (),
        dtype: Any = np.float64,
        table: Table | None = None,
        value: Any = None,
        weak: bool = False,
    ) -> None:
        if name is not None and not name.isprintable():
            name = printable(name)
        self.op, self.inputs, self.values, self.name = op, inputs, inputs, name
        self._shape, self._dtype, self.serial = shape, np.dtype(dtype), _next_serial()
        self.table, self.value = table, value
        self.weak = weak  # a Python number not known yet: it takes the dtype of what it meets (NEP 50)

    @property
    def shape(self) -> Shape:
        """Length of each axis."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the elements."""
        return self._dtype

    @property
    def kind(self) -> Any:
        """What the value promotes by: the dtype, or of a Python number not known yet another one (NEP 50)."""
        return self._dtype.type().item() if self.weak else self._dtype

    @property
    def array(self) -> Node:
        """The expression itself: where a walk over Tensors computes with arrays, one over Nodes writes formulas."""
        return self

    def apply(self, op: Op, inputs: tuple[Any, ...]) -> Node:
        """Give the expression of an operation on expressions, numbers and arrays; of this Node's table."""
        inputs = tuple([x if type(x) in _OPERANDS else self.constant(x) for x in inputs])
        key = _key(op, inputs)
        known = None if self.table is None else self.table.get(key)
        if known is not None:
            return known
        shape = op.shape(*[x._shape if type(x) is Node else () for x in inputs])
        dtype = op.dtype(*[x.kind if type(x) is Node else x for x in inputs])
        weak = op.weak or (op.operator and all(x.weak for x in inputs if type(x) is Node))
        return self._keep(key, Node(op, inputs, shape=shape, dtype=dtype, table=self.table, weak=weak))

    def apply_alike(self, inputs: tuple[Any, ...]) -> Node:
        """Give the expression of this operation on other operands, each of which is alike to the one in its place."""
        assert self.op is not None
        key = _key(self.op, inputs)
        known = None if self.table is None else self.table.get(key)
        if known is not None:
            return known
        node = Node(self.op, inputs, shape=self._shape, dtype=self._dtype, table=self.table, weak=self.weak)
        return self._keep(key, node)

    def _keep(self, key: tuple[Any, ...], node: Node) -> Node:
        if self.table is not None:
            self.table[key] = node
        return node

    def is_alike(self, x: Any) -> bool:
        """Say whether an operand is an expression of this shape and kind, which an operation takes as it takes this."""
        return type(x) is Node and x._shape == self._shape and x._dtype == self._dtype and x.weak == self.weak

    def constant(self, x: Any) -> Any:
        """Give an array as a constant Node, and a NumPy scalar as the number that it is."""
        if isinstance(x, Operand):
            raise TypeError(f"a Node and a {type(x).__name__} do not mix; trace the function as a whole")
        if isinstance(x, int) and not isinstance(x, bool):  # a Count, of x.size
            return int(x)
        x = np.asarray(as_numbers("a traced operation", x))
        return x.item() if not x.ndim else Node(shape=x.shape, dtype=x.dtype, table=self.table, value=x)

    def __copy__(self) -> Node:
        return self

    def __deepcopy__(self, memo: Any) -> Node:
        return self  # which never changes, and is known by its identity

    def __reduce__(self) -> Any:
        return restore_node, (flatten_nodes([self]),)

    def __repr__(self) -> str:
        return f"Node({self.name or self.op!r}, shape={self.shape})"


_OPERANDS = frozenset((Node, int, float, complex))


def _key(op: Op, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give what two Nodes of one table have in common only if they are one."""
    return (op, *[id(x) if type(x) is Node else number_key(x) for x in inputs])


def table_of_living() -> Table:
    """Give a table that holds none of its Nodes, for a graph that its user keeps: they go with the last who has them.

    It is asked in half a microsecond more, of which a compiler asks too often.
    """
    return WeakValueDictionary()


def seed_node(output: Node) -> Node:
    """Give ∂E/∂E = 1 for a loss E: the constant that a walk back from it begins with."""
    return Node(value=np.ones((), output.dtype), dtype=output.dtype, table=output.table)


def forget_alike(outputs: Iterable[Any]) -> None:
    """Forget which expressions of the outputs' tables there are: no others will be made that could be one of them.

    A table holds its Nodes and they hold it: without that circle they go with the last one who has them, and need not
    wait for the garbage collector.
    """
    for x in outputs:
        if type(x) is Node and x.table is not None:
            x.table.clear()


def count_uses(nodes: Iterable[Node], outputs: Iterable[Any]) -> Counter[Node]:
    """Count how often each Node is an operand of others, or an output."""
    read = chain.from_iterable(node.inputs for node in nodes)
    return Counter(x for x in chain(read, outputs) if isinstance(x, Node))


class _Latest(local):
    """What has been ordered last in this thread, where that is kept."""

    kept = False
    outputs: Sequence[Any] = ()
    nodes: Sequence[Node] = ()


_latest = _Latest()


@contextmanager
def order_kept() -> Iterator[None]:
    """Keep the latest order within: half of a compiler's passes change nothing, so that the next one asks again."""
    before, _latest.kept = _latest.kept, True
    try:
        yield
    finally:
        _latest.kept, _latest.outputs, _latest.nodes = before, (), ()


def order_nodes(outputs: Iterable[Any]) -> list[Node]:
    """Give the Nodes that outputs depend on, and the outputs, each once and after its inputs; without recursion.

    Every pass begins with it: it looks at each operand once, and goes no further down where there are none.
    """
    if not _latest.kept:
        return _order_anew(outputs)
    outputs = list(outputs)
    if len(outputs) != len(_latest.outputs) or not all(map(is_, outputs, _latest.outputs)):
        _latest.outputs, _latest.nodes = outputs, _order_anew(outputs)
    return list(_latest.nodes)


def _order_anew(outputs: Iterable[Any]) -> list[Node]:
    done: dict[Node, None] = {}
    stack: list[tuple[Any, Iterator[Any]]] = [(None, iter(outputs))]  # a Node, and those of its operands that are left
    while stack:
        node, left = stack[-1]
        for x in left:
            if type(x) is not Node or x in done:
                continue
            if x.op is not None:
                stack.append((x, iter(x.inputs)))
                break
            done[x] = None
        else:
            stack.pop()
            if node is not None:
                done[node] = None
    return list(done)


def flatten_nodes(outputs: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Give the Nodes that outputs depend on as rows in order, each with the places of its operands.

    A copy is made of them: from each to its operands it would not get through a deep graph, and what a table knows its
    Nodes by is another identity elsewhere.
    """
    place: dict[Node, int] = {}
    rows = []
    for node in _order_anew(outputs):
        inputs = [(True, place[x]) if type(x) is Node else (False, x) for x in node.inputs]
        rows.append((node.op, inputs, node.name, node.shape, node.dtype, node.value, node.weak, node.table is None))
        place[node] = len(place)
    return rows


def restore_nodes(rows: Iterable[tuple[Any, ...]]) -> list[Node]:
    """Give the Nodes of such rows, of a table of their own."""
    nodes: list[Node] = []
    own = table_of_living()
    for op, parts, name, shape, dtype, value, weak, alone in rows:
        inputs = tuple([nodes[x] if is_place else x for is_place, x in parts])
        table = None if alone else own
        node = Node(op, inputs, name=name, shape=shape, dtype=dtype, table=table, value=value, weak=weak)
        nodes.append(node if op is None else node._keep(_key(op, inputs), node))
    return nodes


def restore_node(rows: Iterable[tuple[Any, ...]]) -> Node:
    """Give the Node of such rows, which is the last."""
    return restore_nodes(rows)[-1]
