"""Recording that keeps no array which no rule will read: of tanh(x W + b) x, W and the result.

A tensor keeps all that it was computed from, for derivations, pictures and errors to show. A checkpoint's part is seen
by its gradient alone, and that needs a fifth to a half of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from sys import getrefcount
from typing import Any

import numpy as np

from minigrad.engine.node import Node, order_nodes
from minigrad.engine.recording import traced_by
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.versions import assigned
from minigrad.engine.writing.watch import COUNTS, LENT
from minigrad.ops.base import Op

LATEST = 6  # results that are looked at once more: what an expression has in hand, the next operations let go
_untraced = traced_by(None)
_known: dict[Any, tuple[bool, tuple[bool, ...]]] = {}


class Unread(np.lib.mixins.NDArrayOperatorsMixin):
    """Stands for an array that no rule reads the elements of; as an array it is computed again.

    Whoever takes a gradient of a gradient within the checkpoint computes with it as with an array.
    """

    __slots__ = ("dtype", "op", "shape", "values")
    base, nbytes = None, 0

    def __init__(self, op: Op, values: tuple[Any, ...], array: Any) -> None:
        self.op, self.values, self.shape, self.dtype = op, values, array.shape, array.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        values = (np.asarray(x) if isinstance(x, Unread) else x for x in self.values)
        return np.asarray(self.op.forward(*values), dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        arrays = (np.asarray(x) if isinstance(x, Unread) else x for x in inputs)
        return getattr(ufunc, method)(*arrays, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(np.asarray(self), name)

    def __getitem__(self, key: Any) -> Any:
        return np.asarray(self)[key]


class Frugal:
    """Follows every operation that is recorded, and lets go of arrays that nobody will read."""

    computes = follows = True  # a tensor computes, and shows it the result

    def __init__(self) -> None:
        self.latest: list[Any] = []  # results that their own rules do not read
        self.uses: dict[int, int] = {}  # how often those are operands of others

    def follow(self, t: Any) -> None:
        """Keep of a result's operands what its rules read, and let go of earlier results that nobody has any more."""
        if t.serial <= 0 or type(t.array) is not np.ndarray or assigned or not COUNTS:
            return
        inputs = t._a if t._b is None else (t._a, t._b)
        values = t._x if t._b is None else (t._x, t._z)
        of_result, of_operands = find_read(t.op, t.array, values)
        uses = self.uses
        for x in inputs if uses else ():
            if id(x) in uses:
                uses[id(x)] += 1
        if not all(of_operands):
            t._a, t._b, t._x = inputs, None, tuple(map(_keep_read, inputs, values, of_operands))
        del inputs, values
        if uses:
            x = None
            self.let_go()
        if not of_result:
            self.latest.append(t)
            uses[id(t)] = 0

    def check_walk(self, output: Any, gradient: Any, since: int) -> None:
        """Let a gradient be taken."""

    def touch(self, t: Any) -> None:
        """Let one be read."""

    def forget(self, t: Any) -> None:
        """Let one be forgotten."""
        t.stored_grad = None

    def step(self, optimizer: Any) -> None:
        """Let an optimizer make its step."""
        with _untraced:
            optimizer.step()

    def let_go(self) -> None:
        """Let the results that only records hold stand for their arrays."""
        latest = self.latest
        for i in range(len(latest) - 1, -1, -1):
            t = latest[i]
            held = getrefcount(t) - 3 + LENT  # the list, the variable and the count's own
            if held <= self.uses[id(t)] > 0:
                t.array = Unread(t.op, t._x if t._b is None else (t._x, t._z), t.array)
                del latest[i], self.uses[id(t)]
        if len(latest) == LATEST:
            del self.uses[id(latest[0])], latest[0]


def _keep_read(x: Any, value: Any, read: bool) -> Any:
    """Give what a record keeps of an operand."""
    lets_go = not read and isinstance(x, Tensor) and x.op is not None and type(value) is np.ndarray
    return Unread(x.op, x._x if x._b is None else (x._x, x._z), value) if lets_go else value


def find_read(op: Op, y: Any, values: Sequence[Any]) -> tuple[bool, tuple[bool, ...]]:
    """Say whether the rules of an operation read its result's elements, and those of which operands.

    They are asked: called with expressions, each gives one in which what it reads is found.
    """
    kinds = (op, *((x.shape, x.dtype) if type(x) is np.ndarray else (type(x),) for x in values))
    if kinds not in _known:
        try:
            _known[kinds] = _ask_rules(op, y, values)
        except Exception:  # whatever a rule raises that was not meant for expressions
            _known[kinds] = True, (True,) * len(values)
    return _known[kinds]


def _ask_rules(op: Op, y: Any, values: Sequence[Any]) -> tuple[bool, tuple[bool, ...]]:
    def stand_in(x: Any) -> Any:
        return Node(shape=x.shape, dtype=x.dtype, table={}) if type(x) is np.ndarray else x

    if op.splits or op.guarded_vjps is not None or op.chooses:  # of which the walk asks for more than the rules do
        return True, (True,) * len(values)
    inputs, result, g = [*map(stand_in, values)], stand_in(y), stand_in(y)
    rules = (op.vjps[i] for i in range(len(inputs)))  # not the sequence itself, which may have no end
    found = [rule(op, g, result, *inputs) for rule in rules if rule is not None]
    read = {id(x) for x in order_nodes(found)}
    return id(result) in read, tuple(id(x) in read or not isinstance(x, Node) for x in inputs)
