"""What compiled code writes in place, and a record or a variable of the user's may hold: they keep what they have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations
from sys import getrefcount
from types import CellType
from weakref import ref

import numpy as np

from minigrad.compiler.record import Record
from minigrad.compiler.trace.sharing import may_share_memory
from minigrad.compiler.trace.sources import Data
from minigrad.compiler.trace.traced import TraceError
from minigrad.engine.messages.errors import describe
from minigrad.engine.node import Node, order_nodes
from minigrad.engine.recording import records_left
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.watch import COUNTS, TIED, owner_of, seal_array

NEVER = -1  # no number of records


class _Owned:
    """An array that nobody else had when it was made here, and how many references to it are known by now."""

    def __init__(self, t: Tensor) -> None:
        key = id(t.array)
        self.array = ref(t.array, lambda gone: _owned.pop(key, None))
        self.known = 0


_owned: dict[int, _Owned] = {}  # by id


def _find_owned(t: Tensor) -> _Owned | None:
    owned = _owned.get(id(t.array))
    return owned if owned is not None and owned.array() is t.array else None


class Holding:
    """The references to arrays of tensors that a step has: they are known for as long as this is, which it holds."""

    def __init__(self) -> None:
        self.taken: list[tuple[_Owned, int]] = []

    @contextmanager
    def counting(self, tensors: Sequence[Tensor]) -> Iterator[None]:
        """Know of the references that come to be within."""
        before = [getrefcount(t.array) for t in tensors]
        yield
        for t, count in zip(tensors, before, strict=True):
            owned = _find_owned(t)
            if owned is not None:
                more = getrefcount(t.array) - count
                owned.known += more
                self.taken.append((owned, more))

    def let_go(self) -> None:
        """Know of them no longer."""
        taken, self.taken = getattr(self, "taken", []), []  # there is none where Ctrl-C came before it was made
        for owned, count in taken:
            owned.known -= count

    __del__ = let_go


class Watched:
    """The parameters that a step updates; ``seen`` is up to which record they have been looked at.

    Whoever else holds such an array shows in the count of references to it, beside those of the parameter, its update
    rule and the steps that are bound to it: the parameter gets another array then, as an optimizer itself gives it, and
    each step is bound to that when it is called, in a third of a millisecond. Where counts tell nothing, since the
    memory is another's, the array is kept for comparison, a copy of a small one and a sample of a large one, and
    ``backward`` through an older record raises. Asking whether there has been a record since the last look costs 30 ns,
    in a step of 700.
    """

    def __init__(self, record: Record) -> None:
        sources = (record.inputs[node] for node, _ in record.updates)
        self.tensors: list[Tensor] = [source.tensor for source in sources if isinstance(source, Data)]
        self.record, self.rules = record, record.rules
        self.seen = CellType(NEVER)

    def check_apart(self) -> None:
        """Raise ``TraceError`` if two of them are one array and what the function computes with the new values counts.

        Each update changes what the other sees, which no expression says.
        """
        lying: dict[int, list[Tensor]] = {}
        for t in self.tensors:
            lying.setdefault(id(owner_of(t.array)), []).append(t)
        for a, b in (pair for together in lying.values() for pair in combinations(together, 2)):
            if may_share_memory(a.array, b.array) and self.reads_updates():
                raise TraceError(
                    f"compile: {describe(a)}{a.shape} and {describe(b)}{b.shape} look at the same memory, and the "
                    f"function updates both and goes on with that. Let the model use one Tensor in both places, or "
                    f"give each its own array, as in v.data = w.data.copy()."
                )

    def reads_updates(self) -> bool:
        """Say whether anything that the function returns is computed from what an update gives."""
        record = self.record
        results = [*record.returned, *(g for _, g in record.grads if g is not None)]
        return not {value for _, value in record.updates if isinstance(value, Node)}.isdisjoint(order_nodes(results))

    def settle(self) -> None:
        """Give each parameter an array that nobody else has, before the step is bound to it."""
        self._move([t for t in self.tensors if _may_move(t) and _is_held(t)])

    def forget(self) -> None:
        """Look anew at the next call: the step has been bound to arrays."""
        self.seen.cell_contents = NEVER

    def look(self) -> bool:
        """Say whether parameters have got other arrays, to which the step is to be bound."""
        held = [t for t in self.tensors if _may_move(t) and _is_held(t)]
        if held:
            self._move(held)
            return True
        for t in self.tensors:
            seal_array(t.array)
        self.seen.cell_contents = records_left()
        return False

    def _move(self, tensors: Sequence[Tensor]) -> None:
        for t in tensors:
            t.array = np.array(t.array)
            _owned[id(t.array)] = _Owned(t)
        for rule in self.rules if tensors else ():
            rule.follow_parameters()
        for t in tensors:
            _owned[id(t.array)].known = getrefcount(t.array)


def _is_held(t: Tensor) -> bool:
    """Say whether anybody may hold a parameter's array besides those who are known."""
    owned = _find_owned(t)
    return owned is None or getrefcount(t.array) > owned.known


def _may_move(t: Tensor) -> bool:
    """Say whether a parameter may get another array: not if others are to see what is written into its own."""
    return COUNTS and t.serial > 0 and t.born != TIED and type(t.array) is np.ndarray and t.array.flags.writeable
