"""Assignment in the memory where a tensor lies, where nobody reads any more what it held: a loop fills one array.

Without it each turn of a loop that fills n elements would copy all of them, and the record would hold n copies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from sys import getrefcount
from typing import Any
from weakref import ref

import numpy as np

from minigrad.engine.blocks import in_force
from minigrad.engine.operand import Operand
from minigrad.engine.writing.watch import LENT, is_held
from minigrad.ops.base import Op
from minigrad.ops.places.assignment import Assign

Assigning = Callable[[Op, Any, Any], Any]  # of an ``Assign``, what the tensor was, and the new elements


class Overwritten:
    """Stands for the elements that a version of a tensor had: as an array they are computed again, from the first."""

    __slots__ = ("__weakref__", "dtype", "shape", "version")
    base, nbytes = None, 0

    def __init__(self, version: Any, array: Any) -> None:
        self.version, self.shape, self.dtype = ref(version), array.shape, array.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        version: Any = self.version()
        later = []
        while isinstance(version.array, Overwritten) and isinstance(version.op, Assign):
            later.append(version)
            version = version._a[0]
        gone = isinstance(version.array, Overwritten)  # of what was made to be written into
        array = np.array(version.op.forward(*version.values) if gone else version.array, dtype)
        for x in later[::-1]:
            array = x.op.write(array, x._x[1])
        return array


def read_elements(t: Any) -> Any:
    """Give the array of a tensor, also of a version whose elements have been written over."""
    return np.asarray(t.array) if isinstance(t.array, Overwritten) else t.array


class Overwriting:
    """One assignment: whether the array of ``root`` can be written into, once ``old``, what it was, has let go of it.

    ``views`` are pairs of a view of root and what it was. ``release`` takes from a record what it holds of the array
    without need: an operation that reads no elements is content with the shape, and one that has read a part, through
    a view, gets a copy of that.
    """

    def __init__(self, root: Any, old: Any, views: Sequence[tuple[Any, Any]]) -> None:
        self.root, self.old, self.views = root, old, views
        array = root.array
        alone = type(array) is np.ndarray and array.base is None and not in_force
        self.possible = alone and root.serial > 0 and root.op is not None and not root.op.reads_values
        self.parts: dict[int, Any] = {}
        if self.possible:
            self.gone = Overwritten(old, array)
            self.parts = {id(view.array): view.array.copy() for view, _ in views}

    def release(self, record: Any) -> None:
        """Let a record hold copies of parts, or no more than the shape, of the array."""
        if self.possible and record.op is not None:
            _replace_values(record, self._without if record.op.reads_values else self._without_all)

    def give_back(self, record: Any) -> None:
        """Let a record hold the array again, if nothing has come of the assignment."""
        if self.possible and record.op is not None:
            _replace_values(record, lambda x: self.root.array if x is self.gone else x)

    def _without(self, x: Any) -> Any:
        return self.parts.get(id(x), x)

    def _without_all(self, x: Any) -> Any:
        return self.gone if x is self.root.array else self.parts.get(id(x), x)

    def assign(self, op: Op, x: Any, v: Any) -> Any:
        """Give what x is after an assignment: in the same array if that can be, or else in another."""
        if self.possible and x is self.old and isinstance(op, Assign) and not self._is_read():
            value = v.array if isinstance(v, Operand) else v
            new = object.__new__(type(x))
            try:
                new.array = op.write(self.root.array, value)
            except (ValueError, TypeError):
                return op(x, v)  # which says what is wrong
            new.record_operation(op, (x, v), (self.gone, value))
            x.array = self.gone
            for view, before in self.views:
                before.array = self.parts[id(view.array)]
            return new
        return op(x, v)

    def _is_read(self) -> bool:
        """Say whether anybody holds the array but the tensor, what that was, and its views; or the array of one."""
        array, ours = self.root.array, 3
        for view, _ in self.views:
            ours += (view.array.base is array) + (view.op is not None and view._x[0] is array)
            if getrefcount(view.array) > 3:  # the view's, what that was, and the count's own
                return True
        return is_held(array, ours - LENT)


def _replace_values(record: Any, replace: Callable[[Any], Any]) -> None:
    """Let a record hold other values of its operands."""
    if record._b is None:
        record._x = tuple(map(replace, record._x))
    else:
        record._x, record._z = replace(record._x), replace(record._z)
